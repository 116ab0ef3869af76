import { type Command, Option } from "commander";
import { endWish, snoozeWish } from "../../queries/by-hand/wishes.ts";
import { playbookDeedSchema, snoozePlaybook, wakePlaybook } from "../../queries/playbooks/deeds.ts";
import type { Tx } from "../../store/db.ts";
import { accountOf } from "../account-argument.ts";
import type { CliContext } from "../context.ts";
import { doByHand, type HandOptions, offerAuthor, wishOf } from "../hand.ts";
import { offerJson } from "../json-option.ts";

/** What is said of a pause. */
export interface PlaybookSnoozeOptions extends HandOptions {
  readonly until?: string;
  readonly reason?: string;
  readonly clear?: boolean;
  readonly account?: string;
}

/** `playbooks snooze`: a pause of a playbook, for all accounts or for one. */
export function registerPlaybookSnooze(playbooks: Command, context: CliContext): void {
  const snooze = playbooks
    .command("snooze")
    .argument("<playbook>", "its id")
    .description("keep a playbook from beginning runs for a while, for all accounts or for one")
    .option("--until <when>", "its end: a day such as 2026-01-31, or a moment")
    .option("--reason <text>", "why")
    .option("--account <account>", "only for this account")
    .addOption(new Option("--clear", "end the pause now").conflicts("until"))
    .addHelpText(
      "after",
      '\nExample:\n  keepwell playbooks snooze save-at-risk --until 2026-01-31 --reason "We rework it"',
    );
  offerJson(offerAuthor(snooze, context), playbookDeedSchema).action(
    (playbook: string, options: PlaybookSnoozeOptions) => pausePlaybook(context, playbook, options),
  );
}

/** Sets the pause of a playbook, or ends it. */
export async function pausePlaybook(
  context: CliContext,
  playbookId: string,
  options: PlaybookSnoozeOptions,
): Promise<void> {
  const { until, reason, account } = options;
  const named = async (tx: Tx) => ({
    playbookId,
    account: account === undefined ? null : await accountOf(tx, account),
  });
  const isEnd = options.clear === true;
  const end = isEnd ? wishOf(endWish, { reason }) : null;
  const wish = isEnd ? null : wishOf(snoozeWish, { until, reason });
  const done = await doByHand(context, options, async (tx, hand, now) =>
    wish === null
      ? wakePlaybook(tx, await named(tx), { reason: end?.reason }, hand, now)
      : snoozePlaybook(tx, await named(tx), wish, hand, now),
  );
  if (options.json === true) return context.out.json(playbookDeedSchema, done);
  const whom = done.account ?? "all accounts";
  context.out.line(
    isEnd
      ? `${playbookId} may begin runs for ${whom} again.`
      : `${playbookId} begins no run for ${whom} until ${until}.`,
  );
}
