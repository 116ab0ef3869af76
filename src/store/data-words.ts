import { sql } from "kysely";
import type { Db } from "./db.ts";

/** Names that the data itself has brought: for editors that complete them. */
export interface DataWords {
  readonly usageNames: readonly string[];
  /** Fields of accounts of one's own, without `account.fields.`. */
  readonly fields: readonly string[];
  readonly segments: readonly string[];
}

/** A list longer than this completes nothing any more. */
const mostWords = 500;

/** The usage names, own fields and segments there are, in order of name. */
export async function readDataWords(db: Db): Promise<DataWords> {
  const names = await sql<{ name: string }>`select name from usage_names order by name limit ${mostWords}`.execute(db);
  const fields = await sql<{ name: string }>`
    select distinct key as name from record_changes c, json_object_keys(c.set -> 'fields') as key
    where c.kind = 'account' and json_typeof(c.set -> 'fields') = 'object'
    order by name limit ${mostWords}`.execute(db);
  const segments = await sql<{ name: string }>`
    select distinct set ->> 'segment' as name from record_changes
    where kind = 'account' and set ->> 'segment' is not null
    order by name limit ${mostWords}`.execute(db);
  const listOf = ({ rows }: { readonly rows: readonly { readonly name: string }[] }) => rows.map(({ name }) => name);
  return { usageNames: listOf(names), fields: listOf(fields), segments: listOf(segments) };
}
