import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { linkParents } from "../intake/parent-names.ts";

/** A source's id for one of our accounts, about to be remembered. */
export interface NewIdentity {
  readonly source: string;
  readonly externalId: string;
  readonly accountId: number;
  /** Found by our key, by a domain, by a person; `new`: the account was made of it, under a name of the source. */
  readonly how: "key" | "domain" | "hand" | "new";
  /** A person, or `source`. */
  readonly madeBy: string;
}

/** Remembers which account a source means by its ids. What it means already never changes by this. */
export async function rememberIdentities(tx: Tx, identities: readonly NewIdentity[], now: Date): Promise<void> {
  if (identities.length === 0) return;
  const { rows } = await sql<Pick<NewIdentity, "source" | "externalId" | "accountId">>`
    insert into identities (source, external_id, account_id, how, made_by, made_at)
    select source, external_id, account_id, how, made_by, ${now}
    from unnest(
      ${identities.map((each) => each.source)}::text[],
      ${identities.map((each) => each.externalId)}::text[],
      ${identities.map((each) => each.accountId)}::bigint[],
      ${identities.map((each) => each.how)}::text[],
      ${identities.map((each) => each.madeBy)}::text[]
    ) as i (source, external_id, account_id, how, made_by)
    order by source, external_id
    on conflict do nothing
    returning source, external_id, account_id`.execute(tx);
  if (rows.length > 0) await linkParents(tx, rows);
}

/** Account records that a source brings again after it had deleted them: its ids for these accounts live again. */
export async function reviveIdentities(tx: Tx, source: string, externalIds: readonly string[]): Promise<void> {
  if (externalIds.length === 0) return;
  await sql`
    update identities i set ended_at = null
    from records r
    where i.source = ${source} and i.external_id = any(${externalIds}::text[]) and i.ended_at is not null
      and r.kind = 'account' and r.source = i.source and r.external_id = i.external_id and r.deleted_at is null`.execute(
    tx,
  );
}
