import { sql } from "kysely";
import type { RecordInput, RecordKind } from "../scoring/records.ts";
import type { Tx } from "./db.ts";
import { lockAccounts } from "./intake/accounts.ts";
import { passGate } from "./intake/gate.ts";
import { applyInputs } from "./intake.ts";
import { notify } from "./notify.ts";

/** The source of all records that people make with Keepwell itself. */
export const handSource = "hand";

/** An account that a hand is about to touch. */
export interface HeldAccount {
  readonly accountId: number;
  readonly key: string;
  readonly owner: string | null;
  /** Null: the company's. */
  readonly zone: string | null;
}

/** Locks an account as writers of records do, so that of two hands the second sees what the first has done. Throws when it is gone. */
export async function holdAccount(tx: Tx, accountId: number): Promise<HeldAccount> {
  await passGate(tx, "together");
  await lockAccounts(tx, [accountId]);
  const row = await tx
    .selectFrom("accounts")
    .select(["id as accountId", "key", "owner", "zone"])
    .where("id", "=", accountId)
    .executeTakeFirst();
  if (row === undefined) throw new Error(`The account ${accountId} went away while it was written to.`);
  return row;
}

/** What is known of a record made by hand: its fields as all of its changes leave them, and the moments of these, oldest first. */
export interface HandRecord {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly moments: readonly Date[];
}

/** Reads a record made by hand; null when there is none of that id. */
export async function readHandRecord(tx: Tx, kind: RecordKind, id: string): Promise<HandRecord | null> {
  const { rows } = await sql<{ occurredAt: Date; set: Record<string, unknown> }>`
    select c.occurred_at, c.set
    from records r
    join record_changes c on c.account_id = r.account_id and c.record_id = r.id
    where r.kind = ${kind} and r.source = ${handSource} and r.external_id = ${id}
    order by c.occurred_at, c.recorded_at`.execute(tx);
  if (rows.length === 0) return null;
  const moments = new Map(rows.map(({ occurredAt }) => [occurredAt.getTime(), occurredAt]));
  return { fields: Object.assign({}, ...rows.map(({ set }) => set)), moments: [...moments.values()] };
}

/** Writes what a person says as the records it is, and wakes the score stage. Returns why it cannot be kept, or null. */
export async function writeByHand(tx: Tx, inputs: readonly RecordInput[], now: Date): Promise<string | null> {
  const batch = { source: handSource, inputs, now, recordedAt: "now", unknownAccounts: "reject" } as const;
  const { rejected } = await applyInputs(tx, batch);
  await notify(tx, "score");
  return rejected[0]?.reason ?? null;
}
