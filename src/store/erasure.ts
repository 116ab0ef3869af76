import { sql } from "kysely";
import { idArray } from "./arrays.ts";
import { writeAudit } from "./audit.ts";
import type { Db, Tx } from "./db.ts";
import { erased, makeEraser } from "./erasure/eraser.ts";
import { type Hasher, lockErasures, openHasher } from "./erasure/hasher.ts";
import { formsOf, isFullName } from "./erasure/names.ts";
import { findPerson, type Person, type PersonName } from "./erasure/person.ts";
import { forgetSurveys } from "./erasure/surveys.ts";
import { accountsNaming, sweepTexts } from "./erasure/sweep.ts";
import { lockAccounts, markDirty } from "./intake/accounts.ts";
import { userHash } from "./intake/usage-users.ts";
import { findLinkSigner } from "./link-signer.ts";
import { hashSuppressions } from "./mail-suppressions.ts";

/** What an erasure did, or would do. */
export interface Erasure {
  readonly person: Person;
  /** Records of the person that were removed, with all of their changes. */
  readonly contacts: number;
  /** Messages to the person that wait and will not be sent. */
  readonly cancelled: number;
  /** Rows in whose texts the person was named. */
  readonly texts: readonly { readonly table: string; readonly rows: number }[];
  /** Rows that counted the person as a user. */
  readonly usage: number;
  /** Revisions of documents that name the person: they are the managers' own and stay as they are. */
  readonly documents: number;
}

/** `unknown`: no contact has this id. `busy`: a message to the person is on its way right now; nothing was done. */
export type ErasureOutcome =
  | { readonly kind: "erased" | "previewed"; readonly erasure: Erasure }
  | { readonly kind: "unknown" }
  | { readonly kind: "busy" };

/** Who erases, and whether it is only to be seen what would go. */
export interface ErasureOrder {
  readonly who: PersonName;
  readonly author: string;
  readonly isPreview: boolean;
}

/**
 * Erases a person: contact records, and e-mail address and full name in every text. First their hashes are kept, from which moment nothing
 * brings them back; then all else is one transaction, so that an erasure that fails can be ordered again. A preview does the same and takes it back.
 */
export async function erasePerson(db: Db, order: ErasureOrder, now: Date): Promise<ErasureOutcome> {
  if (!order.isPreview) await db.transaction().execute((tx) => rememberErased(tx, order, now));
  const tx = await db.startTransaction().execute();
  try {
    await sql`set local statement_timeout = 0`.execute(tx);
    await sql`set local idle_in_transaction_session_timeout = 0`.execute(tx);
    const outcome = await eraseAll(tx, order, now);
    await (outcome.kind === "erased" ? tx.commit() : tx.rollback()).execute();
    return outcome;
  } catch (error) {
    await tx.rollback().execute();
    throw error;
  }
}

/** Keeps the hashes. What is on its way in is waited for: it is in the tables then, where it is found. */
async function rememberErased(tx: Tx, { who, author }: ErasureOrder, now: Date): Promise<void> {
  await lockErasures(tx, "alone");
  const person = await findPerson(tx, who);
  const hasher = await openHasher(tx);
  const rows = [
    ...person.emails.map((email) => ({ hash: hasher.email(email), kind: "email" })),
    ...[...person.contacts, ...person.heldContacts].map(({ source, id }) => ({
      hash: hasher.contact(source, id),
      kind: "contact",
    })),
  ];
  if (rows.length === 0) return;
  await tx
    .insertInto("erasures")
    .values(rows.map((row) => ({ ...row, erasedAt: now, author })))
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .execute();
}

async function eraseAll(tx: Tx, { who, author, isPreview }: ErasureOrder, now: Date): Promise<ErasureOutcome> {
  const person = await findPerson(tx, who);
  if (who.kind === "contact" && person.contacts.length === 0 && person.heldContacts.length === 0) {
    return { kind: "unknown" };
  }
  const names = person.names.filter(isFullName);
  const tokens = await tokensOf(tx, person.emails);
  const needles = [...needlesOf(person.emails, names), ...tokens];
  const accountIds = new Set([
    ...person.contacts.map(({ accountId }) => accountId),
    ...(await accountsNaming(tx, needles)),
  ]);
  // Scoring and playbooks that read these accounts have ended now, and begin anew from what is left.
  await lockAccounts(tx, accountIds);
  const cancelled = await cancelMessages(tx, person, author);
  if (cancelled === "busy") return { kind: "busy" };
  await removeRecords(tx, person);
  await forgetAuthorship(tx, person);
  await forgetSurveys(tx, person);
  const hasher = await openHasher(tx);
  await hashSuppressions(tx, hasher, person.emails);
  const texts = await sweepTexts(tx, eraserOf(hasher, person, names, tokens), needles);
  const usage = await removeUser(tx, person);
  await markDirty(tx, accountIds);
  const contacts = person.contacts.length + person.heldContacts.length;
  const documents = await countDocuments(tx, needles);
  const counts = { contacts, cancelled, texts, usage };
  await writeAudit(
    tx,
    [{ author, via: "cli", deed: "person.erased", accountId: null, subject: null, data: counts }],
    now,
  );
  return { kind: isPreview ? "previewed" : "erased", erasure: { person, ...counts, documents } };
}

function needlesOf(emails: readonly string[], names: readonly string[]): string[] {
  const addresses = emails.flatMap((email) => [email, email.replace("@", "%40")]);
  // A JSON column escapes once more what stands in it.
  const forms = names.flatMap(formsOf).flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]);
  return [...new Set([...addresses, ...forms])];
}

/** What stands for the person in links of mails that were sent: an address can be read out of it. */
async function tokensOf(tx: Tx, emails: readonly string[]): Promise<readonly string[]> {
  const signer = await findLinkSigner(tx);
  return signer === null ? [] : emails.map((email) => signer.sign("unsubscribe", email));
}

function eraserOf(hasher: Hasher, person: Person, names: readonly string[], tokens: readonly string[]) {
  const emails = new Set(person.emails);
  return makeEraser({
    hashOfAddress: (plain) => (emails.has(plain) ? hasher.email(plain) : null),
    names,
    hashOfName: hasher.name,
    tokens,
  });
}

/** Stops what is still to be sent to the person; `busy` while a worker holds some of it. */
async function cancelMessages(tx: Tx, { emails }: Person, author: string): Promise<number | "busy"> {
  const isToPerson = sql<boolean>`kind = 'email'
    and (lower(recipient) = any(${emails}::text[]) or lower(message ->> 'to') = any(${emails}::text[]))`;
  const { rows } = await sql<{ id: number; attempt: number }>`
    update actions set state = 'cancelled', reason = 'its receiver was erased', settled_at = now(), lease_until = null
    where state in ('pending', 'retry') and ${isToPerson} returning id, attempt`.execute(tx);
  const { rows: held } = await sql`
    select from actions where state in ('claimed', 'sending') and ${isToPerson} limit 1`.execute(tx);
  if (held.length > 0) return "busy";
  for (const { id, attempt } of rows) {
    await tx
      .insertInto("actionLog")
      .values({ actionId: id, attempt, state: "cancelled", author, reason: "its receiver was erased" })
      .execute();
  }
  return rows.length;
}

/** Records with all of their changes, superseded ones too, and those that wait for their account. */
async function removeRecords(tx: Tx, { contacts, heldContacts }: Person): Promise<void> {
  const ids = idArray(contacts.map(({ recordId }) => recordId));
  const accountIds = idArray(contacts.map(({ accountId }) => accountId));
  await sql`
    delete from record_changes
    where account_id = any(${accountIds}::bigint[]) and record_id = any(${ids}::bigint[])`.execute(tx);
  await sql`delete from records where id = any(${ids}::bigint[])`.execute(tx);
  for (const { source, id } of heldContacts) {
    await sql`
      delete from held_inputs
      where source = ${source} and input ->> 'kind' = 'contact' and input ->> 'id' = ${id}`.execute(tx);
  }
}

/** What a source's survey says of who answered it: the contact's id. */
async function forgetAuthorship(tx: Tx, { contacts, heldContacts }: Person): Promise<void> {
  for (const { source, id } of [...contacts, ...heldContacts]) {
    await sql`
      update record_changes c set set = (c.set::jsonb || ${JSON.stringify({ contact: erased })}::jsonb)::json
      from records r where r.id = c.record_id and r.account_id = c.account_id
        and r.kind = 'survey' and r.source = ${source} and c.set ->> 'contact' = ${id}`.execute(tx);
    await sql`
      update held_inputs set input = jsonb_set(input, '{set,contact}', to_jsonb(${erased}::text))
      where source = ${source} and input ->> 'kind' = 'survey' and input #>> '{set,contact}' = ${id}`.execute(tx);
  }
}

/** Senders name users by an address, or by the id that the contact has. Totals of usage stay: they name nobody. */
async function removeUser(tx: Tx, { emails, contacts }: Person): Promise<number> {
  const byAddress = await sql`
    delete from usage_users where user_hash = any(${idArray(emails.map(userHash))}::bigint[])`.execute(tx);
  const byId = await sql`
    delete from usage_users u
    using unnest(${idArray(contacts.map(({ accountId }) => accountId))}::bigint[],
      ${idArray(contacts.map(({ id }) => userHash(id)))}::bigint[]) as p (account_id, user_hash)
    where u.account_id = p.account_id and u.user_hash = p.user_hash`.execute(tx);
  return Number(byAddress.numAffectedRows ?? 0) + Number(byId.numAffectedRows ?? 0);
}

async function countDocuments(tx: Tx, needles: readonly string[]): Promise<number> {
  const { rows } = await sql<{ revisions: number }>`
    select count(*)::integer as revisions from documents d
    where exists (select from unnest(${needles}::text[]) n where strpos(lower(d.body::text), lower(n)) > 0)`.execute(
    tx,
  );
  return rows[0]?.revisions ?? 0;
}
