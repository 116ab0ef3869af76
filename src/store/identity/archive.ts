import { sql } from "kysely";
import { cancelWaitingActions } from "../actions.ts";
import { writeAudit } from "../audit.ts";
import type { Tx } from "../db.ts";
import { lockAccounts, markDirty } from "../intake/accounts.ts";
import { restTriggers } from "../playbook-state.ts";
import { stopRuns } from "../runs.ts";

/**
 * Archives those of these accounts that no source, import or person knows any more: they are neither scored nor judged from then on, and
 * what playbooks had begun for them stops, unsent messages included. Their history stays.
 */
export async function archiveUnknown(
  tx: Tx,
  accountIds: readonly number[],
  reason: string,
  now: Date,
): Promise<readonly number[]> {
  if (accountIds.length === 0) return [];
  await lockAccounts(tx, accountIds);
  const { rows } = await sql<{ id: number }>`
    select a.id from accounts a
    where a.id = any(${accountIds}::bigint[]) and a.archived_at is null
      and not exists (select from identities i where i.account_id = a.id and i.ended_at is null)`.execute(tx);
  const ids = rows.map(({ id }) => id);
  await archive(tx, ids, { reason, mergedInto: null }, now);
  return ids;
}

/** Archives accounts that are locked. */
export async function archive(
  tx: Tx,
  accountIds: readonly number[],
  why: { readonly reason: string; readonly mergedInto: number | null },
  now: Date,
): Promise<void> {
  if (accountIds.length === 0) return;
  const { rows } = await sql<{ parentId: number | null }>`
    update accounts set archived_at = coalesce(archived_at, ${now}), archived_reason = ${why.reason}, merged_into = ${why.mergedInto}
    where id = any(${accountIds}::bigint[])
    returning parent_id`.execute(tx);
  const words = `the account was archived: ${why.reason}`;
  await stopRuns(tx, accountIds, words, now);
  await cancelWaitingActions(tx, accountIds, words, "keepwell", now);
  await note(tx, accountIds, "account.archive", { reason: why.reason }, now);
  await markParents(tx, rows);
}

/** True when one of these accounts was archived, or lost one of its ids: its record may say that it is back. */
export async function mayComeBack(tx: Tx, accountIds: readonly number[]): Promise<boolean> {
  if (accountIds.length === 0) return false;
  const { rows } = await sql<{ may: boolean }>`
    select exists (
      select from accounts a
      where a.id = any(${accountIds}::bigint[]) and (a.archived_at is not null
        or exists (select from identities i where i.account_id = a.id and i.ended_at is not null))
    ) as may`.execute(tx);
  return rows[0]?.may === true;
}

/**
 * Brings back those of these accounts that are archived and known to somebody again. Playbooks take them as they are: none fires for what
 * was so before.
 */
export async function bringBack(tx: Tx, accountIds: readonly number[], now: Date): Promise<void> {
  if (accountIds.length === 0) return;
  const { rows } = await sql<{ id: number; parentId: number | null }>`
    update accounts a set archived_at = null, archived_reason = null
    where a.id = any(${accountIds}::bigint[]) and a.archived_at is not null and a.merged_into is null
      and exists (select from identities i where i.account_id = a.id and i.ended_at is null)
    returning a.id, a.parent_id`.execute(tx);
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await lockAccounts(tx, ids);
  await restTriggers(tx, ids, "the account came back");
  await note(tx, ids, "account.back", {}, now);
  await markDirty(tx, new Set(ids));
  await markParents(tx, rows);
}

async function note(
  tx: Tx,
  accountIds: readonly number[],
  deed: string,
  data: Readonly<Record<string, unknown>>,
  now: Date,
): Promise<void> {
  const rows = accountIds.map(
    (accountId) => ({ author: "keepwell", via: "keepwell", accountId, deed, subject: null, data }) as const,
  );
  await writeAudit(tx, rows, now);
}

async function markParents(tx: Tx, rows: readonly { readonly parentId: number | null }[]): Promise<void> {
  await markDirty(tx, new Set(rows.map(({ parentId }) => parentId).filter((id) => id !== null)));
}
