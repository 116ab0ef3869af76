import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { type Answer, SourceHalt } from "../../src/integrations/call-port.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import type { Input } from "../../src/scoring/records.ts";
import { openDatabase } from "../../src/store/db.ts";
import { listInbox, retryInbox } from "../../src/store/inbox/list.ts";
import { claimPendingItems } from "../../src/store/inbox.ts";
import { applyInbox } from "../../src/worker/inbox.ts";
import { readTables } from "../integrations/source-tables.ts";
import { test } from "../support/database.ts";
import { hookSource, receive } from "./hook-source.ts";
import { collectDeps } from "./plain-source.ts";

const now = new Date("2026-03-10T12:00:00Z");

const account = (id = "acme"): Input => ({ kind: "account", id, at: "2026-01-01T00:00:00Z", set: { name: id } });
const ticket = (subject: string, at = "2026-03-01T00:00:00Z", id = "t1"): Input => ({
  ...{ kind: "ticket", id, account: "acme", at },
  set: { subject, status: "open", openedAt: "2026-03-01T00:00:00Z" },
});
const mapped = (...inputs: Input[]) => ({ mapped: { inputs } });

async function states(db: Parameters<typeof listInbox>[0]): Promise<readonly (readonly [string, string | null])[]> {
  return (await listInbox(db, { limit: 100 })).reverse().map(({ state, reason }) => [state, reason] as const);
}

describe("the inbox", () => {
  test("applies what deliveries bring and says of each what became of it", async ({ db }) => {
    const source = hookSource();
    await receive(db, [mapped(account()), mapped(ticket("slow")), { ignored: "a ping" }]);
    expect(await applyInbox(collectDeps(db, [source]), now)).toEqual({
      ...{ applied: 2, ignored: 1, givenUp: 0, postponed: 0 },
    });
    expect(await states(db)).toEqual([
      ["done", null],
      ["done", null],
      ["ignored", "a ping"],
    ]);
    expect((await readTables(db, "crm")).records.ticket).toMatchObject({ t1: { subject: "slow", account: "acme" } });
    expect(await applyInbox(collectDeps(db, [source]), now)).toMatchObject({ applied: 0 });
  });

  test("one delivery that cannot be read or stored costs the others nothing", async ({ db }) => {
    const source = hookSource({
      read: (body) => {
        if (body === "boom") throw new TypeError("a secret of the body");
        return JSON.parse(body);
      },
    });
    await receive(db, [
      mapped(account()),
      "boom",
      mapped(ticket("NUL \0 in it", undefined, "t2")),
      { mapped: { inputs: [{ kind: "ticket" }] } },
      { mapped: { inputs: [ticket("fine", undefined, "t3")], skipped: "a part of it has no id" } },
    ]);
    await applyInbox(collectDeps(db, [source]), now);
    expect(await states(db)).toEqual([
      ["done", null],
      ["pending", "it could not be read: TypeError"],
      ["failed", expect.stringContaining("NUL")],
      ["failed", expect.stringContaining("ticket: ")],
      ["done", "a part of it has no id"],
    ]);
    expect(Object.keys((await readTables(db, "crm")).records.ticket ?? {})).toEqual(["t3"]);
  });

  test("tries again later and later, gives up after ten times, and begins anew when asked", async ({ db }) => {
    const source = hookSource({
      read: () => {
        throw new TypeError("no");
      },
    });
    await receive(db, ["{}"]);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      await applyInbox(collectDeps(db, [source]), now);
      const { rows } = await sql<{ minutes: number }>`
        select round(extract(epoch from due_at - now()) / 60)::integer as minutes from inbox`.execute(db);
      waits.push(rows[0]?.minutes ?? 0);
      await sql`update inbox set due_at = now()`.execute(db);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
    await applyInbox(collectDeps(db, [source]), now);
    expect(await states(db)).toEqual([["failed", "given up after 10 tries: it could not be read: TypeError"]]);
    expect(await retryInbox(db, { failedOf: "other" })).toEqual([]);
    expect(await retryInbox(db, { failedOf: null })).toHaveLength(1);
    expect(await listInbox(db, { limit: 1 })).toMatchObject([{ state: "pending", attempts: 0, settledAt: null }]);
  });

  test("an item whose process died is applied alone, after the others, and given up in the end", async ({ db }) => {
    await receive(db, ['{"ignored":"poison"}', '{"ignored":"other"}']);
    const bodies = async () => (await claimPendingItems(db, { items: 10, bytes: 1_000 }, 0)).map(({ body }) => body);
    expect(await bodies()).toHaveLength(2);
    await receive(db, ['{"ignored":"new"}']);
    expect(await bodies()).toEqual(['{"ignored":"new"}']);
    for (let death = 0; death < 10; death += 1) expect(await bodies()).toEqual(['{"ignored":"poison"}']);
    await applyInbox(collectDeps(db, [hookSource()]), now);
    expect(await states(db)).toEqual([
      ["failed", "given up: the process ended 10 times over it"],
      ["ignored", "other"],
      ["ignored", "new"],
    ]);
  });

  test("waits for a source that sources.json names no more, without using up its tries", async ({ db }) => {
    await receive(db, [{ ignored: "a ping" }]);
    await applyInbox(collectDeps(db, []), now);
    expect(await listInbox(db, { limit: 1 })).toMatchObject([
      { state: "pending", attempts: 0, reason: 'sources.json names no source "crm" that takes deliveries' },
    ]);
    await sql`update inbox set due_at = now()`.execute(db);
    await applyInbox(collectDeps(db, [hookSource()]), now);
    expect(await states(db)).toEqual([["ignored", "a ping"]]);
  });

  test("two workers at once apply each delivery once", async ({ db, url }) => {
    const other = openDatabase(url);
    let reads = 0;
    const read = (body: string) => {
      reads += 1;
      return JSON.parse(body);
    };
    await receive(db, [mapped(account())]);
    await applyInbox(collectDeps(db, [hookSource()]), now);
    await receive(
      db,
      Array.from({ length: 900 }, (_, index) => mapped(ticket("slow", undefined, `t${index}`))),
    );
    const source = hookSource({ read });
    const summaries = await Promise.all([db, other.db].map((each) => applyInbox(collectDeps(each, [source]), now)));
    expect(summaries.reduce((sum, { applied }) => sum + applied, 0)).toBe(900);
    expect(reads).toBe(900);
    await other.close();
  });
});

describe("a delivery that only hints", () => {
  const hint = (id: string) => ({ refetch: [{ stream: "ticket", id }] });

  test("makes the present state be fetched, each thing once, with no transaction open", async ({ db }) => {
    const asked: (readonly string[])[] = [];
    const open: number[] = [];
    const source = hookSource({
      streams: ["ticket"],
      async fetch(_stream, ids) {
        asked.push(ids);
        const { rows } = await sql<{ count: number }>`
          select count(*)::integer as count from pg_stat_activity
          where datname = current_database() and state like 'idle in transaction%'`.execute(db);
        open.push(rows[0]?.count ?? -1);
        return {
          raw: ids.filter((id) => id !== "gone").map((id) => ticket("as it is", undefined, id)),
          deleted: ["gone"],
        };
      },
    });
    await receive(db, [mapped(account(), ticket("was", "2026-02-01T00:00:00Z", "gone"))]);
    await receive(db, [hint("t1"), hint("t2"), hint("t1"), hint("gone")]);
    await applyInbox(collectDeps(db, [source]), now);
    expect(asked).toEqual([["t1", "t2", "gone"]]);
    expect(open).toEqual([0]);
    expect(new Set((await states(db)).map(([state]) => state))).toEqual(new Set(["done"]));
    expect(Object.keys((await readTables(db, "crm")).records.ticket ?? {})).toEqual(["t1", "t2"]);
  });

  test("waits when the vendor says not now, and fails nobody else", async ({ db }) => {
    const refuse =
      (afterMs: number): NonNullable<Source["fetch"]> =>
      () =>
        Promise.reject(new SourceHalt({ kind: "retry", scope: "bucket", afterMs, reason: "the vendor is busy" }));
    const source = hookSource({ streams: ["ticket"], fetch: refuse(600_000) });
    await receive(db, [hint("t1"), mapped(account())]);
    await applyInbox(collectDeps(db, [source]), now);
    expect(await states(db)).toEqual([
      ["pending", "the vendor is busy"],
      ["done", null],
    ]);
    const { rows } = await sql<{ minutes: number }>`
      select round(extract(epoch from due_at - now()) / 60)::integer as minutes, attempts from inbox
      where state = 'pending'`.execute(db);
    expect(rows).toEqual([{ minutes: 10, attempts: 0 }]);
  });

  test("calls the vendor through the source's limits and reads its refusals", async ({ db }) => {
    const answers: Answer[] = [{ status: 403, headers: {}, text: "" }];
    const source = hookSource({
      streams: ["ticket"],
      send: async () => ({ kind: "answered", ...(answers[0] ?? { status: 500, headers: {}, text: "" }) }),
      classify: () => ({ kind: "forbidden", missing: "tickets", reason: "the vendor refuses: tickets" }),
      fetch: async (_stream, _ids, { call }) => {
        await call({ method: "GET", url: "https://vendor.example.com/tickets" });
        return { raw: [], deleted: [] };
      },
    });
    await receive(db, [hint("t1")]);
    await applyInbox(collectDeps(db, [source]), now);
    expect(await states(db)).toEqual([["pending", "the vendor refuses: tickets"]]);
  });

  test("fails where the source cannot fetch such a thing", async ({ db }) => {
    await receive(db, [hint("t1")]);
    await applyInbox(collectDeps(db, [hookSource()]), now);
    expect(await states(db)).toEqual([["failed", "the source fetches no single ticket"]]);
  });
});

test("any order and repetition of deliveries ends in the same state: the sender's own time decides", async ({ db }) => {
  const deliveries = fc.uniqueArray(
    fc.record({
      minute: fc.integer({ min: 0, max: 5000 }),
      ticket: fc.constantFrom("t1", "t2"),
      word: fc.string({ unit: "grapheme-ascii" }),
    }),
    { selector: ({ minute, ticket }) => `${minute} ${ticket}`, minLength: 1, maxLength: 8 },
  );
  const scenario = deliveries.chain((all) =>
    fc.record({
      all: fc.constant(all),
      // Each comes at least once; some come again.
      order: fc
        .array(fc.integer({ min: 0, max: all.length - 1 }), { maxLength: 6 })
        .chain((again) => fc.shuffledSubarray([...all.keys(), ...again], { minLength: all.length + again.length })),
      passes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    }),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ all, order, passes }) => {
      run += 1;
      const key = `a${run}`;
      const inputOf = ({ minute, ticket: id, word }: (typeof all)[number]): Input => ({
        ...{
          kind: "ticket",
          id: `${key}-${id}`,
          account: key,
          at: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
        },
        set: { subject: word, status: minute % 2 === 0 ? "open" : "pending", openedAt: "2026-01-01T00:00:00Z" },
      });
      const deps = collectDeps(db, [hookSource()]);
      await receive(db, [mapped(account(key))]);
      let from = 0;
      for (const size of [...passes, order.length]) {
        const some = order.slice(from, from + size);
        from += size;
        await receive(
          db,
          some.map((index) => mapped(inputOf(all[index] ?? failed()))),
          some.map((index) => `${key} ${index}`),
        );
        await applyInbox(deps, now);
      }
      const tickets = (await readTables(db, "crm")).records.ticket ?? {};
      for (const id of new Set(all.map((each) => each.ticket))) {
        const last =
          all.filter((each) => each.ticket === id).sort((one, other) => other.minute - one.minute)[0] ?? failed();
        expect(tickets[`${key}-${id}`]).toMatchObject({
          subject: last.word,
          status: last.minute % 2 === 0 ? "open" : "pending",
        });
      }
    }),
    { numRuns: 40 },
  );
});

function failed(): never {
  throw new Error("the scenario names no such delivery");
}
