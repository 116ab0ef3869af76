import { sql } from "kysely";
import { describe, expect } from "vitest";
import { dataRetentionSchema } from "../../src/scoring/data-retention.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { ensurePartitions } from "../../src/store/partitions.ts";
import { maintain, readLastMaintenance, readRetention, type TableMaintenance } from "../../src/store/retention.ts";
import { readPreviousScores } from "../../src/store/scores.ts";
import { test } from "../support/database.ts";

const now = new Date("2026-03-10T12:00:00Z");
const retention = dataRetentionSchema.parse({});
const live = { isDryRun: false, maxRows: 1_000_000 };

/** A score on each of the days from `from` to `to` for accounts 1 to `accounts`. */
async function insertScores(db: Db, from: string, to: string, accounts = 1): Promise<void> {
  await sql`
    insert into scores (account_id, day, at, origin, model_id, model_revision, score, coverage, reason, band_memory, drivers, metrics)
    select a, d, d + time '23:00', 'live', 'default', 1, 50, 1, '', '{}', '[]', '{}'
    from generate_series(1, ${accounts}::integer) a, generate_series(${from}::date, ${to}::date, interval '1 day') d`.execute(
    db,
  );
}

async function scoreDays(db: Db, account = 1): Promise<string[]> {
  const rows = await db.selectFrom("scores").select("day").where("accountId", "=", account).orderBy("day").execute();
  return rows.map((row) => row.day);
}

async function partitionsOf(db: Db, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = ${table}::regclass order by 1`.execute(
    db,
  );
  return rows.map((row) => row.name);
}

const of = (table: string, tables: readonly TableMaintenance[]) => tables.find((one) => one.table === table);

describe("scores", () => {
  test("are kept daily for the days that are asked for, older ones as the last of each ISO week", async ({ db }) => {
    await ensurePartitions(db, "scores", "2025-11-01", "2026-03-10", now);
    await insertScores(db, "2025-11-24", "2026-03-10", 2);
    const before = await scoreDays(db);
    const done = await maintain(db, retention, live, now);
    // 90 days before 10 March is 10 December, a Wednesday.
    const daily = before.filter((day) => day >= "2025-12-10");
    expect(await scoreDays(db)).toEqual(["2025-11-30", "2025-12-07", ...daily]);
    expect(of("scores", done)).toMatchObject({ removed: 2 * (before.length - daily.length - 2), isDone: true });
    expect(of("scores", await maintain(db, retention, live, now))).toMatchObject({ removed: 0 });
  });

  test("of a week that ends in the next month are one score, not two", async ({ db }) => {
    await ensurePartitions(db, "scores", "2025-09-01", "2025-10-31", now);
    await insertScores(db, "2025-09-29", "2025-10-05");
    await maintain(db, retention, live, now);
    expect(await scoreDays(db)).toEqual(["2025-10-05"]);
  });

  test("end at last, but an account's newest one stays, with what its band remembers", async ({ db }) => {
    await insertScores(db, "2020-01-01", "2020-02-20");
    await sql`update scores set band_memory = '{"band":"red"}' where day = '2020-02-20'`.execute(db);
    await maintain(db, retention, live, now);
    expect(await scoreDays(db)).toEqual(["2020-02-20"]);
    const today = Math.floor(now.getTime() / 86_400_000);
    expect((await readPreviousScores(db, [1], today)).get(1)).toMatchObject({ bandMemory: { band: "red" } });
  });

  test("are kept for ever where the company says so", async ({ db }) => {
    await insertScores(db, "2020-01-06", "2020-01-19");
    await maintain(db, dataRetentionSchema.parse({ scores: null }), live, now);
    expect(await scoreDays(db)).toEqual(["2020-01-12", "2020-01-19"]);
  });

  test("that a replay writes into a month thinned before are thinned as well", async ({ db }) => {
    await ensurePartitions(db, "scores", "2025-10-01", "2025-11-30", now);
    await insertScores(db, "2025-10-06", "2025-10-12");
    await maintain(db, retention, live, now);
    await insertScores(db, "2025-10-13", "2025-10-19");
    // What another session has inserted is in the statistics after a moment; this asks for it at once.
    await sql`select pg_stat_force_next_flush()`.execute(db);
    await expect
      .poll(async () => {
        await maintain(db, retention, live, now);
        return scoreDays(db);
      })
      .toEqual(["2025-10-12", "2025-10-19"]);
  });

  test("leave no empty partitions behind once their time is over", async ({ db }) => {
    const then = new Date("2023-01-10T00:00:00Z");
    await ensurePartitions(db, "scores", "2022-12-01", "2023-01-31", then);
    await insertScores(db, "2022-12-01", "2022-12-31");
    await insertScores(db, "2026-03-01", "2026-03-10");
    const done = await maintain(db, retention, live, now);
    expect(of("scores", done)).toEqual({
      table: "scores",
      removed: 31,
      dropped: ["scores_2022_12", "scores_2023_01"],
      isDone: true,
    });
    expect(await partitionsOf(db, "scores")).toEqual(["scores_default"]);
  });
});

test("raw usage events end after two weeks, those of an imported history never", async ({ db }) => {
  await sql`
    insert into usage_events (account_id, key, name_id, day, value, recorded_at, backfilled)
    select 1, gen_random_uuid(), 1, '2026-01-01', 1, at, backfilled
    from unnest(array[timestamptz '2026-02-24T11:59:00Z', '2026-02-24T12:01:00Z']) at, unnest(array[true, false]) backfilled`.execute(
    db,
  );
  expect(of("usage_events", await maintain(db, retention, live, now))).toMatchObject({ removed: 1 });
  const rows = await db.selectFrom("usageEvents").select(["backfilled", "recordedAt"]).orderBy("recordedAt").execute();
  const late = "2026-02-24T12:01:00.000Z";
  expect(rows.map((row) => [row.backfilled, row.recordedAt.toISOString()]).sort()).toEqual([
    [false, late],
    [true, "2026-02-24T11:59:00.000Z"],
    [true, late],
  ]);
});

test("what waits for an account that never came ends after 400 days, that of an imported history never", async ({
  db,
}) => {
  await sql`
    insert into held_inputs (source, account, input, recorded_at, backfilled, hash)
    select 'crm', 'nobody', '{}', at, backfilled, gen_random_uuid()
    from unnest(array[timestamptz '2025-02-03T11:59:00Z', '2025-02-03T12:01:00Z']) at, unnest(array[true, false]) backfilled`.execute(
    db,
  );
  expect(of("held_inputs", await maintain(db, retention, live, now))).toMatchObject({ removed: 1, isDone: true });
  const rows = await db.selectFrom("heldInputs").select(["backfilled", "recordedAt"]).orderBy("id").execute();
  const late = "2025-02-03T12:01:00.000Z";
  expect(rows.map((row) => [row.backfilled, row.recordedAt.toISOString()]).sort()).toEqual([
    [false, late],
    [true, "2025-02-03T11:59:00.000Z"],
    [true, late],
  ]);
});

test("changes and users past their time go with their partitions, and out of the default one", async ({ db }) => {
  const then = new Date("2023-01-10T00:00:00Z");
  await ensurePartitions(db, "changes", "2023-01-01", "2023-01-31", then);
  await sql`insert into changes (account_id, at, kind, data) values
    (1, '2023-01-05', 'band', '{}'), (1, '2021-01-05', 'band', '{}'), (1, '2026-01-05', 'band', '{}')`.execute(db);
  await sql`insert into usage_users (account_id, name_id, day, user_hash, recorded_at) values
    (1, 1, '2025-02-02', 7, now()), (1, 1, '2025-02-03', 7, now())`.execute(db);
  const done = await maintain(db, retention, live, now);
  expect(of("changes", done)).toMatchObject({ removed: 2, dropped: ["changes_2023_01"] });
  expect(of("usage_users", done)).toMatchObject({ removed: 1 });
  expect(await db.selectFrom("changes").select("at").execute()).toHaveLength(1);
});

test("a dry run counts the same and changes nothing", async ({ db }) => {
  await ensurePartitions(db, "scores", "2025-10-01", "2026-03-10", now);
  await insertScores(db, "2025-10-01", "2026-03-10");
  await sql`insert into changes (account_id, at, kind, data) values (1, '2021-01-05', 'band', '{}')`.execute(db);
  const counted = await maintain(db, retention, { ...live, isDryRun: true }, now);
  expect(await scoreDays(db)).toHaveLength(161);
  expect(await readLastMaintenance(db)).toBeNull();
  expect(await maintain(db, retention, live, now)).toEqual(counted);
  expect(await readLastMaintenance(db)).toEqual(now);
});

test("a pass that meets its limit says so, and the next one goes on", async ({ db }) => {
  await ensurePartitions(db, "scores", "2025-09-01", "2025-12-31", now);
  await insertScores(db, "2025-09-01", "2025-11-30");
  const first = of("scores", await maintain(db, retention, { ...live, maxRows: 10 }, now));
  expect(first?.isDone).toBe(false);
  expect(of("scores", await maintain(db, retention, live, now))?.isDone).toBe(true);
  expect(await scoreDays(db)).toHaveLength(13);
});

test("two passes at once remove each row once, beside a writer that holds a partition", async ({ db }) => {
  await ensurePartitions(db, "scores", "2022-12-01", "2022-12-31", new Date("2023-01-10T00:00:00Z"));
  await insertScores(db, "2022-12-01", "2022-12-31", 50);
  await insertScores(db, "2026-03-09", "2026-03-10", 50);
  const writer = await db.startTransaction().execute();
  await sql`select from scores limit 1`.execute(writer);
  const passes = await Promise.all([maintain(db, retention, live, now), maintain(db, retention, live, now)]);
  await writer.commit().execute();
  expect(passes.reduce((sum, pass) => sum + (of("scores", pass)?.removed ?? 0), 0)).toBe(50 * 31);
  expect(await partitionsOf(db, "scores")).toContain("scores_2022_12");
  await maintain(db, retention, live, now);
  expect(await partitionsOf(db, "scores")).toEqual(["scores_default"]);
});

test("how long is what the live company document says", async ({ db }) => {
  expect(await readRetention(db)).toEqual(retention);
  const company = { name: "Acme", zone: "Etc/UTC", reportingCurrency: "EUR", retention: { usageEvents: "30d" } };
  const documents = [{ kind: "company", id: "company", body: company }];
  await db.transaction().execute((tx) => applyDocuments(tx, documents, { author: "ana", note: null, now }));
  expect(await readRetention(db)).toMatchObject({ usageEvents: 30, scoresDaily: 90 });
});
