import { sql } from "kysely";
import type { Db, Tx } from "../db.ts";

/** A column that may hold what people wrote, or what we wrote about people. */
export interface TextColumn {
  readonly table: string;
  readonly column: string;
  readonly type: "text" | "json" | "jsonb";
  /** Part of a key: two rows may not come to say the same. */
  readonly isKey: boolean;
}

/**
 * Tables without a word about customers' people: documents are the managers' own, kept as they were applied, and the rest is of our own
 * making.
 */
const exempt = [
  "documents",
  "live_documents",
  "document_applications",
  "config_plans",
  "api_tokens",
  "erasures",
  "installation",
  "keepwell_migrations",
] as const;

/** Every column a person may be named in: all of our texts but the exempt, so that a table that is added later is among them. */
export async function erasableTexts(db: Db | Tx): Promise<TextColumn[]> {
  const { rows } = await sql<TextColumn>`
    select c.relname as table, a.attname as column,
      case when a.atttypid in ('json'::regtype, 'jsonb'::regtype) then a.atttypid::regtype::text else 'text' end as type,
      exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any(i.indkey)) as is_key
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and not a.attisdropped and a.attnum > 0
      and a.atttypid in ('text'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype)
      and c.relname <> all(${exempt}::text[])
    order by 1, a.attnum`.execute(db);
  return rows;
}
