import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, inject, onTestFinished } from "vitest";
import { dataRetentionSchema } from "../../src/scoring/data-retention.ts";
import { writeBackup } from "../../src/store/backup.ts";
import { openDatabase } from "../../src/store/db.ts";
import { erasePerson } from "../../src/store/erasure.ts";
import { listInbox, readInboxBacklog, readInboxItem } from "../../src/store/inbox/list.ts";
import { addRefusals, readRefusals } from "../../src/store/inbox/refusals.ts";
import { claimPendingItems, type NewInboxItem, settleItems, storeItems } from "../../src/store/inbox.ts";
import { restoreBackup } from "../../src/store/restore.ts";
import { maintain } from "../../src/store/retention.ts";
import { createDatabase, dropDatabase, test } from "../support/database.ts";

const item = (dedupeKey: string, body = "{}"): NewInboxItem => ({ source: "crm", dedupeKey, occurredAt: null, body });
const few = { items: 10, bytes: 1_000 };

test("tells for each item whether it is new", async ({ db }) => {
  expect(await storeItems(db, [item("a"), item("b"), item("a")])).toEqual([true, true, false]);
  expect(await storeItems(db, [item("b"), { ...item("b"), source: "desk" }])).toEqual([false, true]);
  expect(await storeItems(db, [])).toEqual([]);
});

test("claims the oldest items whose bodies fit together, and one that is larger by itself", async ({ db }) => {
  const bodies = ["1".repeat(400), "é".repeat(300), "2", "3".repeat(5_000), "4"];
  await storeItems(
    db,
    bodies.map((body, index) => item(`${index}`, body)),
  );
  const claimed = async () => (await claimPendingItems(db, few, 60)).map(({ body }) => bodies.indexOf(body));
  expect([await claimed(), await claimed(), await claimed(), await claimed()]).toEqual([[0, 1], [2], [3], [4]]);
  expect(await claimed()).toEqual([]);
});

test("an item that an operator has settled meanwhile stays as it is", async ({ db }) => {
  await storeItems(db, [item("a")]);
  const [claimed] = await claimPendingItems(db, few, 60);
  const id = claimed?.id ?? 0;
  await settleItems(db, [{ id, state: "failed", reason: "first" }]);
  await settleItems(db, [{ id, state: "done", reason: null }]);
  expect(await listInbox(db, { limit: 1 })).toMatchObject([{ state: "failed", reason: "first" }]);
});

test("counts what waits, and how long the oldest has waited", async ({ db }) => {
  expect(await readInboxBacklog(db)).toEqual({ inboxPending: 0, inboxOldestSeconds: 0 });
  await storeItems(db, [item("a"), item("b")]);
  await sql`update inbox set received_at = now() - interval '1 hour' where dedupe_key = 'a'`.execute(db);
  const { inboxPending, inboxOldestSeconds } = await readInboxBacklog(db);
  expect(inboxPending).toBe(2);
  expect(Math.round(inboxOldestSeconds / 60)).toBe(60);
});

test("adds refusals of an hour up, from several servers at once", async ({ db, url }) => {
  const other = openDatabase(url);
  const counts = [
    { source: "crm", reason: "stale", deliveries: 2 },
    { source: "app", reason: "unsigned", deliveries: 1 },
  ];
  const rounds = Array.from({ length: 20 }, (_, round) =>
    addRefusals(round % 2 === 0 ? db : other.db, round % 3 === 0 ? counts : counts.toReversed()),
  );
  await Promise.all(rounds);
  await other.close();
  const kept = await readRefusals(db, new Date(Date.now() - 7_200_000));
  expect(kept).toMatchObject([
    { source: "crm", reason: "stale", deliveries: 40 },
    { source: "app", reason: "unsigned", deliveries: 20 },
  ]);
});

test("forgets what was settled long ago, never what waits", async ({ db }) => {
  await storeItems(db, [item("done"), item("fresh"), item("failed"), item("waits")]);
  const ids = (await claimPendingItems(db, few, 0)).map(({ id }) => id);
  const [done = 0, fresh = 0, failed = 0] = ids;
  await settleItems(db, [
    { id: done, state: "done", reason: null },
    { id: fresh, state: "done", reason: null },
    { id: failed, state: "failed", reason: "no" },
  ]);
  await sql`update inbox set received_at = now() - interval '30 days',
    settled_at = settled_at - case when id = ${fresh} then interval '13 days' else interval '15 days' end`.execute(db);
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(db);
  const retention = dataRetentionSchema.parse({});
  await maintain(db, retention, { isDryRun: false, maxRows: 1000 }, rows[0]?.now ?? new Date());
  const left = await db.selectFrom("inbox").select("dedupeKey").orderBy("id").execute();
  expect(left.map(({ dedupeKey }) => dedupeKey)).toEqual(["fresh", "waits"]);
});

test("an erased person stands in no body, key or reason of the inbox", async ({ db }) => {
  const body = JSON.stringify({ mail: "Ann.Lee@example.com", text: "says ann.lee@example.com" });
  await storeItems(db, [item("mail:ann.lee@example.com", body)]);
  const [claimed] = await claimPendingItems(db, { ...few, items: 1 }, 60);
  const reason = "no account of ann.lee@example.com";
  await settleItems(db, [{ id: claimed?.id ?? 0, state: "failed", reason }]);
  const who = { kind: "email", email: "ann.lee@example.com" } as const;
  await erasePerson(db, { who, author: "dpo", isPreview: false }, new Date("2026-03-10T12:00:00Z"));
  const row = await readInboxItem(db, claimed?.id ?? 0);
  expect(JSON.stringify(row)).not.toMatch(/ann/i);
  expect(JSON.parse(row?.body ?? "")).toEqual({ mail: "[erased]", text: "says [erased]" });
});

test("a backup carries the inbox, and it is applied where it is restored", async ({ db, pool }) => {
  await storeItems(db, [item("a", '{"text": "tab\\t ❦"}')]);
  await addRefusals(db, [{ source: "crm", reason: "stale", deliveries: 2 }]);
  const folder = await mkdtemp(join(tmpdir(), "keepwell-inbox-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "one.backup");
  await writeBackup(pool, file);
  const url = await createDatabase(inject("postgresTemplate"));
  const other = openDatabase(url);
  onTestFinished(async () => {
    await other.close();
    await dropDatabase(url);
  });
  await restoreBackup(other, file, new Date("2026-03-10T12:00:00Z"));
  expect(await claimPendingItems(other.db, few, 60)).toMatchObject([{ source: "crm", body: '{"text": "tab\\t ❦"}' }]);
  expect(await storeItems(other.db, [item("a"), item("new")])).toEqual([false, true]);
  expect(await readRefusals(other.db, new Date(0))).toMatchObject([{ deliveries: 2 }]);
});
