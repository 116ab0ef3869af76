import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { passGate } from "../intake/gate.ts";
import { unlist } from "../unmatched.ts";
import { applyDeletions } from "./deletions.ts";
import { mergeAccounts } from "./merge-accounts.ts";
import { applyWaiting } from "./waiting.ts";

/** Two accounts of a source that became one there. */
export interface AccountMerge {
  readonly from: string;
  readonly into: string;
  readonly at: string;
}

/** What a source says it has merged. */
export interface MergeBatch {
  readonly source: string;
  readonly merges: readonly AccountMerge[];
  readonly now: Date;
}

/**
 * Carries through that accounts of a source became one there; answers how many of our accounts went up in another one. In a transaction
 * that also writes inputs, the gate is passed alone before them.
 */
export async function applyMerges(tx: Tx, { source, merges, now }: MergeBatch): Promise<number> {
  if (merges.length === 0) return 0;
  await passGate(tx, "alone");
  let gone = 0;
  for (const merge of merges.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))) {
    if (merge.from !== merge.into && (await applyMerge(tx, source, merge, now))) gone += 1;
  }
  return gone;
}

async function applyMerge(tx: Tx, source: string, { from, into, at }: AccountMerge, now: Date): Promise<boolean> {
  const accounts = await readAccounts(tx, source, [from, into]);
  const fromId = accounts.get(from);
  const intoId = accounts.get(into);
  // What nobody has placed yet waits under the id that is left.
  if (fromId === undefined) await renameHeld(tx, source, from, into);
  if (fromId === undefined && intoId === undefined) return false;
  const isMerging = fromId !== undefined && intoId !== undefined && fromId !== intoId;
  if (isMerging) await mergeAccounts(tx, { fromId, intoId, reason: `merged in ${source}` }, now);
  const accountId = intoId ?? fromId ?? 0;
  await pointTo(tx, { source, from, into, accountId, at }, now);
  if (fromId !== undefined) {
    const deletions = [{ kind: "account", id: from, at }] as const;
    await applyDeletions(tx, { source, deletions, now, recordedAt: "now" });
  }
  await applyWaiting(tx, { placed: [{ source, accountId, domains: null }], keys: [], domains: [] }, now);
  return isMerging;
}

async function readAccounts(tx: Tx, source: string, externalIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<{ externalId: string; accountId: number }>`
    select external_id, account_id from identities
    where source = ${source} and external_id = any(${externalIds}::text[])`.execute(tx);
  return new Map(rows.map(({ externalId, accountId }) => [externalId, accountId]));
}

async function renameHeld(tx: Tx, source: string, from: string, into: string): Promise<void> {
  await unlist(tx, source, [from]);
  await sql`
    with taken as (delete from held_inputs where source = ${source} and account = ${from} returning *)
    insert into held_inputs (source, account, input, recorded_at, backfilled, stream, ids_are_keys, hash)
    select source, ${into}, input, recorded_at, backfilled, stream, ids_are_keys, hash from taken order by id
    on conflict do nothing`.execute(tx);
}

/** Both ids mean the account from now on; only the one that is left lives. */
async function pointTo(
  tx: Tx,
  merged: AccountMerge & { readonly source: string; readonly accountId: number },
  now: Date,
): Promise<void> {
  const { source, from, into, accountId, at } = merged;
  await sql`
    insert into identities (source, external_id, account_id, how, made_at, ended_at)
    values (${source}, ${into}, ${accountId}, 'key', ${now}, null), (${source}, ${from}, ${accountId}, 'key', ${now}, ${at}::timestamptz)
    on conflict (source, external_id) do update set account_id = excluded.account_id, ended_at = excluded.ended_at`.execute(
    tx,
  );
  await unlist(tx, source, [into]);
}
