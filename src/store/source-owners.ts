import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** A user of a vendor who may own accounts there. */
export interface SourceOwner {
  readonly externalId: string;
  readonly email: string | null;
  readonly name: string | null;
}

/** Keeps the users of a source as it names them now; the last word of a batch counts. */
export async function keepSourceOwners(tx: Tx, source: string, owners: readonly SourceOwner[]): Promise<void> {
  if (owners.length === 0) return;
  const byId = new Map(owners.map((owner) => [owner.externalId, owner]));
  const newest = [...byId.values()];
  await sql`
    insert into source_owners (source, external_id, email, name)
    select ${source}, external_id, email, name
    from unnest(
      ${newest.map((each) => each.externalId)}::text[],
      ${newest.map((each) => each.email)}::text[],
      ${newest.map((each) => each.name)}::text[]
    ) as o (external_id, email, name)
    order by external_id
    on conflict (source, external_id) do update set email = excluded.email, name = excluded.name
      where (source_owners.email, source_owners.name) is distinct from (excluded.email, excluded.name)`.execute(tx);
}

/** The users of a source, by their ids there. */
export async function readSourceOwners(db: Db | Tx, source: string): Promise<ReadonlyMap<string, SourceOwner>> {
  const rows = await db
    .selectFrom("sourceOwners")
    .select(["externalId", "email", "name"])
    .where("source", "=", source)
    .execute();
  return new Map(rows.map((row) => [row.externalId, row]));
}
