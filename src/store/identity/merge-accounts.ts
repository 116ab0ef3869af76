import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { cutCycles, lockAccounts, markDirty, refreshAccounts } from "../intake/accounts.ts";
import { passGate } from "../intake/gate.ts";
import { archive, bringBack } from "./archive.ts";
import { moveUsage } from "./move-usage.ts";
import { applyWaiting } from "./waiting.ts";

/** Two of our accounts that are one. */
export interface MergedAccounts {
  /** Goes up in the other one. */
  readonly fromId: number;
  readonly intoId: number;
  /** For people. */
  readonly reason: string;
}

/**
 * Lets one of our accounts go up in another: all that is known of it is the other's, as if it had come there in the first place; usage of
 * the same day is added up. Scores, runs, messages and what people did stay where they happened, with the account that is archived.
 */
export async function mergeAccounts(tx: Tx, { fromId, intoId, reason }: MergedAccounts, now: Date): Promise<void> {
  await passGate(tx, "alone");
  await lockAccounts(tx, [fromId, intoId]);
  await moveRecords(tx, fromId, intoId);
  await moveUsage(tx, fromId, intoId);
  await moveRest(tx, fromId, intoId);
  await moveFamily(tx, fromId, intoId);
  await archive(tx, [fromId], { reason, mergedInto: intoId }, now);
  await refreshAccounts(tx, new Set([intoId]), now);
  await bringBack(tx, [intoId], now);
  await markDirty(tx, new Set([fromId, intoId]));
  await applyWaiting(tx, { placed: [], ...(await hintsOf(tx, [fromId, intoId])) }, now);
}

/** By what the account is known now: what several accounts seemed to be meant by may mean one now. */
async function hintsOf(tx: Tx, accountIds: readonly number[]): Promise<{ keys: string[]; domains: string[] }> {
  const { rows } = await sql<{ key: string; domain: string | null }>`
    select a.key, d.domain from accounts a left join account_domains d on d.account_id = a.id
    where a.id = any(${accountIds}::bigint[])`.execute(tx);
  return {
    keys: [...new Set(rows.map(({ key }) => key))],
    domains: rows.map(({ domain }) => domain).filter((domain) => domain !== null),
  };
}

/** The account in which an account went up; itself where it did not. */
export async function readSurvivor(
  tx: Tx,
  accountId: number,
): Promise<{ readonly accountId: number; readonly key: string }> {
  return tx
    .selectFrom("accounts as a")
    .innerJoin("accounts as s", (join) => join.on(sql<boolean>`s.id = coalesce(a.merged_into, a.id)`))
    .select(["s.id as accountId", "s.key"])
    .where("a.id", "=", accountId)
    .executeTakeFirstOrThrow();
}

async function moveRecords(tx: Tx, fromId: number, intoId: number): Promise<void> {
  await sql`update record_changes set account_id = ${intoId} where account_id = ${fromId}`.execute(tx);
  await sql`update records set account_id = ${intoId} where account_id = ${fromId}`.execute(tx);
}

/** Of a milestone that both reached, the first time counts. What is in a CRM's fields is written anew. */
async function moveRest(tx: Tx, fromId: number, intoId: number): Promise<void> {
  await sql`update tasks set account_id = ${intoId} where account_id = ${fromId}`.execute(tx);
  await sql`update identities set account_id = ${intoId} where account_id = ${fromId}`.execute(tx);
  await sql`
    insert into account_domains (domain, account_id, source)
    select domain, ${intoId}, source from account_domains where account_id = ${fromId}
    on conflict do nothing`.execute(tx);
  await sql`delete from account_domains where account_id = ${fromId}`.execute(tx);
  await sql`
    insert into milestones_reached as m (account_id, milestone_id, reached_at, recorded_at, by)
    select ${intoId}, milestone_id, reached_at, recorded_at, by from milestones_reached where account_id = ${fromId}
    on conflict (account_id, milestone_id) do update
    set reached_at = excluded.reached_at, recorded_at = excluded.recorded_at, by = excluded.by
    where excluded.reached_at < m.reached_at`.execute(tx);
  await sql`delete from crm_fields where account_id = ${fromId}`.execute(tx);
}

/** Children follow. An account below the one that went up in it stands alone. */
async function moveFamily(tx: Tx, fromId: number, intoId: number): Promise<void> {
  await sql`update accounts set merged_into = ${intoId} where merged_into = ${fromId}`.execute(tx);
  const { rows } = await sql<{ id: number }>`
    update accounts set parent_id = ${intoId} where parent_id = ${fromId} returning id`.execute(tx);
  await cutCycles(
    tx,
    rows.map(({ id }) => ({ id, newId: intoId })),
  );
}
