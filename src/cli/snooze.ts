import { type Command, Option } from "commander";
import { z } from "zod";
import { deedSchema } from "../queries/by-hand/hand.ts";
import { endWish, snoozeWish } from "../queries/by-hand/wishes.ts";
import { clearSnooze, setSnooze } from "../queries/by-hand.ts";
import { playbookDeedSchema } from "../queries/playbooks/deeds.ts";
import type { CliContext } from "./context.ts";
import { doToAccount, type HandOptions, offerAuthor, wishOf } from "./hand.ts";
import { offerJson } from "./json-option.ts";
import { pausePlaybook } from "./playbooks/snooze.ts";

interface SnoozeOptions extends HandOptions {
  readonly until?: string;
  readonly reason?: string;
  readonly clear?: boolean;
  readonly playbook?: string;
}

/** `snooze`: a pause in which no playbook begins a run for an account. */
export function registerSnooze(program: Command, context: CliContext): void {
  const snooze = program
    .command("snooze")
    .argument("<account>", "its key, a source's id for it, or its name")
    .description("keep playbooks from beginning runs for an account, for a while")
    .option("--until <when>", "its end: a day such as 2026-01-31 (where the account is), or a moment")
    .option("--reason <text>", "why")
    .option("--playbook <id>", "only this playbook")
    .addOption(new Option("--clear", "end the pause now").conflicts("until"))
    .addHelpText("after", '\nExample:\n  keepwell snooze acme --until 2026-01-31 --reason "Closed over the holidays"');
  offerJson(offerAuthor(snooze, context), z.union([deedSchema, playbookDeedSchema])).action(
    (account: string, options: SnoozeOptions) => {
      if (options.playbook !== undefined) return pausePlaybook(context, options.playbook, { ...options, account });
      return options.clear === true ? clear(context, account, options) : set(context, account, options);
    },
  );
}

function set(context: CliContext, account: string, options: SnoozeOptions): Promise<void> {
  const { until, reason } = options;
  const wish = wishOf(snoozeWish, { until, reason });
  return doToAccount(
    context,
    account,
    options,
    (tx, named, hand, now) => setSnooze(tx, named, wish, hand, now),
    (deed) => `No playbook begins a run for ${deed.account} until ${until}.`,
  );
}

function clear(context: CliContext, account: string, options: SnoozeOptions): Promise<void> {
  const wish = wishOf(endWish, { reason: options.reason });
  return doToAccount(
    context,
    account,
    options,
    (tx, named, hand, now) => clearSnooze(tx, named, wish, hand, now),
    (deed) => `Playbooks may begin runs for ${deed.account} again.`,
  );
}
