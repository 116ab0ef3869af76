import { existsSync } from "node:fs";
import type { Command } from "commander";
import { z } from "zod";
import { type OnTable, writeBackup } from "../store/backup.ts";
import { readNow } from "../store/db.ts";
import { restoreBackup } from "../store/restore.ts";
import type { CliContext } from "./context.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";

/** What `backup --json` and `restore --json` print. */
const backupShape = z.strictObject({
  file: z.string(),
  takenAt: z.iso.datetime(),
  tables: z.array(z.strictObject({ table: z.string(), rows: z.int() })),
});

type Copied = Omit<z.input<typeof backupShape>, "file">;

/** `backup` and `restore`: everything that is in the database, in one file. */
export function registerBackup(program: Command, context: CliContext): void {
  const backup = program
    .command("backup")
    .argument("<file>", "where to write it; never over a file that is there")
    .description("write all that is in the database to one file, as of this moment, while everything runs")
    .addHelpText("after", "\nExample:\n  keepwell backup keepwell-2026-01-31.backup");
  offerJson(backup, backupShape).action((file: string, options: { json?: boolean }) => write(context, file, options));

  const restore = program
    .command("restore")
    .argument("<file>", "what `backup` has written")
    .description("fill a fresh database from a backup: all of it, or nothing")
    .addHelpText(
      "after",
      "\nExample:\n  DATABASE_URL=postgres://localhost/keepwell keepwell restore keepwell-2026-01-31.backup",
    );
  offerJson(restore, backupShape).action((file: string, options: { json?: boolean }) => read(context, file, options));
}

async function write(context: CliContext, file: string, { json }: { json?: boolean }): Promise<void> {
  if (existsSync(file)) throw new UsageError(`${file} is there already: name another file.`);
  const { tables, takenAt } = await context.withDatabase(({ pool }) => writeBackup(pool, file, tellTable(context)));
  tell(context, file, { takenAt, tables: countsOf(tables) }, json === true, "written to");
}

async function read(context: CliContext, file: string, { json }: { json?: boolean }): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`There is no file ${file}.`);
  const restored = await context.withOwnDatabase(async (database) =>
    restoreBackup(database, file, await readNow(database.db), tellTable(context)),
  );
  if (restored.kind === "refused") throw new UsageError(restored.reason);
  const { takenAt, tables } = restored.header;
  tell(context, file, { takenAt, tables: countsOf(tables) }, json === true, "restored from");
}

/** Progress, on a terminal. */
function tellTable({ out }: CliContext): OnTable {
  return (table, rows) => {
    if (out.isTerminal) out.note(`${table}: ${rows}`);
  };
}

function countsOf(tables: readonly { readonly name: string; readonly rows: number }[]): Copied["tables"] {
  return tables.map(({ name, rows }) => ({ table: name, rows }));
}

function tell({ out }: CliContext, file: string, copied: Copied, isJson: boolean, verb: string): void {
  if (isJson) {
    out.json(backupShape, { file, ...copied });
    return;
  }
  const rows = copied.tables.reduce((sum, table) => sum + table.rows, 0);
  out.line(`${rows} rows of ${copied.tables.length} tables ${verb} ${file}, as of ${copied.takenAt}.`);
}
