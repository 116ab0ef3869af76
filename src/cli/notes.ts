import type { Command } from "commander";
import { readRemarks, remarksSchema } from "../queries/by-hand/remarks.ts";
import { readNow } from "../store/db.ts";
import { accountOf } from "./account-argument.ts";
import { parseWholeNumber } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { offerJson } from "./json-option.ts";

interface NotesOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `notes`: what people have said of an account. */
export function registerNotes(program: Command, context: CliContext): void {
  const notes = program
    .command("notes")
    .argument("<account>", "its key, a source's id for it, or its name")
    .description("list the notes, pulses and talks of an account, newest first")
    .option("--limit <count>", "how many at most", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell notes acme");
  offerJson(notes, remarksSchema).action((account: string, options: NotesOptions) => run(context, account, options));
}

async function run({ out, withDatabase }: CliContext, text: string, options: NotesOptions): Promise<void> {
  await withDatabase(async ({ db }) => {
    const remarks = await readRemarks(db, await accountOf(db, text), options.limit, await readNow(db));
    if (options.json === true) return out.json(remarksSchema, remarks);
    if (remarks.notes.length === 0) return out.line(`Nobody has said anything of ${remarks.account} yet.`);
    out.table({
      head: ["when", "who", "what", "said"],
      rows: remarks.notes.map((note) => [
        note.at.slice(0, 16).replace("T", " "),
        note.by,
        note.kind === "pulse" ? `pulse ${note.score ?? "?"} of 5` : (note.type ?? note.kind),
        note.text,
      ]),
    });
  });
}
