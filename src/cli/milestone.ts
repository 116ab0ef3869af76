import { type Command, Option } from "commander";
import { endWish, milestoneWish } from "../queries/by-hand/wishes.ts";
import { reachMilestone, takeBackMilestone } from "../queries/by-hand.ts";
import type { CliContext } from "./context.ts";
import { doToAccount, type HandOptions, offerDeed, wishOf } from "./hand.ts";

interface MilestoneOptions extends HandOptions {
  readonly note?: string;
  readonly at?: string;
  readonly takeBack?: boolean;
}

/** `milestone`: what an account has reached, as a person says. */
export function registerMilestone(program: Command, context: CliContext): void {
  const milestone = program
    .command("milestone")
    .argument("<account>", "its key, a source's id for it, or its name")
    .argument("<milestone>", "a milestone of lifecycle.json, where there is one")
    .description("say that an account has reached a milestone")
    .option("--note <text>", "how, or why it is taken back")
    .option("--at <moment>", "when it was reached: a day such as 2026-01-31, or a moment; now unless given")
    .addOption(new Option("--take-back", "it was not reached after all: a slip of the hand").conflicts("at"))
    .addHelpText("after", "\nExample:\n  keepwell milestone acme go-live --at 2026-01-12");
  offerDeed(milestone, context).action((account: string, name: string, options: MilestoneOptions) =>
    options.takeBack === true ? takeBack(context, account, name, options) : reach(context, account, name, options),
  );
}

function reach(context: CliContext, account: string, name: string, options: MilestoneOptions): Promise<void> {
  const wish = wishOf(milestoneWish, { note: options.note, at: options.at });
  return doToAccount(
    context,
    account,
    options,
    (tx, named, hand, now) => reachMilestone(tx, named, name, wish, hand, now),
    (deed) => `${deed.account} has reached ${name}.`,
  );
}

function takeBack(context: CliContext, account: string, name: string, options: MilestoneOptions): Promise<void> {
  const wish = wishOf(endWish, { reason: options.note });
  return doToAccount(
    context,
    account,
    options,
    (tx, named, hand, now) => takeBackMilestone(tx, named, name, wish, hand, now),
    (deed) => `${deed.account} has not reached ${name} by hand after all.`,
  );
}
