import type { Command } from "commander";
import { z } from "zod";
import {
  type Applications,
  applicationsSchema,
  type Revisions,
  readApplications,
  readHistory,
  revisionsSchema,
} from "../../queries/configuration/history.ts";
import { parseWholeNumber } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import type { Output } from "../output.ts";

/** What `config history --json` prints: applications, or with a kind the revisions of its documents. */
const historyShape = z.union([applicationsSchema, revisionsSchema]);

interface HistoryOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `config history`: who changed which documents when, and why. */
export function registerConfigHistory(config: Command, context: CliContext): void {
  const history = config
    .command("history")
    .argument("[kind]", "the revisions of documents of this kind, such as playbook")
    .argument("[id]", "of this one only")
    .description("list what was applied when, by whom and why; or every revision of a document")
    .option("--limit <number>", "how many applications to list", parseWholeNumber, 20)
    .addHelpText("after", "\nExample:\n  keepwell config history playbook save-at-risk");
  offerJson(history, historyShape).action(
    (kind: string | undefined, id: string | undefined, options: HistoryOptions) =>
      kind === undefined ? tellApplications(context, options) : tellRevisions(context, { kind, id }, options),
  );
}

async function tellApplications({ out, withDatabase }: CliContext, options: HistoryOptions): Promise<void> {
  const found = await withDatabase(({ db }) => readApplications(db, options.limit));
  if (options.json === true) return out.json(historyShape, found);
  if (found.applications.length === 0) return out.line("Nothing was applied yet.");
  printApplications(out, found);
}

async function tellRevisions(
  { out, withDatabase }: CliContext,
  which: { readonly kind: string; readonly id: string | undefined },
  options: HistoryOptions,
): Promise<void> {
  const found = await withDatabase(({ db }) => readHistory(db, which));
  if (found.revisions.length === 0) {
    throw new UsageError(`There never was a ${which.kind}${which.id === undefined ? "" : ` ${which.id}`}.`);
  }
  if (options.json === true) return out.json(historyShape, found);
  printRevisions(out, found);
}

function printApplications(out: Output, { applications }: Applications): void {
  for (const { at, author, note, ...touched } of applications) {
    out.line(`${at}  ${author}${note === null ? "" : `: ${note}`}`);
    for (const what of ["created", "changed", "removed"] as const) {
      for (const { kind, id, revision } of touched[what]) {
        out.line(`  ${what.padEnd(8)} ${kind} ${id}, revision ${revision}`);
      }
    }
  }
}

function printRevisions(out: Output, { revisions }: Revisions): void {
  out.table({
    head: ["document", "revision", "at", "author", "note"],
    rows: revisions.map(({ id, revision, at, author, note, isLive }) => [
      id,
      isLive ? `${revision} (in force)` : revision,
      at,
      author,
      note,
    ]),
  });
}
