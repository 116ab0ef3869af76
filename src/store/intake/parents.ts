import { sql } from "kysely";
import type { Tx } from "../db.ts";
import type { KnownInput, PlacedInput, PlacedRecord, Rejection } from "./known-input.ts";

/** What a change says of an account's parent: from the batch, or known before (`input` is null). */
interface Statement {
  readonly accountId: number;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly parent: string | null;
  readonly input: PlacedRecord | null;
}

interface Family {
  readonly ids: ReadonlyMap<string, number>;
  readonly keys: ReadonlyMap<number, string>;
  /** The parent of each account above those the batch speaks of. */
  readonly parents: ReadonlyMap<number, number>;
}

/** True for a record that says who an account's parent is: its writer must be alone, since a cycle may span many accounts. */
export function saysParent({ input }: KnownInput): boolean {
  return input.kind === "account" && input.set.parent !== undefined;
}

/**
 * Sorts out the account records by which an account would become its own ancestor; all others are kept. Asked behind the gate, by a
 * writer that is alone.
 */
export async function refuseCycles(
  tx: Tx,
  records: readonly PlacedRecord[],
  now: Date,
): Promise<{ readonly kept: readonly PlacedRecord[]; readonly rejected: readonly Rejection[] }> {
  const stated = records.filter(saysParent).map(statementOf);
  if (!stated.some(({ parent }) => parent !== null)) return { kept: records, rejected: [] };
  const statements = [...(await readStatements(tx, stated)), ...stated].sort(byTime);
  const family = await readFamily(tx, stated);
  const refused = new Map<PlacedInput, string>();
  let before = -1;
  // What stands in place of a refused record may close a cycle in its turn.
  while (refused.size > before) {
    before = refused.size;
    refuseOnce(inForce(statements, refused, now.getTime()), family, refused);
  }
  const cause = "its parent would close a cycle";
  const rejected = [...refused].map(([{ index }, path]) => ({ index, reason: `${cause}: ${path}`, cause }));
  return { kept: records.filter((record) => !refused.has(record)), rejected };
}

function statementOf(record: PlacedRecord): Statement {
  const { accountId, recordedAt, input } = record;
  const parent = input.kind === "account" ? (input.set.parent ?? null) : null;
  return { accountId, occurredAt: Date.parse(input.at), recordedAt, parent, input: record };
}

/** Of two about one moment the known one comes first: the other is its correction. */
function byTime(a: Statement, b: Statement): number {
  return (
    a.occurredAt - b.occurredAt || Number(a.input !== null) - Number(b.input !== null) || a.recordedAt - b.recordedAt
  );
}

async function readStatements(tx: Tx, stated: readonly Statement[]): Promise<Statement[]> {
  const { rows } = await sql<Omit<Statement, "input">>`
    select account_id, date_part('epoch', occurred_at) * 1000 as occurred_at,
      date_part('epoch', recorded_at) * 1000 as recorded_at, set->>'parent' as parent
    from record_changes
    where account_id = any(${[...new Set(stated.map(({ accountId }) => accountId))]}::bigint[])
      and kind = 'account' and set->'parent' is not null
    order by recorded_at`.execute(tx);
  return rows.map((row) => ({ ...row, input: null }));
}

async function readFamily(tx: Tx, stated: readonly Statement[]): Promise<Family> {
  const named = [...new Set(stated.flatMap(({ parent }) => (parent === null ? [] : [parent])))];
  const { rows } = await sql<{ id: number; key: string; parentId: number | null }>`
    with recursive up as (
      select id, key, parent_id from accounts where key = any(${named}::text[]) or id = any(${stated.map(({ accountId }) => accountId)}::bigint[])
      union
      select a.id, a.key, a.parent_id from accounts a join up on a.id = up.parent_id
    )
    select id, key, parent_id from up`.execute(tx);
  return {
    ids: new Map(rows.map(({ id, key }) => [key, id])),
    keys: new Map(rows.map(({ id, key }) => [id, key])),
    parents: new Map(rows.flatMap(({ id, parentId }) => (parentId === null ? [] : [[id, parentId] as const]))),
  };
}

/** What holds of each account once the batch is written, but for what was refused; what was known before comes first. */
function inForce(
  statements: readonly Statement[],
  refused: ReadonlyMap<PlacedInput, string>,
  now: number,
): readonly Statement[] {
  const last = new Map<number, Statement>();
  for (const statement of statements) {
    const isRefused = statement.input !== null && refused.has(statement.input);
    // Not by when it was recorded: a correction of the same instant is recorded a moment later than now.
    if (statement.occurredAt <= now && !isRefused) last.set(statement.accountId, statement);
  }
  return [...last.values()].sort((a, b) => (a.input?.index ?? -1) - (b.input?.index ?? -1));
}

function refuseOnce(statements: readonly Statement[], family: Family, refused: Map<PlacedInput, string>): void {
  const parents = new Map(family.parents);
  for (const { accountId } of statements) parents.delete(accountId);
  for (const { accountId, parent, input } of statements) {
    const parentId = parent === null ? undefined : family.ids.get(parent);
    if (parentId === undefined) continue;
    const path = pathTo(accountId, parentId, parents);
    if (path === null) parents.set(accountId, parentId);
    else if (input !== null) {
      refused.set(input, [accountId, ...path].map((id) => family.keys.get(id) ?? String(id)).join(" → "));
    }
  }
}

/** The way up from an account to another, null when it does not lead there. */
function pathTo(accountId: number, fromId: number, parents: ReadonlyMap<number, number>): readonly number[] | null {
  const path: number[] = [];
  for (let id: number | undefined = fromId; id !== undefined; id = parents.get(id)) {
    path.push(id);
    if (id === accountId) return path;
  }
  return null;
}
