import { sql } from "kysely";
import type { Tx } from "./db.ts";
import { plainAddress } from "./erasure/addresses.ts";

/** Any number that no other program picks: the first half of the keys of persons. */
const lock = 7_310_579;

/** Holds persons until the transaction ends, so that two of them never decide at once to write to one; their addresses as they are compared. */
export async function holdContacts(tx: Tx, addresses: readonly string[]): Promise<readonly string[]> {
  const emails = [...new Set(addresses.map(plainAddress))];
  if (emails.length === 0) return [];
  await sql`
    select pg_advisory_xact_lock(${lock}::integer, hash)
    from (select distinct hashtext(email) as hash from unnest(${emails}::text[]) as e (email) order by 1) as h`.execute(
    tx,
  );
  return emails;
}
