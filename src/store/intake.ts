import { sql } from "kysely";
import type { Input } from "../scoring/records.ts";
import type { Tx } from "./db.ts";
import { bringBack, mayComeBack } from "./identity/archive.ts";
import { type AccountClaim, statedAccounts } from "./identity/claim.ts";
import { keepDomains } from "./identity/domains.ts";
import { reviveIdentities } from "./identity/identities.ts";
import { applyWaiting } from "./identity/waiting.ts";
import { markAllDirty } from "./intake/accounts.ts";
import { keepOutErased } from "./intake/erased.ts";
import { passGate } from "./intake/gate.ts";
import { takeHeldInputs } from "./intake/held-inputs.ts";
import { type KnownInput, occurredAt, type Rejection, unstorable } from "./intake/known-input.ts";
import { placeInputs } from "./intake/placement.ts";
import { ensureStream } from "./intake/usage-names.ts";
import { sumWritten, writeInputs } from "./intake/write.ts";

/** When an input counts as known. */
export type RecordedAt = "now" | "occurred" | Date;

/** Inputs of one source, to be written in one transaction. About 5,000 at a time is a good measure. */
export interface IntakeBatch {
  readonly source: string;
  readonly inputs: readonly Input[];
  readonly now: Date;
  /**
   * When the inputs count as known: `now`, or as a history when they `occurred` (a day's usage at the end of the day), or at another
   * moment of the past; for all, or one by one.
   */
  readonly recordedAt: RecordedAt | readonly RecordedAt[];
  /** An input whose account nobody knows is rejected, or held until the account comes. */
  readonly unknownAccounts: "reject" | "hold";
  /** By what accounts of the source may be known as ours; looked at where an id is met for the first time. */
  readonly claims?: readonly AccountClaim[];
  /** Account records make the accounts that nobody knows (the default), or those wait until a person places them. */
  readonly accounts?: "create" | "match";
  /** The source's ids of accounts are our keys; so it is unless told. */
  readonly idsAreKeys?: boolean;
  /** The stream of the source that delivers the usage names it brings first; `usage` unless given. */
  readonly stream?: string;
}

/** What became of a batch. Inputs held earlier that could now be applied count as written. */
export interface IntakeSummary {
  readonly written: number;
  /** Said nothing new. */
  readonly unchanged: number;
  readonly held: number;
  /** `index` is the place in the batch, -1 for an input that was held before. */
  readonly rejected: readonly Rejection[];
  readonly accountsCreated: number;
  /** Accounts that something was written for: they are due for scoring. */
  readonly accountsTouched: number;
}

/**
 * Writes records and usage. May be given the same inputs any number of times and changes nothing then. Account records make accounts that
 * are new; all others find theirs by the source's id for it, else by our key. Any number of processes may do this at once.
 */
export async function applyInputs(tx: Tx, batch: IntakeBatch): Promise<IntakeSummary> {
  const { now } = batch;
  const sifted = sift(batch);
  const { storable, rejected } = await keepOutErased(tx, sifted.storable, now);
  const stated = statedAccounts(
    storable.map(({ input }) => input),
    batch.claims ?? [],
  );
  const place = await placeInputs(tx, { ...batch, stated, inputs: storable }, now);
  const own = await writeInputs(tx, [...place.taken, ...place.placed], now);
  if (await mayComeBack(tx, place.accountIds)) {
    await reviveIdentities(tx, batch.source, place.described);
    await bringBack(tx, place.accountIds, now);
  }
  const domains = await keepDomains(tx, { source: batch.source, byAccount: place.domains }, now);
  const waiting = await applyWaiting(tx, { placed: [], keys: place.created, domains }, now);
  const applied = sumWritten([own, waiting]);
  return {
    written: applied.written,
    unchanged: applied.unchanged + place.dropped,
    held: place.held,
    rejected: [...sifted.rejected, ...rejected, ...place.rejected, ...applied.rejected].sort(
      (a, b) => a.index - b.index,
    ),
    accountsCreated: place.created.length,
    accountsTouched: applied.accountIds.size,
  };
}

/** Applies what is held for these accounts. `applyInputs` does so by itself for accounts it makes. */
export async function applyHeld(tx: Tx, accountIds: readonly number[], now: Date): Promise<IntakeSummary> {
  await passGate(tx, "alone");
  const applied = await writeInputs(tx, await takeHeldInputs(tx, accountIds), now);
  const { written, unchanged, rejected } = applied;
  return { written, unchanged, held: 0, rejected, accountsCreated: 0, accountsTouched: applied.accountIds.size };
}

/** "All days up to `throughDay` are delivered." */
export interface StatedCoverage {
  readonly source: string;
  /** The stream's name in its source: the kind it delivers, where it delivers one. */
  readonly kind: string;
  /** `YYYY-MM-DD` */
  readonly throughDay: string;
  readonly recordedAt: Date;
  /** A history that was known day by day as it happened. */
  readonly backfilled: boolean;
}

/**
 * Notes what a stream has delivered, and makes every account due for scoring if its coverage moved; returns whether it did. A statement
 * that says no more than an earlier one of its sort is dropped. In a transaction that also writes inputs it comes first: it locks every account.
 */
export async function stateCoverage(tx: Tx, stated: StatedCoverage): Promise<boolean> {
  await passGate(tx, "alone");
  const streamId = await ensureStream(tx, stated.source, stated.kind);
  const { rows } = await sql<{ moved: boolean; says: boolean }>`
    select coalesce(bool_and(through_day < ${stated.throughDay}::date), true) as moved,
      coalesce(bool_and(through_day < ${stated.throughDay}::date) filter (where backfilled = ${stated.backfilled}), true) as says
    from stream_coverage where stream_id = ${streamId}`.execute(tx);
  const { moved = false, says = false } = rows[0] ?? {};
  if (!moved && !(stated.backfilled && says)) return false;
  const { throughDay, recordedAt, backfilled } = stated;
  await tx
    .insertInto("streamCoverage")
    .values({ streamId, throughDay, recordedAt, backfilled })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (!moved) return false;
  await markAllDirty(tx);
  return true;
}

function sift(batch: IntakeBatch): { storable: KnownInput[]; rejected: Rejection[] } {
  const storable: KnownInput[] = [];
  const rejected: Rejection[] = [];
  for (const [index, input] of batch.inputs.entries()) {
    const reason = unstorable(input);
    if (reason === null)
      storable.push({
        index,
        source: batch.source,
        stream: batch.stream ?? null,
        idsAreKeys: batch.idsAreKeys ?? true,
        input,
        ...knownAt(batch, index, input),
      });
    else rejected.push({ index, reason, cause: reason });
  }
  return { storable, rejected };
}

function knownAt(batch: IntakeBatch, index: number, input: Input): { recordedAt: number; backfilled: boolean } {
  const { recordedAt } = batch;
  const moment =
    typeof recordedAt === "string" || recordedAt instanceof Date ? recordedAt : (recordedAt[index] ?? "now");
  if (moment === "now") return { recordedAt: batch.now.getTime(), backfilled: false };
  return { recordedAt: moment === "occurred" ? occurredAt(input) : moment.getTime(), backfilled: true };
}
