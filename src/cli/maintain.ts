import type { Command } from "commander";
import { z } from "zod";
import { readNow } from "../store/db.ts";
import { ensureScorePartitions } from "../store/partitions.ts";
import { maintain, readRetention, usualMaxRows } from "../store/retention.ts";
import type { CliContext } from "./context.ts";
import { offerJson } from "./json-option.ts";

/** What `maintain --json` prints. */
const maintainShape = z.strictObject({
  isDryRun: z.boolean(),
  tables: z.array(
    z.strictObject({
      table: z.string(),
      removed: z.int(),
      dropped: z.array(z.string()),
      /** False: the pass met its limit, and the next one goes on. */
      isDone: z.boolean(),
    }),
  ),
});

/** `maintain`: what a worker does once a day with rows that have had their time. */
export function registerMaintain(program: Command, context: CliContext): void {
  const command = program
    .command("maintain")
    .description("thin old scores and forget what company.json keeps no longer; a worker does so every day")
    .option("--dry-run", "count only")
    .addHelpText("after", "\nExample:\n  keepwell maintain --dry-run");
  offerJson(command, maintainShape).action((options: { dryRun?: boolean; json?: boolean }) => run(context, options));
}

async function run({ out, withDatabase }: CliContext, options: { dryRun?: boolean; json?: boolean }): Promise<void> {
  const isDryRun = options.dryRun === true;
  const tables = await withDatabase(async ({ db }) => {
    const now = await readNow(db);
    if (!isDryRun) await ensureScorePartitions(db, now);
    return maintain(db, await readRetention(db), { isDryRun, maxRows: usualMaxRows }, now);
  });
  if (options.json === true) {
    const shown = tables.map((each) => ({ ...each, dropped: [...each.dropped] }));
    return out.json(maintainShape, { isDryRun, tables: shown });
  }
  out.table({
    head: ["table", isDryRun ? "rows to go" : "rows gone", "partitions dropped"],
    rows: tables.map(({ table, removed, dropped }) => [table, removed, dropped.join(" ")]),
    right: [1],
  });
  if (tables.some(({ isDone }) => !isDone)) out.note("There is more: run it again.");
}
