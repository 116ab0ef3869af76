import { Argument, type Command } from "commander";
import { touchpointWish } from "../queries/by-hand/wishes.ts";
import { addTouchpoint } from "../queries/by-hand.ts";
import type { CliContext } from "./context.ts";
import { doToAccount, type HandOptions, offerDeed, wishOf } from "./hand.ts";

interface TouchOptions extends HandOptions {
  readonly note?: string;
  readonly at?: string;
}

/** `touch`: a talk with a customer. */
export function registerTouch(program: Command, context: CliContext): void {
  const touch = program
    .command("touch")
    .argument("<account>", "its key, a source's id for it, or its name")
    .addArgument(new Argument("<type>", "what it was").choices(touchpointWish.shape.type.options))
    .description("note a talk with a customer")
    .option("--note <text>", "what was said")
    .option("--at <moment>", "when it was: a day such as 2026-01-31, or a moment; now unless given")
    .addHelpText("after", '\nExample:\n  keepwell touch acme call --note "Renewal is on track"');
  offerDeed(touch, context).action((account: string, type: string, options: TouchOptions) => {
    const wish = wishOf(touchpointWish, { type, note: options.note, at: options.at });
    return doToAccount(
      context,
      account,
      options,
      (tx, named, hand, now) => addTouchpoint(tx, named, wish, hand, now),
      (deed) => `The ${type} with ${deed.account} is noted.`,
    );
  });
}
