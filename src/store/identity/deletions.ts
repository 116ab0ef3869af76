import { sql } from "kysely";
import type { RecordInput, SourceKind } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";
import { passGate } from "../intake/gate.ts";
import { holdInputs } from "../intake/held-inputs.ts";
import { type KnownInput, occurredAt, type PlacedInput } from "../intake/known-input.ts";
import { writeInputs } from "../intake/write.ts";
import { unlist } from "../unmatched.ts";
import { archiveUnknown } from "./archive.ts";

/** A record that is gone in its source. Of an account: its own record and its identity there. */
export interface Deletion {
  readonly kind: SourceKind;
  readonly id: string;
  readonly at: string;
}

/** What a source says is gone. */
export interface DeletionBatch {
  readonly source: string;
  readonly deletions: readonly Deletion[];
  readonly now: Date;
  /** When it counts as known: `occurred` in a history. */
  readonly recordedAt: "now" | "occurred";
}

/**
 * Notes that records are gone in their source, as of then; answers how many changes that makes. A record that changed after that is back. An
 * account of which no source knows any more is archived. In a transaction that also writes inputs, the gate is passed alone before them.
 */
export async function applyDeletions(tx: Tx, batch: DeletionBatch): Promise<number> {
  if (batch.deletions.length === 0) return 0;
  await passGate(tx, "alone");
  const { written } = await writeInputs(tx, await placedDeletions(tx, batch), batch.now);
  await holdDeletions(tx, batch);
  await endIdentities(tx, batch);
  return written;
}

interface GoneRecord extends Deletion {
  readonly accountId: number;
  /** The first sign of life after that. What was dated ahead, and known before, is none. */
  readonly backAt: Date | null;
}

/** Of records that we have; one that is known as deleted by then already is no news. */
async function placedDeletions(tx: Tx, batch: DeletionBatch): Promise<PlacedInput[]> {
  const { rows } = await sql<GoneRecord>`
    select d.kind, d.id, d.at::text as at, r.account_id, (
      select min(c.occurred_at) from record_changes c
      where c.account_id = r.account_id and c.record_id = r.id and c.occurred_at > d.at::timestamptz
        and c.occurred_at <= c.recorded_at and c.set->>'deleted' is distinct from 'true'
    ) as back_at
    from ${given(batch)}
    join records r on r.kind = d.kind and r.source = ${batch.source} and r.external_id = d.id
    where not coalesce(r.deleted_at <= d.at::timestamptz, false)`.execute(tx);
  return rows.flatMap(({ kind, id, at, accountId, backAt }) => {
    const gone = deletionInput({ kind, id, at }, true);
    const back = backAt === null ? [] : [deletionInput({ kind, id, at: backAt.toISOString() }, false)];
    return [gone, ...back].map((input) => ({ ...knownInput(batch, input), accountId }));
  });
}

/** Of records that wait for their account. */
async function holdDeletions(tx: Tx, batch: DeletionBatch): Promise<void> {
  const { rows } = await sql<Deletion & { account: string; idsAreKeys: boolean }>`
    select distinct d.kind, d.id, d.at::text as at, h.account, h.ids_are_keys
    from ${given(batch)}
    join held_inputs h on h.source = ${batch.source} and h.input->>'kind' = d.kind and h.input->>'id' = d.id`.execute(
    tx,
  );
  const held = rows.map(({ kind, id, at, account, idsAreKeys }) => ({
    ...knownInput(batch, deletionInput({ kind, id, at }, true, account)),
    idsAreKeys,
  }));
  await holdInputs(tx, held);
}

/** Ids of accounts that are gone; one whose record came back meanwhile lives on. */
async function endIdentities(tx: Tx, batch: DeletionBatch): Promise<void> {
  const { source, now } = batch;
  const gone = batch.deletions.filter(({ kind }) => kind === "account");
  if (gone.length === 0) return;
  const { rows } = await sql<{ accountId: number }>`
    update identities i set ended_at = coalesce(r.deleted_at, d.at::timestamptz)
    from ${given({ ...batch, deletions: gone })}
    left join records r on r.kind = 'account' and r.source = ${source} and r.external_id = d.id
    where i.source = ${source} and i.external_id = d.id and i.ended_at is null
      and (r.id is null or r.deleted_at is not null)
    returning i.account_id`.execute(tx);
  await unlist(
    tx,
    source,
    gone.map(({ id }) => id),
  );
  await archiveUnknown(
    tx,
    rows.map(({ accountId }) => accountId),
    `deleted in ${source}`,
    now,
  );
}

function given({ deletions }: DeletionBatch) {
  return sql`unnest(
    ${deletions.map(({ kind }) => kind)}::text[], ${deletions.map(({ id }) => id)}::text[],
    ${deletions.map(({ at }) => at)}::text[]
  ) as d (kind, id, at)`;
}

function knownInput({ source, now, recordedAt }: DeletionBatch, input: RecordInput): KnownInput<RecordInput> {
  const backfilled = recordedAt === "occurred";
  const at = backfilled ? occurredAt(input) : now.getTime();
  return { index: -1, source, stream: null, idsAreKeys: false, input, recordedAt: at, backfilled };
}

/** Each kind that a source delivers has the field. */
function deletionInput({ kind, id, at }: Deletion, deleted: boolean, account?: string): RecordInput {
  const named = kind === "account" || account === undefined ? {} : { account };
  return { kind, id, at, ...named, set: { deleted } } as RecordInput;
}
