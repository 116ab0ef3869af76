import { Argument, type Command } from "commander";
import { z } from "zod";
import { judgeAlert, verdictCountsSchema, verdictDeedSchema } from "../queries/by-hand/verdicts.ts";
import { verdictWish } from "../queries/by-hand/wishes.ts";
import { countVerdicts, verdictWords } from "../store/verdicts.ts";
import { parseWholeNumber } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./failure.ts";
import { doByHand, type HandOptions, offerAuthor, wishOf } from "./hand.ts";
import { offerJson } from "./json-option.ts";

interface VerdictOptions extends HandOptions {
  readonly note?: string;
  readonly counts?: boolean;
}

/** `verdict`: what people think of alerts, counted per playbook. */
export function registerVerdict(program: Command, context: CliContext): void {
  const verdict = program
    .command("verdict")
    .argument("[action]", "as `actions list` shows it", parseWholeNumber)
    .addArgument(new Argument("[verdict]", "what you think of it").choices(verdictWords))
    .description("say whether an alert was worth it, or count what people said")
    .option("--note <text>", "why")
    .option("--counts", "count verdicts per playbook instead")
    .addHelpText("after", '\nExample:\n  keepwell verdict 12 noise --note "We knew already"');
  const shape = z.union([verdictDeedSchema, verdictCountsSchema]);
  offerJson(offerAuthor(verdict, context), shape).action(
    (action: number | undefined, word: string | undefined, options: VerdictOptions) =>
      options.counts === true ? count(context, options) : judge(context, action, word, options),
  );
}

async function judge(
  context: CliContext,
  action: number | undefined,
  word: string | undefined,
  options: VerdictOptions,
): Promise<void> {
  if (action === undefined || word === undefined) {
    throw new UsageError(`Expected an action and a verdict (${verdictWords.join(", ")}), or --counts.`);
  }
  const wish = wishOf(verdictWish, { verdict: word, note: options.note });
  const done = await doByHand(context, options, (tx, hand, now) => judgeAlert(tx, action, wish, hand, now));
  if (options.json === true) return context.out.json(verdictDeedSchema, done);
  context.out.line(`Your verdict on this alert of ${done.playbook} is: ${done.verdict}.`);
}

async function count({ out, withDatabase }: CliContext, options: VerdictOptions): Promise<void> {
  const playbooks = await withDatabase(({ db }) => countVerdicts(db));
  if (options.json === true) return out.json(verdictCountsSchema, { playbooks: [...playbooks] });
  if (playbooks.length === 0) return out.line("Nobody has judged an alert yet: keepwell verdict <action> useful.");
  const rows = playbooks.map(({ playbook, useful, noise, wrong }) => [playbook, useful, noise, wrong]);
  out.table({ head: ["playbook", ...verdictWords], rows, right: [1, 2, 3] });
}
