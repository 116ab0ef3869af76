import { z } from "zod";

/**
 * A backup is gzipped text: a line of JSON (the header), then for each table a line of JSON, its rows as `copy … to stdout` prints them
 * and a line `\.`; last a line of JSON (the trailer) with the hash of everything before it.
 */
export const backupVersion = 1;

/** Ends the rows of a table: no row looks so, as `copy` doubles each backslash. */
export const endOfRows = "\\.\n";

const name = z.string().min(1).max(200);

/** The first line: all that decides whether a database can take the rest. */
export const headerSchema = z.strictObject({
  format: z.literal("keepwell-backup"),
  version: z.literal(backupVersion),
  takenAt: z.iso.datetime(),
  server: z.string(),
  migrations: z.array(z.strictObject({ name, sha256: z.string() })),
  /** In the order in which they can be filled: none refers to a later one. */
  tables: z.array(z.strictObject({ name, columns: z.array(name), rows: z.int().nonnegative() })),
  /** The last number that each counter of ids gave out. */
  counters: z.array(z.strictObject({ table: name, column: name, value: z.int().positive() })),
  /** Months, `YYYY-MM`, that have a partition of their own. */
  partitions: z.array(z.strictObject({ table: name, month: z.string().regex(/^\d{4}-\d{2}$/) })),
});
export type BackupHeader = z.infer<typeof headerSchema>;

/** The line before a table's rows. */
export const tableLineSchema = z.strictObject({ table: name });

/** The last line. */
export const trailerSchema = z.strictObject({ end: z.literal("keepwell-backup"), sha256: z.string() });
