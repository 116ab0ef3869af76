import type { Command } from "commander";
import { noteWish } from "../queries/by-hand/wishes.ts";
import { addNote } from "../queries/by-hand.ts";
import type { CliContext } from "./context.ts";
import { doToAccount, type HandOptions, offerDeed, wishOf } from "./hand.ts";

/** `note`: something worth remembering about an account. */
export function registerNote(program: Command, context: CliContext): void {
  const note = program
    .command("note")
    .argument("<account>", "its key, a source's id for it, or its name")
    .argument("<text>", "what is worth remembering")
    .description("write something down about an account")
    .option("--at <moment>", "when it was so: a day such as 2026-01-31, or a moment; now unless given")
    .addHelpText("after", '\nExample:\n  keepwell note acme "Their new CFO wants quarterly reviews"');
  offerDeed(note, context).action((account: string, text: string, options: HandOptions & { readonly at?: string }) => {
    const wish = wishOf(noteWish, { text, at: options.at });
    return doToAccount(
      context,
      account,
      options,
      (tx, named, hand, now) => addNote(tx, named, wish, hand, now),
      (deed) => `The note on ${deed.account} is kept.`,
    );
  });
}
