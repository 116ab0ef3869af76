import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { sql } from "kysely";
import { describe, expect, inject, onTestFinished } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { listScoredAccounts } from "../../src/queries/accounts.ts";
import { explainAccount } from "../../src/queries/explain.ts";
import { writeBackup } from "../../src/store/backup.ts";
import { type Database, type Db, openDatabase } from "../../src/store/db.ts";
import { ensureScorePartitions } from "../../src/store/partitions.ts";
import { restoreBackup } from "../../src/store/restore.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { createDatabase, dropDatabase, test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const configuration = configure([playbook()]);

/** A company with scores, an alert and texts that a careless copy would break. */
async function furnish(db: Db): Promise<void> {
  const log = createSilentLog();
  await ensureScorePartitions(db, now);
  await take(db, [...account("acme", "2026-03-09", [1, 1, 1]), ...account("beta", "2026-03-09", [9, 9, 9])], now);
  const comment = 'tab\t, newline\n, back\\slash, \\N, \\.\n\\.\n and "quotes" ❦';
  const at = "2026-03-01T00:00:00Z";
  await take(db, [{ kind: "survey", id: "s1", account: "acme", at, set: { comment } }], now);
  await cover(db, "2026-03-09", now);
  await scoreDue({ db, configuration, log }, now);
  await respondDue({ db, configuration, log }, now);
  await sql`insert into tasks (account_id, title, body, state, created_at) values (1, ${comment}, '\\.', 'open', now())`.execute(
    db,
  );
  await sql`update accounts set parent_id = 2 where id = 1`.execute(db);
}

async function emptyDatabase(): Promise<Database> {
  const url = await createDatabase(inject("postgresTemplate"));
  const database = openDatabase(url, { max: 4 });
  onTestFinished(async () => {
    await database.close();
    await dropDatabase(url);
  });
  return database;
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "keepwell-backup-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** Everything in a database: per table and partition the rows as text, in order. */
async function contentOf(db: Db): Promise<Map<string, string>> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`.execute(
    db,
  );
  const content = new Map<string, string>();
  for (const { name } of rows) {
    const found = await sql<{ text: string }>`
      select string_agg(t::text, E'\n' order by t::text) as text from ${sql.table(name)} t`.execute(db);
    content.set(name, name === "keepwell_migrations" ? "" : String(found.rows[0]?.text));
  }
  return content;
}

test("what is restored is all that was there, in the same partitions, and answers the same", async ({ db, pool }) => {
  await furnish(db);
  const file = join(await folder(), "keepwell.backup");
  const { tables } = await writeBackup(pool, file);
  expect(tables.find(({ name }) => name === "tasks")?.rows).toBe(1);
  const other = await emptyDatabase();
  expect(await restoreBackup(other, file, now)).toMatchObject({ kind: "restored" });
  expect(await contentOf(other.db)).toEqual(await contentOf(db));
  const accounts = { order: "score", limit: 10 } as const;
  expect(await listScoredAccounts(other.db, accounts)).toEqual(await listScoredAccounts(db, accounts));
  for (const key of ["acme", "beta"]) {
    const question = { key, day: null };
    const answer = await explainAccount(db, configuration, question, now);
    expect(answer).not.toBeNull();
    expect(await explainAccount(other.db, configuration, question, now)).toEqual(answer);
  }
});

test("ids go on after the last one that was given out, also where its row is gone", async ({ db, pool }) => {
  await furnish(db);
  await sql`delete from tasks`.execute(db);
  const file = join(await folder(), "keepwell.backup");
  await writeBackup(pool, file);
  const other = await emptyDatabase();
  await restoreBackup(other, file, now);
  const { rows } = await sql<{ id: number }>`
    insert into tasks (account_id, title, state, created_at) values (1, 'next', 'open', now()) returning id`.execute(
    other.db,
  );
  expect(rows).toEqual([{ id: 2 }]);
});

test("a backup is of one moment, and a file for its owner alone", async ({ db, pool }) => {
  await furnish(db);
  const where = await folder();
  const late = () =>
    sql`insert into verdicts (run_id, author, verdict, at) select id, 'ana', 'useful', now() from runs
      on conflict do nothing`.execute(db);
  await writeBackup(pool, join(where, "keepwell.backup"), async () => void (await late()));
  expect((await stat(join(where, "keepwell.backup"))).mode & 0o777).toBe(0o600);
  const other = await emptyDatabase();
  expect(await restoreBackup(other, join(where, "keepwell.backup"), now)).toMatchObject({ kind: "restored" });
  expect(await other.db.selectFrom("verdicts").selectAll().execute()).toEqual([]);
  expect(await db.selectFrom("verdicts").selectAll().execute()).toHaveLength(2);
});

test("a backup that fails leaves no file", async ({ db, pool }) => {
  await furnish(db);
  const where = await folder();
  const broken = () => {
    throw new Error("the disk is full");
  };
  await expect(writeBackup(pool, join(where, "keepwell.backup"), broken)).rejects.toThrow("the disk is full");
  expect(await readdir(where)).toEqual([]);
});

describe("refused, with nothing changed, is", () => {
  test("a database that is not empty", async ({ db, database, pool }) => {
    await furnish(db);
    const file = join(await folder(), "keepwell.backup");
    await writeBackup(pool, file);
    const before = await contentOf(db);
    expect(await restoreBackup(database, file, now)).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/not empty: there are rows in .*accounts/),
    });
    expect(await contentOf(db)).toEqual(before);
  });

  test("a file that was cut, altered or mixed up", async ({ db, pool }) => {
    await furnish(db);
    const where = await folder();
    const file = join(where, "keepwell.backup");
    await writeBackup(pool, file);
    const whole = await readFile(file);
    const text = gunzipSync(whole);
    const lines = text.toString("latin1").split("\n");
    const withoutTrailer = gzipSync(Buffer.from(`${lines.slice(0, -2).join("\n")}\n`, "latin1"));
    const altered = gzipSync(Buffer.from(text.toString("latin1").replace("acme Ltd", "acne Ltd"), "latin1"));
    const short = gzipSync(Buffer.from(text.toString("latin1").replace(/^.*beta Ltd.*\n/m, ""), "latin1"));
    const fewer = gzipSync(Buffer.from(text.toString("latin1").replace(/^.*quotes.*open.*\n/m, ""), "latin1"));
    const newer = gzipSync(Buffer.from(text.toString("latin1").replace('"version":1', '"version":2'), "latin1"));
    const files = [
      ["cut", whole.subarray(0, whole.length - 20), "ends too early"],
      ["cut early", whole.subarray(0, 300), "ends too early"],
      ["without a trailer", withoutTrailer, "ends too early"],
      ["altered", altered, "its hash is not that of its rows"],
      ["short of a row", short, "damaged"],
      ["short of a task", fewer, "tasks has 0 rows where 1"],
      ["newer", newer, "newer version of Keepwell"],
      ["flipped", Buffer.concat([whole.subarray(0, 2000), Buffer.from([1, 2, 3]), whole.subarray(2003)]), "damaged"],
      ["plain text", Buffer.from("select 1;\n".repeat(1000)), "not a backup of Keepwell"],
      ["gzipped text", gzipSync("select 1;\n"), "not a backup of Keepwell"],
      ["empty", Buffer.alloc(0), "ends too early"],
    ] as const;
    const other = await emptyDatabase();
    const before = await contentOf(other.db);
    for (const [name, bytes, reason] of files) {
      await writeFile(join(where, name), bytes);
      const restored = await restoreBackup(other, join(where, name), now);
      expect({ name, ...restored }).toEqual({ name, kind: "refused", reason: expect.stringContaining(reason) });
    }
    const after = await contentOf(other.db);
    expect([...after].filter(([, text]) => text !== "null" && text !== "")).toEqual(
      [...before].filter(([, text]) => text !== "null" && text !== ""),
    );
    expect(await restoreBackup(other, file, now)).toMatchObject({ kind: "restored" });
  });

  test("a file of another schema, which names what to do", async ({ db, pool }) => {
    await furnish(db);
    const file = join(await folder(), "keepwell.backup");
    await writeBackup(pool, file);
    const other = await emptyDatabase();
    await sql`insert into keepwell_migrations (name, sha256) values ('9999-later', 'abc')`.execute(other.db);
    expect(await restoreBackup(other, file, now)).toEqual({
      kind: "refused",
      reason: expect.stringContaining("Restore it with the version that wrote it"),
    });
  });
});

test("the hash in the trailer is that of all that comes before it", async ({ db, pool }) => {
  await furnish(db);
  const file = join(await folder(), "keepwell.backup");
  await writeBackup(pool, file);
  const text = gunzipSync(await readFile(file));
  const end = text.lastIndexOf("\n", text.length - 2) + 1;
  const trailer: unknown = JSON.parse(text.subarray(end).toString());
  const sha256 = createHash("sha256").update(text.subarray(0, end)).digest("hex");
  expect(trailer).toEqual({ end: "keepwell-backup", sha256 });
});
