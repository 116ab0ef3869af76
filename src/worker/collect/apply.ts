import type { Source } from "../../integrations/source-port.ts";
import { applyTaskReports } from "../../store/crm-tasks.ts";
import type { Tx } from "../../store/db.ts";
import { passGate } from "../../store/intake/gate.ts";
import { keepNews } from "../../store/intake/news.ts";
import { applyInputs } from "../../store/intake.ts";
import { keepSourceOwners } from "../../store/source-owners.ts";
import type { MappedPage } from "./mapping.ts";

/** Something mapped, and where it came from. */
export interface MappedWork {
  readonly source: Source;
  /** Null where it came by no stream, as by a webhook. */
  readonly stream: string | null;
  readonly mapped: MappedPage;
  /** A history that was known as it happened. */
  readonly backfilled: boolean;
  readonly now: Date;
}

/** What became of it. */
export interface Applied {
  readonly written: number;
  /** Why parts of it could not be used, one line for each. */
  readonly rejected: readonly string[];
}

/**
 * Does all that mapped things ask for, in one transaction with whatever the caller notes of them (a cursor, the state of an inbox row).
 * The month partitions of its usage are there already: see `ensureUsagePartitions`.
 */
export async function applyMapped(tx: Tx, work: MappedWork): Promise<Applied> {
  const { source, mapped, backfilled, now } = work;
  // Taken once and for all: who holds the gate together with others cannot get it alone any more.
  if (mapped.deleted.length > 0 || mapped.merged.length > 0) await passGate(tx, "alone");
  const applied = await applyInputs(tx, {
    source: source.id,
    inputs: await keepNews(tx, source.id, mapped.inputs, mapped.states),
    now,
    recordedAt: backfilled ? "occurred" : "now",
    unknownAccounts: "hold",
  });
  await keepSourceOwners(tx, source.id, mapped.owners);
  await applyTaskReports(tx, source.id, mapped.tasks, now);
  return { written: applied.written, rejected: [...mapped.rejected, ...applied.rejected.map(({ reason }) => reason)] };
}
