import { sql } from "kysely";
import { expect } from "vitest";
import type { Page, Source } from "../../../src/integrations/source-port.ts";
import type { Input } from "../../../src/scoring/records.ts";
import type { Db } from "../../../src/store/db.ts";
import { acceptOutage } from "../../../src/store/outages.ts";
import { readStreams } from "../../../src/store/streams.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { test } from "../../support/database.ts";
import { collectDeps, plainSource } from "../plain-source.ts";

const dayMs = 86_400_000;
const start = Date.parse("2026-03-02T06:00:00Z");
const acme: Input = { kind: "account", id: "acme", at: "2026-01-01T00:00:00Z", set: { name: "Acme" } };
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);

/** A source that delivers each day's usage on the morning after: a value, or none. */
function usageOf(valueOn: (day: string) => number | null): Source {
  const usage = (day: string): Input[] => {
    const value = valueOn(day);
    return value === null ? [] : [{ kind: "usage", mode: "daily", account: "acme", name: "logins", day, value }];
  };
  return plainSource({
    streams: ["usage"],
    async pull(_stream, cursor, { now }): Promise<Page> {
      const yesterday = dayOf(now.getTime() - dayMs);
      const days =
        cursor === null ? Array.from({ length: 20 }, (_, back) => dayOf(now.getTime() - (20 - back) * dayMs)) : [];
      const raw = cursor === null ? [acme, ...days.flatMap(usage)] : usage(yesterday);
      return { raw, cursor: yesterday, done: true, coveredThrough: yesterday };
    },
  });
}

async function morning(db: Db, source: Source, day: number) {
  await sql`update streams set next_pull_at = null`.execute(db);
  const now = new Date(start + day * dayMs);
  // The database has a clock of its own, far from the test's.
  await collectDue(collectDeps(db, [source]), now);
  await sql`update streams set last_done_at = ${now}, last_ok_at = ${now}`.execute(db);
  const [stream] = await readStreams(db);
  return { trouble: stream?.trouble ?? null, covered: stream?.coveredThrough ?? null };
}

test.for([
  ["zeros", 0, "zero"],
  ["nothing", null, "empty"],
] as const)(
  "usage that turns to %s stops the watermark until there is some again",
  async ([, broken, kind], { db }) => {
    const source = usageOf((day) => (day === "2026-03-03" || day === "2026-03-04" ? broken : 5));
    expect(await morning(db, source, 0)).toEqual({ trouble: null, covered: "2026-03-01" });
    expect(await morning(db, source, 1)).toEqual({ trouble: null, covered: "2026-03-02" });
    expect(await morning(db, source, 2)).toEqual({ trouble: kind, covered: "2026-03-02" });
    expect(await morning(db, source, 3)).toEqual({ trouble: kind, covered: "2026-03-02" });
    expect(await morning(db, source, 4)).toEqual({ trouble: null, covered: "2026-03-05" });
    const outages = await db.selectFrom("streamOutages").select(["kind", "beganAt", "endedAt"]).execute();
    // It was whole at the pull of the day before.
    expect(outages).toEqual([{ kind, beganAt: new Date(start + dayMs), endedAt: new Date(start + 4 * dayMs) }]);
  },
);

test("what an operator accepts counts from then on, and is trouble again once it was otherwise in between", async ({
  db,
}) => {
  const zeros = ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-24"];
  const source = usageOf((day) => (zeros.includes(day) ? 0 : 5));
  for (const day of [0, 1]) await morning(db, source, day);
  expect((await morning(db, source, 2)).trouble).toBe("zero");
  const accept = () =>
    db.transaction().execute((tx) => acceptOutage(tx, "crm", "usage", "ops", new Date(start + 2.5 * dayMs)));
  expect(await accept()).toBe("zero");
  expect(await accept()).toBeNull();
  expect(await morning(db, source, 3)).toEqual({ trouble: null, covered: "2026-03-04" });
  for (let day = 4; day < 23; day += 1) expect((await morning(db, source, day)).trouble).toBeNull();
  expect((await morning(db, source, 23)).trouble).toBe("zero");
});

test("a stream that nobody pulls is late, and no longer once it comes to its end", async ({ db }) => {
  const source = usageOf(() => 5);
  await morning(db, source, 0);
  await sql`update streams set next_pull_at = now() + interval '1 year'`.execute(db);
  await collectDue(collectDeps(db, [source]), new Date(start + 4 * 3_600_000));
  expect(await readStreams(db)).toMatchObject([{ trouble: "late", troubleSince: new Date(start + 3_600_000) }]);
  expect((await morning(db, source, 1)).trouble).toBeNull();
});

/** Sweeps over whatever there is. */
function sweepOf(ids: () => readonly string[]): Source {
  return plainSource({
    streams: ["ticket"],
    async pull(_stream, cursor, { now }): Promise<Page> {
      const at = typeof cursor === "number" ? cursor : 0;
      const all = ids();
      const raw = all
        .slice(at, at + 3)
        .map((id) => ({ kind: "ticket", id, account: "acme", at: "2026-01-02T00:00:00Z", set: { subject: id } }));
      const isLast = at + 3 >= all.length;
      const accounts = at === 0 ? [acme] : [];
      return { raw: [...accounts, ...raw], cursor: isLast ? null : at + 3, done: isLast, sweep: now.toISOString() };
    },
  });
}

async function livingTickets(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select external_id as id from records where kind = 'ticket' and deleted_at is null order by 1`.execute(db);
  return rows.map(({ id }) => id);
}

test("what a sweep does not come upon any more was deleted; one that shrinks by more than half deletes nothing", async ({
  db,
}) => {
  let ids = ["t1", "t2", "t3", "t4", "t5"];
  const source = sweepOf(() => ids);
  expect((await morning(db, source, 0)).trouble).toBeNull();
  ids = ["t1", "t2", "t4", "t5"];
  await morning(db, source, 1);
  expect(await livingTickets(db)).toEqual(["t1", "t2", "t4", "t5"]);
  ids = ["t1"];
  expect((await morning(db, source, 2)).trouble).toBe("empty");
  ids = [];
  expect((await morning(db, source, 3)).trouble).toBe("empty");
  expect(await livingTickets(db)).toEqual(["t1", "t2", "t4", "t5"]);
  ids = ["t1", "t2", "t5"];
  expect((await morning(db, source, 4)).trouble).toBeNull();
  expect(await livingTickets(db)).toEqual(["t1", "t2", "t5"]);
  ids = ["t1"];
  await morning(db, source, 5);
  await db.transaction().execute((tx) => acceptOutage(tx, "crm", "ticket", "ops", new Date(start + 5.5 * dayMs)));
  expect((await morning(db, source, 6)).trouble).toBeNull();
  expect(await livingTickets(db)).toEqual(["t1"]);
});

test("what came in another way during a sweep is not taken as deleted", async ({ db }) => {
  const source = sweepOf(() => ["t1", "t2"]);
  await morning(db, source, 0);
  const [, ticket] = (
    await source.pull("ticket", null, {
      now: new Date(start),
      zone: "UTC",
      signal: new AbortController().signal,
      shrink: 0,
      call: async () => ({ status: 200, headers: {}, text: "" }),
    })
  ).raw;
  const other = plainSource({
    streams: ["account"],
    pull: async () => ({ raw: [{ ...Object(ticket), id: "by-webhook" }], cursor: "end", done: true }),
  });
  await collectDue(collectDeps(db, [other]), new Date(start + 1_000));
  await morning(db, source, 1);
  expect(await livingTickets(db)).toEqual(["by-webhook", "t1", "t2"]);
});
