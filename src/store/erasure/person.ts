import { sql } from "kysely";
import type { Db, Tx } from "../db.ts";
import { addressesIn, plainAddress } from "./addresses.ts";

/** How somebody names a person: by an e-mail address, or by a contact's id, in any source unless one is given. */
export type PersonName =
  | { readonly kind: "email"; readonly email: string }
  | { readonly kind: "contact"; readonly id: string; readonly source: string | null };

/** A contact record of a person. */
export interface PersonContact {
  readonly recordId: number;
  readonly accountId: number;
  readonly account: string;
  readonly source: string;
  readonly id: string;
}

/** Everything by which a person is known here. */
export interface Person {
  readonly contacts: readonly PersonContact[];
  /** Contacts that wait for their account. */
  readonly heldContacts: readonly { readonly source: string; readonly id: string }[];
  /** Plain. */
  readonly emails: readonly string[];
  readonly names: readonly string[];
}

/**
 * Finds a person's contact records with every e-mail address and name they ever had, and other contacts that ever had one of these
 * addresses, and so on.
 */
export async function findPerson(db: Db | Tx, name: PersonName): Promise<Person> {
  const id = name.kind === "contact" ? name : null;
  let emails: readonly string[] = name.kind === "email" ? [plainAddress(name.email)] : [];
  for (;;) {
    const person = await readPerson(db, { emails, id });
    if (person.emails.length === emails.length) return person;
    emails = person.emails;
  }
}

interface Known {
  readonly emails: readonly string[];
  readonly id: { readonly id: string; readonly source: string | null } | null;
}

async function readPerson(db: Db | Tx, known: Known): Promise<Person> {
  const { rows } = await sql<PersonContact & { emails: (string | null)[]; names: (string | null)[] }>`
    with met as (
      select distinct c.record_id from record_changes c
      where c.kind = 'contact' and lower(c.set ->> 'email') = any(${known.emails}::text[])
      union
      select id from records
      where kind = 'contact' and (external_id = ${known.id?.id ?? null}
          and (${known.id?.source ?? null}::text is null or source = ${known.id?.source ?? null})
        or lower(external_id) = any(${known.emails}::text[]))
    )
    select r.id as record_id, r.account_id, a.key as account, r.source, r.external_id as id,
      array_agg(distinct c.set ->> 'email') as emails, array_agg(distinct c.set ->> 'name') as names
    from met join records r on r.id = met.record_id
    join accounts a on a.id = r.account_id
    left join record_changes c on c.account_id = r.account_id and c.record_id = r.id
    group by r.id, a.key order by r.id`.execute(db);
  const held = await readHeld(db, known);
  const ids = [...rows, ...held].flatMap(({ id }) => (addressesIn(id)[0] === plainAddress(id) ? [id] : []));
  const emails = [...rows.flatMap((row) => row.emails), ...held.map((row) => row.email), ...ids, ...known.emails];
  const names = [...rows.flatMap((row) => row.names), ...held.map((row) => row.name)];
  return {
    contacts: rows.map(({ recordId, accountId, account, source, id }) => ({
      recordId,
      accountId,
      account,
      source,
      id,
    })),
    heldContacts: held.map(({ source, id }) => ({ source, id })),
    emails: distinct(emails.map((email) => email && plainAddress(email))),
    names: distinct(names),
  };
}

async function readHeld(
  db: Db | Tx,
  { emails, id }: Known,
): Promise<{ source: string; id: string; email: string | null; name: string | null }[]> {
  const { rows } = await sql<{ source: string; id: string; email: string | null; name: string | null }>`
    select source, input ->> 'id' as id, input #>> '{set,email}' as email, input #>> '{set,name}' as name
    from held_inputs
    where input ->> 'kind' = 'contact' and (lower(input #>> '{set,email}') = any(${emails}::text[])
      or lower(input ->> 'id') = any(${emails}::text[])
      or (input ->> 'id' = ${id?.id ?? null} and (${id?.source ?? null}::text is null or source = ${id?.source ?? null})))`.execute(
    db,
  );
  return rows;
}

function distinct(texts: readonly (string | null)[]): string[] {
  return [...new Set(texts.flatMap((text) => (text === null || text.trim() === "" ? [] : [text.trim()])))];
}
