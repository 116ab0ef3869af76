import { type Command, InvalidArgumentError } from "commander";
import type { z } from "zod";
import { type Deed, deedSchema, type Hand, type HandOutcome, handWords, refusalText } from "../queries/by-hand/hand.ts";
import { authorSchema } from "../queries/by-hand/wishes.ts";
import { loadConfiguration } from "../queries/configuration.ts";
import { faultsOf, faultText } from "../scoring/fault.ts";
import type { FoundAccount } from "../store/accounts-directory.ts";
import { readNow, type Tx } from "../store/db.ts";
import { accountOf } from "./account-argument.ts";
import { authorOf, type CliContext } from "./context.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";

/** What every command of a hand may be told. */
export interface HandOptions {
  readonly author: string;
  readonly json?: boolean;
}

/** Gives a command `--author`: who does it, for the audit. */
export function offerAuthor(command: Command, context: CliContext): Command {
  return command.option("--author <name>", "who does this", authorOf(context));
}

/** Gives a command of a hand on an account `--author` and `--json`. */
export function offerDeed(command: Command, context: CliContext): Command {
  return offerJson(offerAuthor(command, context), deedSchema);
}

/** Reads what was typed as the wish the API takes as well; tells everything that is wrong with it. */
export function wishOf<T extends z.ZodType>(schema: T, typed: unknown): z.infer<T> {
  const parsed = schema.safeParse(typed);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(parsed.error, typed, { keys: [], planned: [] });
  throw new UsageError(faults.map((fault) => (fault.path === "" ? fault.message : faultText(fault))).join("; "));
}

/** Does a deed in one transaction, with its row of the audit; ends the command with the reason when it cannot be done. */
export async function doByHand<Done>(
  context: CliContext,
  options: HandOptions,
  deed: (tx: Tx, hand: Hand, now: Date) => Promise<HandOutcome<Done>>,
): Promise<Done> {
  const author = wishOf(authorSchema, options.author);
  return context.withDatabase(async ({ db }) => {
    const loaded = await loadConfiguration(db);
    const words = handWords("configuration" in loaded ? loaded.configuration : null);
    const now = await readNow(db);
    return db.transaction().execute(async (tx) => {
      const outcome = await deed(tx, { author, via: "cli", words }, now);
      if (outcome.kind !== "done") throw new UsageError(refusalText(outcome));
      return outcome.done;
    });
  });
}

/** Does a deed on the account somebody typed, and says what it came to and that the score follows by itself. */
export async function doToAccount(
  context: CliContext,
  account: string,
  options: HandOptions,
  deed: (tx: Tx, named: Extract<FoundAccount, { kind: "found" }>, hand: Hand, now: Date) => Promise<HandOutcome<Deed>>,
  sentence: (deed: Deed) => string,
): Promise<void> {
  const { out } = context;
  const done = await doByHand(context, options, async (tx, hand, now) =>
    deed(tx, await accountOf(tx, account), hand, now),
  );
  if (options.json === true) return out.json(deedSchema, done);
  out.line(sentence(done));
  out.note("A running worker judges the account anew at once; without one: keepwell run.");
}

/** Reads a number with decimals. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}
