import type { Command } from "commander";
import { loadConfiguration } from "../../queries/configuration.ts";
import { type EffectAnswer, effectSchema, readEffect } from "../../queries/playbooks/effect.ts";
import { parseDay as parseDayNumber, startOfDay } from "../../scoring/days.ts";
import { readNow } from "../../store/db.ts";
import { parseDay } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import type { Output } from "../output.ts";

interface EffectOptions {
  readonly from?: string;
  readonly json?: boolean;
}

/** `playbooks effect`: whether a playbook brings about what it is for. */
export function registerPlaybookEffect(playbooks: Command, context: CliContext): void {
  const effect = playbooks
    .command("effect")
    .argument("<id>", "a playbook in force that has a goal")
    .description("count who reached its goal, and compare with who was held out")
    .option("--from <day>", "only runs that began on that day or later", parseDay)
    .addHelpText("after", "\nExample:\n  keepwell playbooks effect save-at-risk");
  offerJson(effect, effectSchema).action((id: string, options: EffectOptions) => run(context, id, options));
}

async function run({ out, withDatabase }: CliContext, id: string, options: EffectOptions): Promise<void> {
  const answer = await withDatabase(async ({ db }) => {
    const loaded = await loadConfiguration(db);
    const configuration = "configuration" in loaded ? loaded.configuration : null;
    const playbook = configuration?.playbooks.find((one) => one.id === id);
    if (configuration === null || playbook === undefined) {
      const known = configuration?.playbooks.map((one) => one.id).join(", ") || "none";
      throw new UsageError(`There is no playbook ${id} in force; there is ${known}.`);
    }
    const { zone } = configuration.scorer.company;
    const from = options.from === undefined ? null : new Date(startOfDay(zone, parseDayNumber(options.from)));
    return readEffect(db, playbook, from, await readNow(db));
  });
  if (options.json === true) return out.json(effectSchema, answer);
  print(out, answer);
}

function print(out: Output, { playbook, goal, treated, holdout, verdict }: EffectAnswer): void {
  out.line(`${playbook}${goal === null ? "" : `: its goal, ${goal}`}`);
  const groups = [{ name: "treated", ...treated }, ...(holdout === null ? [] : [{ name: "held out", ...holdout }])];
  out.table({
    head: ["group", "accounts", "reached", "share", "95 %", "still open", "score before", "score after"],
    rows: groups.map(({ name, accounts, reached, share, open, scoreBefore, scoreAfter }) => [
      name,
      accounts,
      reached,
      accounts === 0 ? "" : percent(share.share),
      accounts === 0 ? "" : `${percent(share.low)} to ${percent(share.high)}`,
      open,
      scoreBefore ?? "",
      scoreAfter ?? "",
    ]),
    right: [1, 2, 3, 4, 5, 6, 7],
  });
  out.line(verdict);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
