import { type Command, Option } from "commander";
import { endWish, stageWish } from "../queries/by-hand/wishes.ts";
import { clearStage, setStage } from "../queries/by-hand.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./failure.ts";
import { doToAccount, type HandOptions, offerDeed, wishOf } from "./hand.ts";

interface StageOptions extends HandOptions {
  readonly reason?: string;
  readonly at?: string;
  readonly clear?: boolean;
}

/** `stage`: where in its life an account is, as a person says. */
export function registerStage(program: Command, context: CliContext): void {
  const stage = program
    .command("stage")
    .argument("<account>", "its key, a source's id for it, or its name")
    .argument("[stage]", "a stage of lifecycle.json, where there is one")
    .description("set the stage of an account by hand, whatever the CRM and the rules say")
    .option("--reason <text>", "why")
    .option("--at <moment>", "since when: a day such as 2026-01-31, or a moment; now unless given")
    .addOption(new Option("--clear", "give the choice back to the CRM and the rules").conflicts("at"))
    .addHelpText("after", '\nExample:\n  keepwell stage acme renewal --reason "The talks have begun"');
  offerDeed(stage, context).action((account: string, name: string | undefined, options: StageOptions) =>
    options.clear === true ? clear(context, account, name, options) : set(context, account, name, options),
  );
}

async function set(
  context: CliContext,
  account: string,
  name: string | undefined,
  options: StageOptions,
): Promise<void> {
  if (name === undefined) throw new UsageError("Expected a stage, or --clear.");
  const wish = wishOf(stageWish, { stage: name, reason: options.reason, at: options.at });
  return doToAccount(
    context,
    account,
    options,
    (tx, named, hand, now) => setStage(tx, named, wish, hand, now),
    (deed) => `The stage of ${deed.account} is ${wish.stage}.`,
  );
}

async function clear(
  context: CliContext,
  account: string,
  name: string | undefined,
  options: StageOptions,
): Promise<void> {
  if (name !== undefined) throw new UsageError("Expected a stage or --clear, not both.");
  const wish = wishOf(endWish, { reason: options.reason });
  return doToAccount(
    context,
    account,
    options,
    (tx, named, hand, now) => clearStage(tx, named, wish, hand, now),
    (deed) => `The CRM and the rules choose the stage of ${deed.account} again.`,
  );
}
