import { sql } from "kysely";
import type { Tx } from "../db.ts";
import { sourceKey } from "../identity/directory.ts";
import { cutCycles, markDirty } from "./accounts.ts";
import type { PlacedInput } from "./known-input.ts";

/**
 * Inputs with parents named by our keys. A source whose ids are its own names them by these: one that nobody knows yet gets the name that the source's id will be
 * looked for by once it is known.
 */
export async function nameParents(tx: Tx, inputs: readonly PlacedInput[]): Promise<readonly PlacedInput[]> {
  const sought = inputs.filter((each) => foreignParent(each) !== null);
  if (sought.length === 0) return inputs;
  const { rows } = await sql<{ n: number; key: string }>`
    select s.n, a.key
    from unnest(${sought.map(({ source }) => source)}::text[], ${sought.map(foreignParent)}::text[])
      with ordinality as s (source, external_id, n)
    join identities i on i.source = s.source and i.external_id = s.external_id
    join accounts a on a.id = i.account_id`.execute(tx);
  const keys = new Map(rows.map(({ n, key }) => [sought[n - 1], key]));
  return inputs.map((each) => {
    const parent = foreignParent(each);
    if (parent === null || each.input.kind !== "account") return each;
    const named = keys.get(each) ?? sourceKey(each.source, parent);
    return { ...each, input: { ...each.input, set: { ...each.input.set, parent: named } } };
  });
}

function foreignParent({ input, idsAreKeys }: PlacedInput): string | null {
  return input.kind === "account" && !idsAreKeys ? (input.set.parent ?? null) : null;
}

/** Accounts whose parent was named by an id of a source that is known from now on have found it. */
export async function linkParents(
  tx: Tx,
  identities: readonly { readonly source: string; readonly externalId: string; readonly accountId: number }[],
): Promise<void> {
  const { rows } = await sql<{ id: number; parentId: number }>`
    update accounts a set parent_id = i.account_id
    from unnest(
      ${identities.map(({ source, externalId }) => sourceKey(source, externalId))}::text[],
      ${identities.map(({ accountId }) => accountId)}::bigint[]
    ) as i (name, account_id)
    where a.parent_key = i.name and a.parent_id is null and a.parent_key is not null and a.id <> i.account_id
    returning a.id, a.parent_id`.execute(tx);
  if (rows.length === 0) return;
  await cutCycles(
    tx,
    rows.map(({ id, parentId }) => ({ id, newId: parentId })),
  );
  await markDirty(tx, new Set(rows.map(({ parentId }) => parentId)));
}
