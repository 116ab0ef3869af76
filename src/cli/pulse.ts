import type { Command } from "commander";
import { pulseWish } from "../queries/by-hand/wishes.ts";
import { addPulse } from "../queries/by-hand.ts";
import type { CliContext } from "./context.ts";
import { doToAccount, type HandOptions, offerDeed, parseNumber, wishOf } from "./hand.ts";

interface PulseOptions extends HandOptions {
  readonly note?: string;
  readonly at?: string;
}

/** `pulse`: how a CSM feels about an account. */
export function registerPulse(program: Command, context: CliContext): void {
  const pulse = program
    .command("pulse")
    .argument("<account>", "its key, a source's id for it, or its name")
    .argument("<score>", "1 (will leave) to 5 (delighted)", parseNumber)
    .description("say how you feel about an account")
    .option("--note <text>", "why")
    .option("--at <moment>", "when you felt so: a day such as 2026-01-31, or a moment; now unless given")
    .addHelpText("after", '\nExample:\n  keepwell pulse acme 2 --note "Their sponsor is gone"');
  offerDeed(pulse, context).action((account: string, score: number, options: PulseOptions) => {
    const wish = wishOf(pulseWish, { score, note: options.note, at: options.at });
    return doToAccount(
      context,
      account,
      options,
      (tx, named, hand, now) => addPulse(tx, named, wish, hand, now),
      (deed) => `The pulse of ${deed.account} is ${score}.`,
    );
  });
}
