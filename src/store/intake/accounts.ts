import { sql } from "kysely";
import type { RecordInput } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";

/** An account about to be made. */
export interface NewAccount {
  readonly key: string;
  readonly name: string;
}

/** Makes accounts with their work rows: a new account is scored at once. Those that waited for it as their parent find it. Returns ids by key. */
export async function createAccounts(
  tx: Tx,
  accounts: readonly NewAccount[],
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  if (accounts.length === 0) return new Map();
  const { rows } = await sql<{ id: number; key: string }>`
    with created as (
      insert into accounts (key, name, first_seen_at)
      select key, name, ${now}
      from unnest(${accounts.map((each) => each.key)}::text[], ${accounts.map((each) => each.name)}::text[]) as a (key, name)
      order by key
      returning id, key
    ), work as (
      insert into account_work (account_id, next_score_at) select id, ${now} from created
    )
    select id, key from created`.execute(tx);
  await sql`
    update accounts a set parent_id = p.id
    from accounts p
    where p.key = any(${rows.map(({ key }) => key)}::text[])
      and a.parent_key = p.key and a.parent_id is null and a.parent_key is not null`.execute(tx);
  return new Map(rows.map(({ id, key }) => [key, id]));
}

/** The records of accounts are locked in id order, so that two writers of the same accounts wait and never deadlock. */
export async function lockAccounts(tx: Tx, accountIds: Iterable<number>): Promise<void> {
  await sql`
    select account_id from account_work where account_id = any(${[...accountIds]}::bigint[])
    order by account_id for update`.execute(tx);
}

/** Makes accounts due for scoring. Their rows are locked already. */
export async function markDirty(tx: Tx, accountIds: ReadonlySet<number>): Promise<void> {
  if (accountIds.size === 0) return;
  await sql`
    update account_work set dirty_seq = dirty_seq + 1
    where account_id = any(${[...accountIds]}::bigint[])`.execute(tx);
}

/** Makes every account due for scoring; by a writer that is alone. */
export async function markAllDirty(tx: Tx): Promise<void> {
  await sql`
    with locked as (select account_id from account_work order by account_id for update)
    update account_work w set dirty_seq = dirty_seq + 1 from locked where w.account_id = locked.account_id`.execute(tx);
}

const currentFields = ["name", "owner", "segment", "stage", "zone", "parent"] as const;

interface FoldedAccount {
  readonly accountId: number;
  readonly set: RecordInput["set"];
}

/**
 * Brings the accounts rows, kept for lists and joins, to the fold of all that is known of `now`. Where a parent changed, both the one it
 * was and the one it is are due for scoring. A correction of a moment of this very instant is recorded just after it, and counts.
 */
export async function refreshAccounts(tx: Tx, accountIds: ReadonlySet<number>, now: Date): Promise<void> {
  if (accountIds.size === 0) return;
  const { rows } = await sql<FoldedAccount>`
    select c.account_id, c.set
    from records r
    join record_changes c on c.account_id = r.account_id and c.record_id = r.id
    where r.kind = 'account' and r.account_id = any(${[...accountIds]}::bigint[])
      and c.occurred_at <= ${now}
    order by c.account_id, c.occurred_at, c.recorded_at, c.record_id`.execute(tx);
  const folded = new Map<number, Record<string, unknown>>();
  for (const { accountId, set } of rows) folded.set(accountId, { ...folded.get(accountId), ...set });
  const column = (field: (typeof currentFields)[number]): (string | null)[] =>
    [...folded.values()].map((fields) => textOrNull(fields[field]));
  const { rows: moved } = await sql<{ id: number; oldId: number | null; newId: number | null }>`
    with folded as (
      select f.*, p.id as parent_id
      from unnest(
        ${[...folded.keys()]}::bigint[], ${column("name")}::text[], ${column("owner")}::text[],
        ${column("segment")}::text[], ${column("stage")}::text[], ${column("zone")}::text[], ${column("parent")}::text[]
      ) as f (id, name, owner, segment, stage, zone, parent)
      left join accounts k on k.key = f.parent
      -- Named by a source's own id, and known by it only later.
      left join identities i on k.id is null and i.source || '-' || i.external_id = f.parent
      -- A parent that went up in another account: that one.
      left join accounts p on p.id = coalesce(k.merged_into, k.id, i.account_id)
    ), updated as (
      update accounts a
      set name = coalesce(f.name, a.key), owner = f.owner, segment = f.segment, stage = f.stage, zone = f.zone,
        parent_key = f.parent, parent_id = f.parent_id
      from folded f
      where a.id = f.id
        and (a.name, a.owner, a.segment, a.stage, a.zone, a.parent_key, a.parent_id)
          is distinct from (coalesce(f.name, a.key), f.owner, f.segment, f.stage, f.zone, f.parent, f.parent_id)
    )
    select a.id, a.parent_id as old_id, f.parent_id as new_id
    from folded f join accounts a on a.id = f.id
    where a.parent_id is distinct from f.parent_id`.execute(tx);
  if (moved.length === 0) return;
  await cutCycles(tx, moved);
  await markDirty(tx, new Set(moved.flatMap(({ oldId, newId }) => [oldId, newId]).filter((id) => id !== null)));
}

/**
 * A change that was dated ahead takes effect unasked, whenever its account is next written. Should it close a cycle, the account has no
 * parent: accounts of a cycle would wait for each other for ever.
 */
export async function cutCycles(
  tx: Tx,
  moved: readonly { readonly id: number; readonly newId: number | null }[],
): Promise<void> {
  const ids = moved.filter(({ newId }) => newId !== null).map(({ id }) => id);
  if (ids.length === 0) return;
  await sql`
    with recursive up as (
      select id as start, parent_id from accounts where id = any(${ids}::bigint[])
      union
      select up.start, a.parent_id from accounts a join up on a.id = up.parent_id
    )
    update accounts set parent_id = null where id in (select start from up where parent_id = start)`.execute(tx);
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
