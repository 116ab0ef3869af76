import type { Command } from "commander";
import { z } from "zod";
import { differencesBetween, differencesSchema } from "../../queries/plan/changed-documents.ts";
import type { Db } from "../../store/db.ts";
import { type DocumentRevision, listRevisions, readRevisions } from "../../store/document-history.ts";
import { type DocumentName, readLiveDocuments } from "../../store/documents.ts";
import { parseWholeNumber } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import { UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { differenceLines } from "./difference-lines.ts";

/** What `config diff --json` prints. */
const diffShape = z.strictObject({
  kind: z.string(),
  id: z.string(),
  from: z.int(),
  to: z.int(),
  differences: differencesSchema,
});

/** `config diff`: what an edit of a document changed. */
export function registerConfigDiff(config: Command, context: CliContext): void {
  const diff = config
    .command("diff")
    .argument("<kind>", "such as playbook")
    .argument("<id>", "of company.json and its like the same word again")
    .argument("[from]", "a revision; the one before the other unless given", parseWholeNumber)
    .argument("[to]", "a revision; the one in force unless given, else the newest", parseWholeNumber)
    .description("show where two revisions of a document differ")
    .addHelpText("after", "\nExample:\n  keepwell config diff playbook save-at-risk 3 5");
  offerJson(diff, diffShape).action(
    (kind: string, id: string, from: number | undefined, to: number | undefined, options: { json?: boolean }) =>
      tellDifference(context, { kind, id }, { from, to }, options),
  );
}

interface Sides {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

async function tellDifference(
  { out, withDatabase }: CliContext,
  name: DocumentName,
  sides: Sides,
  options: { json?: boolean },
): Promise<void> {
  const { from, to, differences } = await withDatabase(async ({ db }) => {
    const revisions = await revisionsOf(db, name, sides);
    const [before, after] = [await bodyOf(db, revisions.from), await bodyOf(db, revisions.to)];
    return { from: revisions.from.revision, to: revisions.to.revision, differences: differencesBetween(before, after) };
  });
  if (options.json === true) return out.json(diffShape, { ...name, from, to, differences });
  out.line(`${name.kind} ${name.id}, revision ${from} → ${to}`);
  if (differences.length === 0) return out.line("They say the same.");
  for (const line of differenceLines(differences)) out.line(`  ${line}`);
}

async function revisionsOf(
  db: Db,
  name: DocumentName,
  sides: Sides,
): Promise<{ readonly from: DocumentRevision; readonly to: DocumentRevision }> {
  const [newest] = await listRevisions(db, name);
  if (newest === undefined) throw new UsageError(`There never was a ${name.kind} ${name.id}.`);
  const live = (await readLiveDocuments(db)).find(({ kind, id }) => kind === name.kind && id === name.id);
  const to = sides.to ?? live?.revision ?? newest.revision;
  const from = sides.from ?? to - 1;
  if (from < 1)
    throw new UsageError(`Revision ${to} of ${name.kind} ${name.id} is its first: there is none before it.`);
  return { from: { ...name, revision: from }, to: { ...name, revision: to } };
}

async function bodyOf(db: Db, named: DocumentRevision): Promise<unknown> {
  const [found] = await readRevisions(db, [named]);
  if (found === undefined) throw new UsageError(`There is no revision ${named.revision} of ${named.kind} ${named.id}.`);
  return found.body;
}
