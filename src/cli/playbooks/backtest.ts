import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readCandidates } from "../../queries/backtest/candidates.ts";
import { parseSweep, type Sweep } from "../../queries/backtest/sweep.ts";
import { type Horizon, horizons } from "../../queries/backtest/verdict.ts";
import { type Backtest, backtestReport, backtestSchema } from "../../queries/backtest.ts";
import { type ConfigFault, configFaultText } from "../../queries/configuration/config-fault.ts";
import { dayOfInstant, parseDay as parseDayNumber } from "../../scoring/days.ts";
import { readNow } from "../../store/db.ts";
import { parseDay, parseWholeNumber } from "../arguments.ts";
import { chartSvg } from "../chart.ts";
import type { CliContext } from "../context.ts";
import { ensureDocuments } from "../documents-in-force.ts";
import { CommandEnd, exitCodes, UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { type Output, oneLine } from "../output.ts";
import { printBacktest, sweepChart } from "./backtest/page.ts";
import { walkAll } from "./backtest/walk.ts";

interface BacktestOptions {
  readonly from: string;
  readonly to: string;
  readonly sweep?: Sweep;
  readonly svg?: string;
  readonly within: Horizon;
  readonly fresh?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

/** `playbooks backtest`: what a playbook would have done in the past, and what became of the accounts. */
export function registerPlaybookBacktest(playbooks: Command, context: CliContext): void {
  const within = new Option("--within <days>", "judge the sweep by who churned within so many days of a run")
    .choices(horizons.map(String))
    .default(90)
    .argParser(horizonOf);
  const backtest = playbooks
    .command("backtest")
    .argument("<file>", "a playbook; it need not be in force")
    .description("replay what a playbook would have done, and hold it against who churned; nothing is written or sent")
    .requiredOption("--from <day>", "the first day: who matches then is taken silently", parseDay)
    .requiredOption("--to <day>", "the last day", parseDay)
    .option("--sweep <path=from..to:step>", "try a number of the document at several values", sweepOf)
    .option("--svg <file>", "with --sweep: draw precision, recall and alerts a week")
    .addOption(within)
    .option("--fresh", "compute all scores anew, also where stored ones would do")
    .option("--limit <count>", "how many runs to list at most", parseWholeNumber, 20)
    .addHelpText(
      "after",
      "\nExample:\n  keepwell playbooks backtest config/playbooks/save.json --from 2025-01-01 --to 2025-12-31" +
        "\n  keepwell playbooks backtest save.json --from 2025-01-01 --to 2025-12-31 --sweep trigger.when.below=30..60:5",
    );
  offerJson(backtest, backtestSchema).action((file: string, options: BacktestOptions) => run(context, file, options));
}

async function run(context: CliContext, file: string, options: BacktestOptions): Promise<void> {
  const { out } = context;
  const { from, to, sweep = null, svg, within, limit, json } = options;
  if (from > to) throw new InvalidArgumentError(`--from ${from} is after --to ${to}.`);
  if (svg !== undefined && sweep === null) throw new UsageError("--svg draws a sweep: give --sweep beside it.");
  const report = await context.withDatabase(async (database): Promise<Backtest> => {
    await ensureDocuments(context, database.db);
    const trial = await readCandidates(database.db, file, sweep);
    if ("faults" in trial) return refuse(out, file, trial.faults);
    const now = (await readNow(database.db)).getTime();
    const range = {
      fromDay: parseDayNumber(from),
      toDay: lastDay(to, trial.configuration.scorer.company.zone, now),
      now,
      isFresh: options.fresh === true,
    };
    let bar: ReturnType<Output["progress"]> | null = null;
    const walked = await walkAll(database, trial, range, {
      onBegin: (accounts) => {
        bar = out.progress("backtest", accounts);
      },
      onAccounts: (accounts) => bar?.advance(accounts),
    }).finally(() => bar?.stop());
    return backtestReport({ trial, sweep, range, limit }, walked);
  });
  if (svg !== undefined) await writeFile(svg, chartSvg(sweepChart(report, within)));
  if (json === true) return out.json(backtestSchema, report);
  printBacktest(out, report, within);
  if (svg !== undefined) out.note(`Drawn in ${svg}.`);
}

function refuse(out: Output, file: string, faults: readonly ConfigFault[]): never {
  for (const fault of faults) out.note(`error: ${oneLine(configFaultText(fault))}`);
  out.note(`${file} cannot be tried: ${faults.length} ${faults.length === 1 ? "fault" : "faults"}.`);
  throw new CommandEnd(exitCodes.badInput);
}

/** Today is not over. */
function lastDay(to: string, zone: string, now: number): number {
  const today = dayOfInstant(zone, now);
  const day = parseDayNumber(to);
  if (day < today) return day;
  throw new UsageError(`--to ${to} is not over yet: the last day can be yesterday.`);
}

function horizonOf(text: string): Horizon {
  const found = horizons.find((days) => String(days) === text);
  if (found === undefined) throw new InvalidArgumentError(`Expected ${horizons.join(", ")}.`);
  return found;
}

function sweepOf(text: string): Sweep {
  const parsed = parseSweep(text);
  if ("refusal" in parsed) throw new InvalidArgumentError(`${parsed.refusal}.`);
  return parsed.sweep;
}
