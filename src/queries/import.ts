import type { Input, StreamKind } from "../scoring/records.ts";
import type { Db, Tx } from "../store/db.ts";
import { ensureUsagePartitions } from "../store/intake/usage-partitions.ts";
import { applyInputs, type IntakeBatch, stateCoverage } from "../store/intake.ts";
import { notify } from "../store/notify.ts";
import { type FileSummary, FileTally, type RejectedRow, Rejects } from "./import/file-tally.ts";
import type { ImportFile, ImportRow } from "./import/import-file.ts";
import { findOwners } from "./import/row-owners.ts";

/** What is imported, and who is told on the way. */
export interface ImportOrder<Row extends ImportRow> {
  readonly source: string;
  /** In the order in which they are read: what others are joined by comes first. */
  readonly files: readonly ImportFile<Row>[];
  /** Everything is done in one transaction that is rolled back: writers of the same accounts wait until it ends. */
  readonly isDryRun: boolean;
  readonly onBytes: (count: number) => void;
  readonly onReject: (file: string, row: RejectedRow) => Promise<void>;
}

/** What became of an import. */
export interface ImportSummary {
  readonly source: string;
  readonly isDryRun: boolean;
  readonly files: readonly FileSummary[];
  /** Up to which day each stream is complete now. */
  readonly coverage: readonly { readonly kind: StreamKind; readonly throughDay: string }[];
}

/** The import of one file. */
interface FileImport<Row extends ImportRow> {
  readonly target: Target;
  readonly source: string;
  readonly file: ImportFile<Row>;
  readonly tally: FileTally;
}

/** Where an import writes: batch by batch for good, or all in one transaction that will be undone. */
interface Target {
  readonly db: Db | Tx;
  readonly write: <Result>(work: (tx: Tx) => Promise<Result>) => Promise<Result>;
  readonly prepare: (inputs: readonly Input[]) => Promise<unknown>;
}

/**
 * Imports files, each in batches of one transaction: what was stored before a crash is found again as unchanged by the next import. A bad
 * row is counted, told and left out; it never stops the rest.
 */
export async function importFiles<Row extends ImportRow>(
  db: Db,
  order: ImportOrder<Row>,
  now: Date,
): Promise<ImportSummary> {
  if (!order.isDryRun) {
    const summary = await runImport(liveTarget(db, now), order, now);
    await notify(db, "score");
    return summary;
  }
  const transaction = await db.startTransaction().execute();
  try {
    return await runImport(
      { db: transaction, write: (work) => work(transaction), prepare: async () => undefined },
      order,
      now,
    );
  } finally {
    await transaction.rollback().execute();
  }
}

function liveTarget(db: Db, now: Date): Target {
  return {
    db,
    write: (work) => withRetry(() => db.transaction().execute(work)),
    prepare: (inputs) => ensureUsagePartitions(db, inputs, now),
  };
}

/** Deadlock, serialization failure, and a wait for a lock that took too long: nothing was written, the batch is tried again. */
const passing: ReadonlySet<unknown> = new Set(["40P01", "40001", "55P03"]);
const attempts = 3;

async function withRetry<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : null;
      if (attempt === attempts || !passing.has(code)) throw error;
    }
  }
}

async function runImport<Row extends ImportRow>(
  target: Target,
  order: ImportOrder<Row>,
  now: Date,
): Promise<ImportSummary> {
  const files: FileSummary[] = [];
  for (const file of order.files) files.push(await importFile(target, order, file, now));
  return { source: order.source, isDryRun: order.isDryRun, files, coverage: await stateAll(target, order, now) };
}

async function importFile<Row extends ImportRow>(
  target: Target,
  order: ImportOrder<Row>,
  file: ImportFile<Row>,
  now: Date,
): Promise<FileSummary> {
  const tally = new FileTally(file.path);
  const each: FileImport<Row> = { target, source: order.source, file, tally };
  for await (const batch of file.read()) {
    const rejects = new Rejects(tally);
    tally.rows(batch.rows.length + batch.broken.length);
    for (const row of batch.broken) rejects.add(row, "row", row.reason, row.reason);
    await applyRows(each, await mapRows(each, batch.rows, rejects), rejects, now);
    for (const row of rejects.rows()) await order.onReject(file.path, row);
    order.onBytes(batch.bytes);
  }
  return tally.summary();
}

interface PlacedInput<Row> {
  readonly row: Row;
  readonly input: IntakeBatch["inputs"][number];
  readonly knownAt: "now" | "occurred" | Date;
}

async function mapRows<Row extends ImportRow>(
  { target, source, file, tally }: FileImport<Row>,
  rows: readonly Row[],
  rejects: Rejects,
): Promise<PlacedInput<Row>[]> {
  const owners = await findOwners(target.db, source, file, rows);
  const placed: PlacedInput<Row>[] = [];
  for (const [index, row] of rows.entries()) {
    const owner = owners[index];
    if (owner === undefined || owner.kind === "unknown") {
      rejects.add(row, file.kinds.join(", "), owner?.reason ?? "", owner?.cause ?? "");
      continue;
    }
    const { inputs, warnings, faults } = file.map(row, owner.account, owner.around);
    for (const warning of warnings) tally.warning(warning);
    for (const { kind, reason, cause } of faults) rejects.add(row, kind, `${kind}: ${reason}`, cause);
    for (const each of inputs) {
      tally.input(each.input.kind);
      placed.push({ row, ...each });
    }
  }
  return placed;
}

async function applyRows<Row extends ImportRow>(
  { target, source, file, tally }: FileImport<Row>,
  placed: readonly PlacedInput<Row>[],
  rejects: Rejects,
  now: Date,
): Promise<void> {
  if (placed.length === 0) return;
  const inputs = placed.map(({ input }) => input);
  await target.prepare(inputs);
  const applied = await target.write((tx) =>
    applyInputs(tx, {
      source,
      inputs,
      now,
      recordedAt: placed.map(({ knownAt }) => knownAt),
      unknownAccounts: file.unknownAccounts,
    }),
  );
  tally.applied(applied);
  for (const { index, reason, cause } of applied.rejected) {
    const origin = placed[index];
    if (origin === undefined) tally.reject("held", cause);
    else rejects.add(origin.row, origin.input.kind, reason, cause);
  }
}

/** Coverage is stated when all files are in: until then a missing day may yet come. */
async function stateAll<Row extends ImportRow>(
  target: Target,
  order: ImportOrder<Row>,
  now: Date,
): Promise<{ kind: StreamKind; throughDay: string }[]> {
  const newest = new Map<StreamKind, { throughDay: string; backfilled: boolean }>();
  for (const { kind, ...stated } of order.files.flatMap((file) => file.completeThrough())) {
    const known = newest.get(kind);
    if (known === undefined || stated.throughDay > known.throughDay) newest.set(kind, stated);
  }
  const stated = [...newest].map(([kind, each]) => ({ kind, ...each }));
  if (stated.length === 0) return [];
  await target.write(async (tx) => {
    for (const { kind, throughDay, backfilled } of stated) {
      await stateCoverage(tx, { source: order.source, kind, throughDay, recordedAt: now, backfilled });
    }
  });
  return stated.map(({ kind, throughDay }) => ({ kind, throughDay }));
}
