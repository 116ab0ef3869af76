import { sql } from "kysely";
import type { BrakeVerdict } from "../../playbooks/guards/knowledge.ts";
import { idArray } from "../arrays.ts";
import type { Db, Tx } from "../db.ts";

/** A storm brake that was pulled and of which nobody has decided yet. */
export interface PulledBrakeRow {
  readonly id: number;
  readonly playbookId: string;
  readonly pulledAt: Date;
  /** Runs that had begun within the sliding time. */
  readonly begun: number;
  /** Runs that were to begin at once then. */
  readonly wanted: number;
  /** Accounts in the audience. */
  readonly audience: number;
}

/** Any number that no other lock of ours has. */
const brakeLocks = 731_057_946;

/** Lets one transaction at a time count and begin runs of these playbooks, and decide of their brakes; to the end of the transaction. */
export async function lockBrakes(tx: Tx, playbookIds: readonly string[]): Promise<void> {
  // In the order of what is locked: two ids may come to the same number.
  await sql`
    select pg_advisory_xact_lock(${brakeLocks}::integer, key)
    from (select distinct hashtext(id) as key from unnest(${playbookIds}::text[]) as p (id) order by 1) as keys`.execute(
    tx,
  );
}

/** The brakes that are pulled now. */
export async function readPulledBrakes(db: Db | Tx): Promise<PulledBrakeRow[]> {
  return db
    .selectFrom("stormBrakes")
    .select(["id", "playbookId", "pulledAt", "begun", "wanted", "audience"])
    .where("decidedAt", "is", null)
    .orderBy("playbookId")
    .execute();
}

/** Pulls a brake; nothing where it is pulled already. */
export async function pullBrake(
  tx: Tx,
  brake: Omit<PulledBrakeRow, "id" | "pulledAt">,
  now: Date,
): Promise<PulledBrakeRow | null> {
  const row = await tx
    .insertInto("stormBrakes")
    .values({ ...brake, pulledAt: now })
    .onConflict((conflict) => conflict.column("playbookId").where("decidedAt", "is", null).doNothing())
    .returning("id")
    .executeTakeFirst();
  return row === undefined ? null : { ...brake, id: row.id, pulledAt: now };
}

/** Runs of a playbook that count for its brake: those that had waited for one and were let go do not. */
export async function countBegun(db: Db | Tx, playbookId: string, since: Date): Promise<number> {
  const { rows } = await sql<{ begun: number }>`
    select count(*)::integer as begun from runs r
    where r.playbook_id = ${playbookId} and r.started_at > ${since} and r.state <> 'holdout' and not exists (
      select from storm_brake_episodes e join storm_brakes b on b.id = e.brake_id
      where e.account_id = r.account_id and e.episode = r.episode and b.playbook_id = r.playbook_id
    )`.execute(db);
  return rows[0]?.begun ?? 0;
}

/** Accounts that were in a playbook's audience when they were judged last. */
export async function countAudience(db: Db | Tx, playbookId: string): Promise<number> {
  const { rows } = await sql<{ accounts: number }>`
    select count(*)::integer as accounts
    from trigger_states t join accounts a on a.id = t.account_id and a.archived_at is null
    where t.playbook_id = ${playbookId} and t.in_audience`.execute(db);
  return rows[0]?.accounts ?? 0;
}

/** What was decided of the brakes of playbooks for accounts. */
export async function readBrakeVerdicts(
  db: Db | Tx,
  accountIds: readonly number[],
  playbookIds: readonly string[],
): Promise<readonly (BrakeVerdict & { readonly accountId: number })[]> {
  const { rows } = await sql<Omit<BrakeVerdict, "at"> & { accountId: number; at: Date }>`
    select e.account_id, e.episode, b.playbook_id, b.decision, b.decided_by as by, b.decided_at as at
    from storm_brake_episodes e join storm_brakes b on b.id = e.brake_id
    where e.account_id = any(${idArray(accountIds)}::bigint[]) and b.playbook_id = any(${playbookIds}::text[])`.execute(
    db,
  );
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/** Accounts that wait for a pulled brake: how many, and the names of the first ones. */
export async function readBraked(
  db: Db | Tx,
  playbookId: string,
  most: number,
): Promise<{ readonly accounts: number; readonly names: readonly string[] }> {
  const { rows } = await sql<{ accounts: number; name: string }>`
    select count(*) over ()::integer as accounts, a.name
    from trigger_states t join accounts a on a.id = t.account_id and a.archived_at is null
    where t.playbook_id = ${playbookId} and t.guard = 'storm-brake'
    order by t.account_id limit ${most}`.execute(db);
  return { accounts: rows[0]?.accounts ?? 0, names: rows.map(({ name }) => name) };
}

/**
 * Decides of a pulled brake for all episodes that wait for it, which are due then. How many they are; null where it is not pulled. The
 * brakes of the playbook must be locked.
 */
export async function decideBrake(
  tx: Tx,
  playbookId: string,
  { decision, by }: { readonly decision: "go" | "drop"; readonly by: string },
  now: Date,
): Promise<number | null> {
  const brake = await tx
    .updateTable("stormBrakes")
    .set({ decidedAt: now, decision, decidedBy: by })
    .where("playbookId", "=", playbookId)
    .where("decidedAt", "is", null)
    .returning("id")
    .executeTakeFirst();
  if (brake === undefined) return null;
  // The episode of one that waits is the next; a further run of an episode belongs to the present one.
  const { rows } = await sql<{ accountId: number }>`
    insert into storm_brake_episodes (brake_id, account_id, episode)
    select ${brake.id}, account_id, episode + (state = 'pending')::integer from trigger_states
    where playbook_id = ${playbookId} and guard = 'storm-brake'
    returning account_id`.execute(tx);
  await makeDue(
    tx,
    rows.map(({ accountId }) => accountId),
    now,
  );
  return rows.length;
}

/**
 * Never waits for a row: whoever judges an account holds it and waits for the brake, and sees what was decided; whoever else holds it, makes
 * it due.
 */
async function makeDue(tx: Tx, accountIds: readonly number[], now: Date): Promise<void> {
  await sql`
    with due as (
      select account_id from account_work where account_id = any(${idArray(accountIds)}::bigint[]) for update skip locked
    )
    update account_work w set next_respond_at = ${now} from due where w.account_id = due.account_id`.execute(tx);
}
