import { sql } from "kysely";
import type { Input } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";
import { accountNameOf, type KnownInput, type PlacedInput } from "./known-input.ts";

/** Keeps inputs until their account comes, by the source's id for it or, where these are our keys, by its key; the same input is kept once. */
export async function holdInputs(tx: Tx, inputs: readonly KnownInput[]): Promise<void> {
  if (inputs.length === 0) return;
  await sql`
    insert into held_inputs (source, account, input, recorded_at, backfilled, stream, ids_are_keys, hash)
    select source, account, input, recorded_at, backfilled, stream, ids_are_keys, md5(input::text)::uuid
    from unnest(
      ${inputs.map((each) => each.source)}::text[],
      ${inputs.map((each) => accountNameOf(each.input) ?? "")}::text[],
      ${inputs.map((each) => JSON.stringify(each.keptAs ?? each.input))}::jsonb[],
      ${inputs.map((each) => new Date(each.recordedAt))}::timestamptz[],
      ${inputs.map((each) => each.backfilled)}::boolean[],
      ${inputs.map((each) => each.stream)}::text[],
      ${inputs.map((each) => each.idsAreKeys)}::boolean[]
    ) as h (source, account, input, recorded_at, backfilled, stream, ids_are_keys)
    order by source, account, md5(input::text)
    on conflict do nothing`.execute(tx);
}

/** Takes out what was held for these accounts, under our key or a source's own id for them, in the order it came. */
export async function takeHeldInputs(tx: Tx, accountIds: readonly number[]): Promise<PlacedInput[]> {
  if (accountIds.length === 0) return [];
  const { rows } = await sql<{
    id: number;
    source: string;
    stream: string | null;
    idsAreKeys: boolean;
    input: Input;
    recordedAt: number;
    backfilled: boolean;
    accountId: number;
  }>`
    with names as (
      select id as account_id, null as source, key as name from accounts where id = any(${accountIds}::bigint[])
      union all
      select account_id, source, external_id from identities where account_id = any(${accountIds}::bigint[])
    )
    delete from held_inputs h using names n
    where h.account = n.name and case when n.source is null then h.ids_are_keys else n.source = h.source end
    returning h.id, h.source, h.stream, h.ids_are_keys, h.input, extract(epoch from h.recorded_at)::float8 * 1000 as recorded_at,
      h.backfilled, n.account_id`.execute(tx);
  return rows
    .sort((a, b) => a.id - b.id)
    .map(({ source, stream, idsAreKeys, input, recordedAt, backfilled, accountId }) => ({
      index: -1,
      source,
      stream,
      idsAreKeys,
      input,
      recordedAt: Math.round(recordedAt),
      backfilled,
      accountId,
    }));
}
