import { sql } from "kysely";
import type { Input } from "../scoring/records.ts";
import { accountOfUser, userOfAccount } from "../scoring/user-account.ts";
import { findAccountIds } from "./accounts-directory.ts";
import type { Tx } from "./db.ts";
import { passGate } from "./intake/gate.ts";
import { applyHeld, type IntakeSummary } from "./intake.ts";

/** The account that a user of a tracked product belongs to from then on. */
export interface UserAccount {
  readonly user: string;
  /** The source's id for the account. */
  readonly account: string;
  readonly at: string;
}

/** Inputs on their way, with the accounts of users put in. */
export interface PlacedInputs {
  readonly inputs: readonly Input[];
  /** Accounts for which inputs of users were held, and are held under the account now: to be applied. */
  readonly freed: readonly string[];
}

/**
 * Notes which accounts users belong to, the latest statement counts, and puts those accounts in where inputs name a user's. A user nobody
 * has placed yet stays: what is theirs is held until somebody does. Before any row of an account is locked.
 */
export async function placeUsers(
  tx: Tx,
  batch: { readonly source: string; readonly users: readonly UserAccount[]; readonly inputs: readonly Input[] },
): Promise<PlacedInputs> {
  const { source, users, inputs } = batch;
  const named = [...users.map(({ user }) => user), ...inputs.flatMap((input) => userOfInput(input) ?? [])];
  if (named.length === 0) return { inputs, freed: [] };
  const wanted = [...new Set(named)];
  const before = await readAccounts(tx, source, wanted);
  // What is held for a user must meet whoever places the user: neither may be missed by the other.
  const isAlone = wanted.some((user) => !before.has(user));
  if (isAlone) await passGate(tx, "alone");
  if (users.length > 0) await remember(tx, source, users);
  const known = isAlone || users.length > 0 ? await readAccounts(tx, source, wanted) : before;
  const fresh = [...known].filter(([user]) => !before.has(user));
  const freed = await free(tx, source, new Map(fresh));
  return { inputs: inputs.map((input) => placed(input, known)), freed };
}

/** Applies what was freed for accounts that were there already; for others it is applied when they are made. */
export async function applyFreed(
  tx: Tx,
  { source, idsAreKeys }: { readonly source: string; readonly idsAreKeys: boolean },
  freed: readonly string[],
  now: Date,
): Promise<Pick<IntakeSummary, "written" | "rejected">> {
  if (freed.length === 0) return { written: 0, rejected: [] };
  const accountIds = await findAccountIds(tx, source, freed, idsAreKeys);
  return applyHeld(tx, [...accountIds.values()], now);
}

function userOfInput(input: Input): string | null {
  return input.kind === "account" || input.account === undefined ? null : userOfAccount(input.account);
}

function placed(input: Input, known: ReadonlyMap<string, string>): Input {
  const user = userOfInput(input);
  const account = user === null ? undefined : known.get(user);
  return account === undefined || input.kind === "account" ? input : { ...input, account };
}

async function readAccounts(tx: Tx, source: string, users: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ userId: string; account: string }>`
    select user_id, account from source_users
    where source = ${source} and user_id = any(${users}::text[])`.execute(tx);
  return new Map(rows.map(({ userId, account }) => [userId, account]));
}

/** Of two statements of the same moment the greater account counts, so that their order does not matter. */
async function remember(tx: Tx, source: string, users: readonly UserAccount[]): Promise<void> {
  await sql`
    insert into source_users as s (source, user_id, account, at)
    select distinct on (user_id) ${source}, user_id, account, at
    from unnest(
      ${users.map(({ user }) => user)}::text[], ${users.map(({ account }) => account)}::text[],
      ${users.map(({ at }) => at)}::timestamptz[]
    ) as g (user_id, account, at)
    order by user_id, at desc, account desc
    on conflict (source, user_id) do update set account = excluded.account, at = excluded.at
    where (excluded.at, excluded.account) > (s.at, s.account)`.execute(tx);
}

/** Holds under the accounts what was held for their users; what is held there already, once. */
async function free(tx: Tx, source: string, users: ReadonlyMap<string, string>): Promise<readonly string[]> {
  if (users.size === 0) return [];
  const names = [...users.keys()].map(accountOfUser);
  const { rows } = await sql<{ account: string }>`
    with placed as (
      select h.id, p.account, jsonb_set(h.input, '{account}', to_jsonb(p.account)) as input
      from unnest(${names}::text[], ${[...users.values()]}::text[]) as p (name, account)
      join held_inputs h on h.source = ${source} and h.account = p.name
    )
    update held_inputs h set account = p.account, input = p.input, hash = md5(p.input::text)::uuid
    from placed p
    where h.id = p.id and not exists (
      select from held_inputs o
      where o.source = ${source} and o.account = p.account and o.hash = md5(p.input::text)::uuid)
    returning h.account`.execute(tx);
  await sql`delete from held_inputs where source = ${source} and account = any(${names}::text[])`.execute(tx);
  return [...new Set(rows.map(({ account }) => account))];
}
