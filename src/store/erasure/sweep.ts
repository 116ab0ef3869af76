import { type RawBuilder, sql } from "kysely";
import type { Input } from "../../scoring/records.ts";
import type { Tx } from "../db.ts";
import { leavesOf, stretchesOf } from "../pages.ts";
import { type Eraser, eraseInput, eraseJson } from "./eraser.ts";
import { erasableTexts, type TextColumn } from "./texts.ts";

/** Inputs that wait for their account are known by a hash of themselves, which must stay true. */
const heldTable = "held_inputs";

/**
 * Takes a person out of every text of the database; answers how many rows of each table were changed. Rows that hold one of `needles`
 * (capitals do not matter) are read and written; of the others the server only looks at the text.
 */
export async function sweepTexts(
  tx: Tx,
  eraser: Eraser,
  needles: readonly string[],
): Promise<{ readonly table: string; readonly rows: number }[]> {
  const columns = await erasableTexts(tx);
  const swept: { table: string; rows: number }[] = [];
  for (const table of [...new Set(columns.map((column) => column.table))]) {
    const rows =
      table === heldTable
        ? await sweepHeld(tx, eraser, needles)
        : await sweepTable(
            tx,
            columns.filter((column) => column.table === table),
            eraser,
            needles,
          );
    if (rows > 0) swept.push({ table, rows });
  }
  return swept;
}

/** The accounts that have a record in which one of these texts stands. */
export async function accountsNaming(tx: Tx, needles: readonly string[]): Promise<number[]> {
  const { rows } = await sql<{ accountId: number }>`
    select distinct t.account_id from record_changes t where ${holdsAny(sql`t.set::text`, needles)}`.execute(tx);
  return rows.map((row) => row.accountId);
}

async function sweepTable(
  tx: Tx,
  columns: readonly TextColumn[],
  eraser: Eraser,
  needles: readonly string[],
): Promise<number> {
  const [first] = columns;
  if (first === undefined) return 0;
  let changed = 0;
  for (const leaf of await leavesOf(tx, first.table)) {
    for (const stretch of await stretchesOf(tx, leaf, "t")) {
      for (const row of await readRows(tx, leaf, columns, stretch, needles)) {
        if (await eraseRow(tx, leaf, columns, row, eraser)) changed += 1;
      }
    }
  }
  return changed;
}

/** Where a row lies, and its texts in the order of the columns. */
interface TextRow {
  readonly place: string;
  readonly texts: readonly (string | null)[];
}

async function readRows(
  tx: Tx,
  leaf: string,
  columns: readonly TextColumn[],
  stretch: RawBuilder<boolean>,
  needles: readonly string[],
): Promise<readonly TextRow[]> {
  const texts = sql.join(columns.map(({ column }) => sql`${sql.ref(`t.${column}`)}::text`));
  const { rows } = await sql<TextRow>`
    select t.ctid::text as place, array[${texts}] as texts
    from ${sql.table(leaf)} t
    where ${stretch} and ${holdsAny(sql`concat_ws(E'\n', ${texts})`, needles)}
    for update of t`.execute(tx);
  return rows;
}

function holdsAny(text: RawBuilder<unknown>, needles: readonly string[]): RawBuilder<boolean> {
  // `offset 0` keeps the server from spelling the text anew for each needle.
  return sql`exists (select from (select lower(${text}) as text offset 0) l, unnest(${needles}::text[]) n
    where strpos(l.text, lower(n)) > 0)`;
}

async function eraseRow(
  tx: Tx,
  leaf: string,
  columns: readonly TextColumn[],
  row: TextRow,
  eraser: Eraser,
): Promise<boolean> {
  const changes: Change[] = [];
  for (const [index, column] of columns.entries()) {
    const text = row.texts[index] ?? null;
    const erased = text === null ? null : eraseColumn(column, text, eraser);
    if (erased !== null) changes.push({ column, erased });
  }
  if (changes.length === 0) return false;
  if (changes.some(({ column }) => column.isKey)) await updateKeys(tx, leaf, row.place, changes);
  else await update(tx, leaf, row.place, changes);
  return true;
}

interface Change {
  readonly column: TextColumn;
  readonly erased: string;
}

async function update(tx: Tx, leaf: string, place: string, changes: readonly Change[]): Promise<void> {
  const sets = changes.map(
    ({ column, erased }) => sql`${sql.ref(column.column)} = ${erased}::text::${sql.raw(column.type)}`,
  );
  await sql`update ${sql.table(leaf)} set ${sql.join(sets)} where ctid = ${place}::tid`.execute(tx);
}

/** Two rows that named the person in two spellings may not come to the same key: the second is told apart by where it lay. */
async function updateKeys(tx: Tx, leaf: string, place: string, changes: readonly Change[]): Promise<void> {
  await sql`savepoint before_keys`.execute(tx);
  try {
    await update(tx, leaf, place, changes);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === uniqueViolation)) throw error;
    await sql`rollback to savepoint before_keys`.execute(tx);
    const apart = changes.map((change) =>
      change.column.isKey ? { ...change, erased: `${change.erased} ${place}` } : change,
    );
    await update(tx, leaf, place, apart);
  }
  await sql`release savepoint before_keys`.execute(tx);
}

const uniqueViolation = "23505";

/** Null where there is nothing to take out. */
function eraseColumn({ type, isKey }: TextColumn, text: string, eraser: Eraser): string | null {
  if (type === "text") {
    const erased = isKey ? eraser.id(text) : eraser.text(text);
    return erased === text ? null : erased;
  }
  const before: unknown = JSON.parse(text);
  const erased = JSON.stringify(eraseJson(eraser, before));
  return erased === JSON.stringify(before) ? null : erased;
}

interface HeldRow {
  readonly id: number;
  readonly source: string;
  readonly account: string;
  readonly input: Input;
  readonly recordedAt: string;
  readonly backfilled: boolean;
  readonly idsAreKeys: boolean;
  readonly stream: string | null;
}

/** Two that say the same afterwards are one. */
async function sweepHeld(tx: Tx, eraser: Eraser, needles: readonly string[]): Promise<number> {
  const { rows } = await sql<HeldRow>`
    delete from held_inputs t where ${holdsAny(sql`concat_ws(E'\n', t.source, t.account, t.input::text)`, needles)}
    returning t.id, t.source, t.account, t.input, t.recorded_at::text as recorded_at, t.backfilled, t.ids_are_keys,
      t.stream`.execute(tx);
  let changed = 0;
  for (const row of rows) {
    const input = eraseInput(eraser, row.input);
    if (JSON.stringify(input) !== JSON.stringify(row.input)) changed += 1;
    await sql`
      insert into held_inputs (id, source, account, input, recorded_at, backfilled, ids_are_keys, stream, hash)
      overriding system value
      values (${row.id}, ${row.source}, ${eraser.id(row.account)}, ${JSON.stringify(input)}::jsonb,
        ${row.recordedAt}::timestamptz, ${row.backfilled}, ${row.idsAreKeys}, ${row.stream}, md5((${JSON.stringify(input)}::jsonb)::text)::uuid)
      on conflict (source, account, hash) do nothing`.execute(tx);
  }
  return changed;
}
