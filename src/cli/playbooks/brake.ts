import { type Command, Option } from "commander";
import { decideOfBrake, playbookDeedSchema } from "../../queries/playbooks/deeds.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../failure.ts";
import { doByHand, type HandOptions, offerAuthor } from "../hand.ts";
import { offerJson } from "../json-option.ts";

interface BrakeOptions extends HandOptions {
  readonly release?: boolean;
  readonly drop?: boolean;
}

/** `playbooks brake`: the answer to a playbook that has stopped and asks. */
export function registerPlaybookBrake(playbooks: Command, context: CliContext): void {
  const brake = playbooks
    .command("brake")
    .argument("<playbook>", "its id")
    .description("decide of a storm brake that was pulled: let those that wait begin, or drop their episodes")
    .addOption(new Option("--release", "let them begin").conflicts("drop"))
    .option("--drop", "drop their episodes; they fire again after a recovery")
    .addHelpText("after", "\nExample:\n  keepwell playbooks brake save-at-risk --release");
  offerJson(offerAuthor(brake, context), playbookDeedSchema).action((playbook: string, options: BrakeOptions) =>
    decide(context, playbook, options),
  );
}

async function decide(context: CliContext, playbookId: string, options: BrakeOptions): Promise<void> {
  const { release, drop } = options;
  if (release !== true && drop !== true) throw new UsageError("Expected --release or --drop.");
  const decision = release === true ? "release" : "drop";
  const done = await doByHand(context, options, (tx, hand, now) =>
    decideOfBrake(tx, playbookId, { decision }, hand, now),
  );
  if (options.json === true) return context.out.json(playbookDeedSchema, done);
  const accounts = done.accounts === 1 ? "1 account" : `${done.accounts ?? 0} accounts`;
  context.out.line(
    decision === "release"
      ? `${playbookId} begins for ${accounts} that waited. A running worker does so at once; without one: keepwell run.`
      : `The episodes of ${accounts} are dropped.`,
  );
}
