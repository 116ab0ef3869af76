import { sql } from "kysely";
import type { Tx } from "./db.ts";

/** An account of a source that nobody can place, with why. */
export interface ListedAccount {
  readonly source: string;
  readonly externalId: string;
  readonly name: string | null;
  /** Such as tell something. */
  readonly domains: readonly string[];
  readonly ourKey: string | null;
  readonly idsAreKeys: boolean;
  readonly reason: string;
}

/** Lists accounts for a person to place; one that is listed already is told anew. */
export async function listUnmatched(tx: Tx, accounts: readonly ListedAccount[], now: Date): Promise<void> {
  if (accounts.length === 0) return;
  const inOrder = accounts.toSorted((one, other) => (one.externalId < other.externalId ? -1 : 1));
  await tx
    .insertInto("unmatchedAccounts")
    .values(inOrder.map((each) => ({ ...each, domains: [...each.domains], firstSeenAt: now, lastSeenAt: now })))
    .onConflict((conflict) =>
      conflict.columns(["source", "externalId"]).doUpdateSet((eb) => ({
        name: sql<string | null>`coalesce(excluded.name, ${eb.ref("unmatchedAccounts.name")})`,
        domains: eb.ref("excluded.domains"),
        ourKey: eb.ref("excluded.ourKey"),
        idsAreKeys: eb.ref("excluded.idsAreKeys"),
        reason: eb.ref("excluded.reason"),
        lastSeenAt: eb.ref("excluded.lastSeenAt"),
      })),
    )
    .execute();
}

/** Which of these a person has spoken about, so that only a person places them; true for those that are none of ours. */
export async function readPlacedByHand(
  tx: Tx,
  source: string,
  externalIds: readonly string[],
): Promise<ReadonlyMap<string, boolean>> {
  const { rows } = await sql<{ externalId: string; isDismissed: boolean }>`
    select external_id, dismissed_by is not null as is_dismissed from unmatched_accounts
    where source = ${source} and external_id = any(${externalIds}::text[])
      and (by_hand or dismissed_by is not null)`.execute(tx);
  return new Map(rows.map(({ externalId, isDismissed }) => [externalId, isDismissed]));
}

/** Listed accounts that may be known now: by a key that an account has, or by a domain. What a person has spoken about is left to people. */
export async function readUnmatchedBy(
  tx: Tx,
  by: { readonly keys: readonly string[]; readonly domains: readonly string[] },
): Promise<readonly ListedAccount[]> {
  const { rows } = await sql<ListedAccount>`
    select source, external_id, name, domains, our_key, ids_are_keys, reason from unmatched_accounts
    where dismissed_by is null and not by_hand
      and (our_key = any(${by.keys}::text[]) or (ids_are_keys and external_id = any(${by.keys}::text[]))
        or domains && ${by.domains}::text[])
    order by source, first_seen_at, external_id`.execute(tx);
  return rows;
}

/** Takes accounts off the list: they are placed. */
export async function unlist(tx: Tx, source: string, externalIds: readonly string[]): Promise<void> {
  if (externalIds.length === 0) return;
  await tx
    .deleteFrom("unmatchedAccounts")
    .where("source", "=", source)
    .where("externalId", "in", externalIds)
    .execute();
}
