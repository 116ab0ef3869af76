import { resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { configFaultText } from "../../queries/configuration/config-fault.ts";
import { compileFolder, type LoadedConfiguration, loadConfiguration } from "../../queries/configuration.ts";
import { type ChangedDocument, changedDocumentSchema, changedDocuments } from "../../queries/plan/changed-documents.ts";
import { type PortfolioPlan, planSchema, planScores } from "../../queries/plan.ts";
import { type Db, readNow } from "../../store/db.ts";
import { readLiveDocuments } from "../../store/documents.ts";
import { parseWholeNumber } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import { CommandEnd, exitCodes, UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { type Output, oneLine } from "../output.ts";
import { differenceLines } from "./difference-lines.ts";

/** What `config plan --json` prints. */
const configPlanShape = z.strictObject({
  folder: z.string(),
  documents: z.array(changedDocumentSchema),
  portfolio: planSchema,
});

interface PlanOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `config plan`: what a folder of documents would change, before it is applied. */
export function registerConfigPlan(config: Command, context: CliContext): void {
  const plan = config
    .command("plan")
    .argument("[folder]", "the folder of the documents", context.settings.configFolder)
    .description("show what applying a folder would change: documents, scores, bands and stages of every account")
    .option("--limit <number>", "how many accounts to list", parseWholeNumber, 20)
    .addHelpText("after", "\nExample:\n  keepwell config plan ./config");
  offerJson(plan, configPlanShape).action((folder: string, options: PlanOptions) =>
    planFolder(context, folder, options),
  );
}

async function planFolder(context: CliContext, path: string, options: PlanOptions): Promise<void> {
  const { out } = context;
  const folder = resolve(path);
  const checked = await compileFolder(folder);
  if (checked.configuration === null) {
    for (const fault of checked.faults) out.note(oneLine(configFaultText(fault)));
    out.note(`error: ${checked.faults.length} faults in ${folder}; there is nothing to plan.`);
    throw new CommandEnd(exitCodes.badInput);
  }
  const planned = checked.configuration;
  await context.withDatabase(async ({ db }) => {
    const live = await readLiveDocuments(db);
    const documents = changedDocuments(live, checked.documents);
    const portfolio = await comparePlans(context, db, await inForce(db), planned, documents, options);
    if (options.json === true) out.json(configPlanShape, { folder, documents: [...documents], portfolio });
    else print(out, documents, portfolio);
  });
}

async function inForce(db: Db): Promise<LoadedConfiguration> {
  const live = await loadConfiguration(db);
  if ("configuration" in live) return live.configuration;
  throw new UsageError(
    "There are no documents in force to compare with: keepwell config apply brings the first ones in.",
  );
}

async function comparePlans(
  context: CliContext,
  db: Db,
  before: LoadedConfiguration,
  after: LoadedConfiguration,
  documents: readonly ChangedDocument[],
  options: PlanOptions,
): Promise<PortfolioPlan> {
  const kinds = new Set(documents.map(({ kind }) => kind));
  let bar: ReturnType<Output["progress"]> | null = null;
  const question = {
    before: before.scorer,
    after: after.scorer,
    isReusable: (metric: string) => !kinds.has("company") && !(kinds.has("metrics") && restsOnSettings(metric)),
    listed: options.limit,
    onProgress: (accounts: number, total: number) => {
      bar ??= context.out.progress("plan", total);
      bar.advance(accounts);
    },
  };
  return planScores(db, question, await readNow(db)).finally(() => bar?.stop());
}

/** What metrics.json says something about. */
function restsOnSettings(metric: string): boolean {
  return metric.startsWith("custom.") || metric.startsWith("adoption.") || metric === "contract.seat_use";
}

function print(out: Output, documents: readonly ChangedDocument[], portfolio: PortfolioPlan): void {
  if (documents.length === 0) {
    out.line("The folder says what is in force: nothing would change.");
    return;
  }
  for (const { kind, id, change, differences } of documents) {
    out.line(`${change.padEnd(8)} ${kind} ${id}`);
    for (const line of differenceLines(differences)) out.line(`           ${line}`);
  }
  printScores(out, portfolio);
  printMoves(out, portfolio);
  for (const warning of portfolio.warnings) out.note(`warning: ${oneLine(warning)}`);
  out.line();
  out.line(
    "Nothing is applied. The accounts are compared as of their newest scores; bands are where they lead to, dwell aside.",
  );
}

function printScores(out: Output, { accounts, compared, scores, bands, stages, models }: PortfolioPlan): void {
  out.line();
  const mean = scores.meanChange === null ? "" : `, ${signed(scores.meanChange)} points on average`;
  out.line(
    `${compared} of ${accounts} accounts have a score: ${scores.up} would rise, ${scores.down} fall, ${scores.same} stay${mean}.`,
  );
  if (scores.gained + scores.lost > 0) out.line(`${scores.gained} would get a score, ${scores.lost} would lose it.`);
  if (models.length > 1) {
    out.line();
    out.table({
      head: ["model", "accounts now", "then"],
      rows: models.map(({ id, before, after }) => [id, before, after]),
      right: [1, 2],
    });
  }
  out.line();
  if (bands.length === 0) out.line("No account changes its band.");
  else {
    out.table({
      head: ["band now", "then", "accounts", "MRR"],
      rows: bands.map((move) => [bandName(move.from), bandName(move.to), move.accounts, Math.round(move.mrr)]),
      right: [2, 3],
    });
  }
  if (stages.length > 0) {
    out.line();
    out.table({
      head: ["stage now", "then", "accounts"],
      rows: stages.map((move) => [move.from, move.to, move.accounts]),
      right: [2],
    });
  }
}

function printMoves(out: Output, { moves }: PortfolioPlan): void {
  if (moves.length === 0) return;
  out.line();
  out.table({
    head: ["account", "owner", "MRR", "score now", "then", "band now", "then"],
    rows: moves.map(({ name, owner, mrr, before, after }) => [
      name,
      owner,
      mrr === null ? null : Math.round(mrr),
      before.score?.toFixed(1) ?? null,
      after.score?.toFixed(1) ?? null,
      bandName(before.band),
      bandName(after.band),
    ]),
    right: [2, 3, 4],
  });
}

function bandName(band: string | null): string {
  return band ?? "unknown";
}

function signed(points: number): string {
  return `${points > 0 ? "+" : ""}${points.toFixed(2)}`;
}
