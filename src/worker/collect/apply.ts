import type { Source } from "../../integrations/source-port.ts";
import { applyTaskReports } from "../../store/crm-tasks.ts";
import type { Tx } from "../../store/db.ts";
import { applyDeletions } from "../../store/identity/deletions.ts";
import { applyMerges } from "../../store/identity/merges.ts";
import { passGate } from "../../store/intake/gate.ts";
import { keepNews } from "../../store/intake/news.ts";
import { applyInputs, stateCoverage } from "../../store/intake.ts";
import { suppress } from "../../store/mail-suppressions.ts";
import { keepSourceOwners } from "../../store/source-owners.ts";
import { applyFreed, placeUsers } from "../../store/source-users.ts";
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
  if (mapped.coveredThrough !== null) await coverUsage(tx, work, mapped.coveredThrough);
  const news = await keepNews(tx, source.id, mapped.inputs, mapped.states);
  const { inputs, freed } = await placeUsers(tx, { source: source.id, users: mapped.users, inputs: news });
  const recordedAt = backfilled ? "occurred" : "now";
  const applied = await applyInputs(tx, {
    source: source.id,
    inputs,
    now,
    recordedAt,
    unknownAccounts: "hold",
    claims: mapped.claims,
    accounts: source.accounts,
    idsAreKeys: source.idsAreKeys,
    ...(work.stream !== null && { stream: work.stream }),
  });
  const held = await applyFreed(tx, { source: source.id, idsAreKeys: source.idsAreKeys }, freed, now);
  // After the inputs: what came and went within one page is gone.
  await applyDeletions(tx, { source: source.id, deletions: mapped.deleted, now, recordedAt });
  await applyMerges(tx, { source: source.id, merges: mapped.merged, now });
  await keepSourceOwners(tx, source.id, mapped.owners);
  await applyTaskReports(tx, source.id, mapped.tasks, now);
  await suppress(tx, mapped.suppressions, now);
  const reasons = [applied, held].flatMap(({ rejected }) => rejected.map(({ reason }) => reason));
  return { written: applied.written + held.written, rejected: [...mapped.rejected, ...reasons] };
}

function coverUsage(tx: Tx, { source, stream, now }: MappedWork, throughDay: string): Promise<boolean> {
  return stateCoverage(tx, {
    source: source.id,
    kind: stream ?? "usage",
    throughDay,
    recordedAt: now,
    backfilled: false,
  });
}
