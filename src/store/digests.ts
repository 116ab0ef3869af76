import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** What is to be told together with others. */
export interface DigestEntry {
  readonly channel: string;
  /** The address of an e-mail; in a channel that many read, the id of the owner whom it is for, or nothing. */
  readonly recipient: string;
  readonly ownerId: string | null;
  /** When it goes out at the latest. */
  readonly dueAt: number;
  readonly accountId: number;
  readonly playbookId: string;
  readonly kind: "alert" | "held";
  readonly runId: number | null;
  readonly reason: string;
  /** In the reporting currency a year; null: not known. */
  readonly expectedLoss: number | null;
}

/**
 * Puts entries into the open digests of their receivers; the first one opens it, and the earliest says when it is due. An account stands in a digest
 * once for each playbook, with what was said last.
 */
export async function addToDigests(tx: Tx, entries: readonly DigestEntry[], now: Date): Promise<void> {
  const groups = new Map<string, DigestEntry[]>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.channel, entry.recipient]);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  // Always in the same order, so that two batches never wait for each other.
  for (const [, group] of [...groups].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const digestId = await openDigest(tx, group, now);
    if (digestId !== null) await addItems(tx, digestId, group, now);
  }
}

async function openDigest(tx: Tx, group: readonly DigestEntry[], now: Date): Promise<number | null> {
  const [first] = group;
  if (first === undefined) return null;
  const dueAt = new Date(Math.min(...group.map((entry) => entry.dueAt)));
  const { rows } = await sql<{ id: number }>`
    insert into digests as d (channel, recipient, owner_id, opened_at, due_at)
    values (${first.channel}, ${first.recipient}, ${first.ownerId}, ${now}, ${dueAt})
    on conflict (channel, recipient) where closed_at is null
      do update set due_at = least(d.due_at, excluded.due_at), owner_id = excluded.owner_id
    returning id`.execute(tx);
  return rows[0]?.id ?? null;
}

async function addItems(tx: Tx, digestId: number, group: readonly DigestEntry[], now: Date): Promise<void> {
  const items = [
    ...new Map(group.map((entry) => [`${entry.accountId} ${entry.kind} ${entry.playbookId}`, entry])).values(),
  ];
  await sql`
    insert into digest_items (digest_id, account_id, playbook_id, kind, run_id, reason, expected_loss, at)
    select ${digestId}::bigint, account_id, playbook_id, kind, run_id, reason, expected_loss, ${now}::timestamptz
    from unnest(
      ${items.map(({ accountId }) => accountId)}::bigint[],
      ${items.map(({ playbookId }) => playbookId)}::text[],
      ${items.map(({ kind }) => kind)}::text[],
      ${items.map(({ runId }) => runId)}::bigint[],
      ${items.map(({ reason }) => reason)}::text[],
      ${items.map(({ expectedLoss }) => expectedLoss)}::float8[]
    ) as i (account_id, playbook_id, kind, run_id, reason, expected_loss)
    on conflict (digest_id, account_id, playbook_id, kind) do update set
      run_id = excluded.run_id, reason = excluded.reason, expected_loss = excluded.expected_loss, at = excluded.at`.execute(
    tx,
  );
}

/** A digest whose time has come; locked until the transaction ends. */
export interface DueDigest {
  readonly id: number;
  readonly channel: string;
  readonly recipient: string;
  readonly ownerId: string | null;
}

/** True when some digest is due. */
export async function hasDueDigests(db: Db, now: Date): Promise<boolean> {
  const { rows } = await sql`select from digests where closed_at is null and due_at <= ${now} limit 1`.execute(db);
  return rows.length > 0;
}

/** Takes the next digest that is due and that no other process holds; null when there is none. */
export async function takeDueDigest(tx: Tx, now: Date): Promise<DueDigest | null> {
  const { rows } = await sql<DueDigest>`
    select id, channel, recipient, owner_id from digests
    where closed_at is null and due_at <= ${now}
    order by due_at, id limit 1
    for update skip locked`.execute(tx);
  return rows[0] ?? null;
}

/** An account of a digest, as it stands now. */
export interface DigestItem extends Pick<DigestEntry, "kind" | "playbookId" | "reason" | "expectedLoss"> {
  readonly accountKey: string;
  readonly accountName: string;
  readonly score: number | null;
  readonly band: string | null;
  /** Where the playbook stands with the account, and why; null where it was forgotten. */
  readonly state: "inactive" | "pending" | "firing" | "recovering" | null;
  readonly stateReason: string | null;
}

/** What a digest has to say: without accounts that were archived, and of what was held back only what still is. */
export async function readDigestItems(tx: Tx, digestId: number): Promise<DigestItem[]> {
  const { rows } = await sql<DigestItem>`
    select i.kind, i.playbook_id, i.reason, i.expected_loss, a.key as account_key, a.name as account_name,
      s.score::float8 as score, s.band, t.state, t.reason as state_reason
    from digest_items i
    join accounts a on a.id = i.account_id and a.archived_at is null
    left join lateral (
      select score, band from scores where account_id = a.id order by day desc limit 1
    ) s on true
    left join trigger_states t on t.account_id = i.account_id and t.playbook_id = i.playbook_id
    where i.digest_id = ${digestId} and (i.kind = 'alert' or exists (
      select from alert_requests r
      where r.account_id = i.account_id and r.playbook_id = i.playbook_id and r.granted_at is null
    ))
    order by i.account_id, i.playbook_id`.execute(tx);
  return rows;
}

/** Ends a digest with the action that tells it; null where there was nothing left to tell. What it says stands in the message from now on. */
export async function closeDigest(tx: Tx, id: number, actionId: number | null, now: Date): Promise<void> {
  await tx.updateTable("digests").set({ closedAt: now, actionId }).where("id", "=", id).execute();
  await tx.deleteFrom("digestItems").where("digestId", "=", id).execute();
}
