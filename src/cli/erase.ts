import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { z } from "zod";
import { readNow } from "../store/db.ts";
import type { PersonName } from "../store/erasure/person.ts";
import { type Erasure, erasePerson } from "../store/erasure.ts";
import { authorOf, type CliContext, type ReachableDatabase } from "./context.ts";
import { CommandEnd, exitCodes, UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";

/** What `erase --json` prints. */
const eraseShape = z.strictObject({
  /** False: this is what would go. */
  erased: z.boolean(),
  person: z.strictObject({
    emails: z.array(z.string()),
    names: z.array(z.string()),
    contacts: z.array(z.strictObject({ source: z.string(), id: z.string(), account: z.string().nullable() })),
  }),
  messagesCancelled: z.int(),
  textsChanged: z.array(z.strictObject({ table: z.string(), rows: z.int() })),
  usageRows: z.int(),
  /** Revisions of documents that name the person, and stay. */
  documents: z.int(),
});

interface EraseOptions {
  readonly source?: string;
  readonly yes?: boolean;
  readonly author: string;
  readonly json?: boolean;
}

/** `erase`: a person who must be forgotten. */
export function registerErase(program: Command, context: CliContext): void {
  const command = program
    .command("erase")
    .argument("<person>", "an e-mail address, or a contact's id")
    .description("erase a person: contact records, address and name in every text; shows first what would go")
    .option("--source <source>", "the source whose id it is")
    .option("--yes", "do it, without a question")
    .option("--author <name>", "who does it", authorOf(context))
    .addHelpText("after", "\nExample:\n  keepwell erase kim@example.com --yes");
  offerJson(command, eraseShape).action((person: string, options: EraseOptions) => run(context, person, options));
}

async function run(context: CliContext, text: string, options: EraseOptions): Promise<void> {
  await context.withDatabase(async (database) => {
    const who = nameOf(text, options);
    if (options.yes === true) return tell(context, await order(database, who, options, false), true, options);
    const preview = await order(database, who, options, true);
    tell(context, preview, false, options);
    if (!(await isConfirmed(context, options))) return;
    tell(context, await order(database, who, options, false), true, options);
  });
}

function nameOf(text: string, { source }: EraseOptions): PersonName {
  const isEmail = source === undefined && z.email().safeParse(text.trim()).success;
  return isEmail ? { kind: "email", email: text } : { kind: "contact", id: text, source: source ?? null };
}

async function order(
  { db }: ReachableDatabase,
  who: PersonName,
  { author }: EraseOptions,
  isPreview: boolean,
): Promise<Erasure> {
  const outcome = await erasePerson(db, { who, author, isPreview }, await readNow(db));
  if (outcome.kind === "unknown") {
    throw new UsageError("There is no such contact, or it was erased already. An e-mail address may be given as well.");
  }
  if (outcome.kind === "busy") {
    throw new UsageError(
      "A message to this person is on its way right now: nothing was erased yet. Try again in a minute.",
    );
  }
  return outcome.erasure;
}

/** A script decides by `--yes` alone. */
async function isConfirmed({ out }: CliContext, { json }: EraseOptions): Promise<boolean> {
  if (json === true) return false;
  if (!out.isTerminal || !process.stdin.isTTY) {
    out.note("Nothing was erased: --yes does it.");
    return false;
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking.question("Erase this for good? (yes/no) ").finally(() => asking.close());
  if (answer.trim().toLowerCase() === "yes") return true;
  out.note("Nothing was erased.");
  throw new CommandEnd(exitCodes.failure);
}

function tell({ out }: CliContext, erasure: Erasure, erased: boolean, { json }: EraseOptions): void {
  const { person, texts } = erasure;
  const held = person.heldContacts.map(({ source, id }) => ({ source, id, account: null }));
  const contacts = [...person.contacts.map(({ source, id, account }) => ({ source, id, account })), ...held];
  if (json === true) {
    out.json(eraseShape, {
      erased,
      person: { emails: [...person.emails], names: [...person.names], contacts },
      messagesCancelled: erasure.cancelled,
      textsChanged: texts.map((each) => ({ ...each })),
      usageRows: erasure.usage,
      documents: erasure.documents,
    });
    return;
  }
  if (!erased) tellWho({ out }, erasure, contacts);
  const rows = texts.map(({ table, rows: count }) => `${count} in ${table}`).join(", ") || "none";
  const verb = erased ? "were" : "would be";
  out.line(
    `Contact records that ${verb} removed: ${contacts.length}. Messages ${verb} cancelled: ${erasure.cancelled}.`,
  );
  out.line(`Rows whose texts ${verb} changed: ${rows}. Rows of usage ${verb} removed: ${erasure.usage}.`);
  if (erased) out.line("Erased. What comes in about this person from now on is dropped.");
  if (erasure.documents > 0) {
    out.note(`${erasure.documents} revisions of documents name this person and stay: edit what is in force.`);
  }
}

function tellWho({ out }: Pick<CliContext, "out">, { person }: Erasure, contacts: readonly ShownContact[]): void {
  out.line(`E-mail addresses: ${person.emails.join(", ") || "none known"}`);
  out.line(`Names: ${person.names.join(", ") || "none known"}`);
  for (const { source, id, account } of contacts) {
    out.line(`Contact ${id} of ${source}, ${account === null ? "waiting for its account" : `at ${account}`}`);
  }
  if (new Set(person.names.map((name) => name.toLowerCase())).size > 1) {
    out.note("There are several names: if they are not one person, mend the contacts in their source first.");
  }
}

type ShownContact = z.infer<typeof eraseShape>["person"]["contacts"][number];
