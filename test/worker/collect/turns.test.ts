import { sql } from "kysely";
import { expect } from "vitest";
import { SourceHalt, type Verdict } from "../../../src/integrations/call-port.ts";
import type { Page, Source } from "../../../src/integrations/source-port.ts";
import { readStreams } from "../../../src/store/streams.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { test } from "../../support/database.ts";
import { collectDeps, plainSource } from "../plain-source.ts";

const now = new Date("2026-03-10T12:00:00Z");
const accountOf = (id: string) => ({ kind: "account", id, at: "2026-01-01T00:00:00Z", set: { name: id } });
const done: Page = { raw: [accountOf("acme")], cursor: "end", done: true };

/** A source of accounts that does at each pull what the next of these says: halts, or gives a page. */
function sourceOf(answers: readonly (Verdict | Page)[], more: Partial<Source> = {}) {
  const asked: { cursor: unknown; shrink: number }[] = [];
  const source = plainSource({
    streams: ["account"],
    async pull(_stream, cursor, { shrink }) {
      const answer = answers[asked.length] ?? done;
      asked.push({ cursor, shrink });
      if (!("kind" in answer)) return answer;
      if (answer.kind === "ok") throw new Error("not a halt");
      throw new SourceHalt(answer);
    },
    ...(more.forgetToken && { forgetToken: more.forgetToken }),
  });
  return { source, asked };
}

const dueInMs = async (db: Parameters<typeof readStreams>[0]) => {
  const { rows } = await sql<{ ms: number }>`
    select extract(epoch from next_pull_at - now())::float8 * 1000 as ms from streams`.execute(db);
  return rows[0]?.ms ?? 0;
};

test("a stream that is told to wait comes back then, says so, and has not failed", async ({ db }) => {
  const { source } = sourceOf([{ kind: "retry", scope: "bucket", afterMs: 600_000, reason: "too many calls" }]);
  expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ pages: 0, failed: [] });
  expect(await dueInMs(db)).toBeGreaterThan(590_000);
  expect(await readStreams(db)).toMatchObject([{ lastError: "waits for the vendor: too many calls", trouble: null }]);
  const { rows } = await sql`select first_failed_at from streams`.execute(db);
  expect(rows).toEqual([{ firstFailedAt: null }]);
});

test("a token that is no good any more is asked for anew, once", async ({ db }) => {
  let forgotten = 0;
  const refused: Verdict = { kind: "reauthenticate", reason: "the token has expired" };
  const { source, asked } = sourceOf([refused, done], {
    forgetToken: () => {
      forgotten += 1;
    },
  });
  expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ pages: 1, failed: [] });
  expect([forgotten, asked.length]).toEqual([1, 2]);
});

test("a cursor that is no good any more begins anew, and a window that is too large is halved", async ({ db }) => {
  const { source, asked } = sourceOf([
    { raw: [], cursor: "old", done: false },
    { kind: "reset-cursor", reason: "the scroll has expired" },
    { kind: "shrink-window", reason: "too much at once" },
    { kind: "shrink-window", reason: "too much at once" },
    done,
  ]);
  expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ pages: 2, failed: [] });
  expect(asked).toEqual([
    { cursor: null, shrink: 0 },
    { cursor: "old", shrink: 0 },
    { cursor: null, shrink: 0 },
    { cursor: null, shrink: 1 },
    { cursor: null, shrink: 2 },
  ]);
});

test("what a person has to mend is named in the vendor's words, and not asked for every minute", async ({ db }) => {
  const { source } = sourceOf([{ kind: "forbidden", missing: "crm.objects.read", reason: "the vendor answered 403" }]);
  const { failed } = await collectDue(collectDeps(db, [source]), now);
  expect(failed).toEqual(["crm account: the vendor answered 403; missing: crm.objects.read"]);
  expect(await dueInMs(db)).toBeGreaterThan(14 * 60_000);
});

test("the longer a stream has failed, the longer it waits, up to six hours", async ({ db }) => {
  const { source } = sourceOf(Array.from({ length: 5 }, (): Verdict => ({ kind: "fatal", reason: "gone" })));
  const waits: number[] = [];
  for (const hours of [0, 1, 3, 20]) {
    await sql`update streams set next_pull_at = null`.execute(db);
    await collectDue(collectDeps(db, [source]), new Date(now.getTime() + hours * 3_600_000));
    waits.push(Math.round((await dueInMs(db)) / 60_000));
  }
  expect(waits).toEqual([15, 60, 180, 360]);
});

test("a stream that does not move on, or whose cursor grows too long, fails instead of going on for ever", async ({
  db,
}) => {
  const stuck = sourceOf([{ raw: [], cursor: null, done: false }]);
  expect((await collectDue(collectDeps(db, [stuck.source]), now)).failed[0]).toContain("does not move on");
  await sql`update streams set next_pull_at = null`.execute(db);
  const long = sourceOf([{ raw: [], cursor: "x".repeat(3_000), done: false }]);
  expect((await collectDue(collectDeps(db, [long.source]), now)).failed[0]).toContain("3002 characters long");
});

test("a stream without end does not keep the next one from its turn", async ({ db }) => {
  const order: string[] = [];
  const source = plainSource({
    streams: ["account", "ticket"],
    async pull(stream, cursor) {
      if (order.at(-1) !== stream) order.push(stream);
      const page = typeof cursor === "number" ? cursor : 0;
      return { raw: [], cursor: page + 1, done: stream === "ticket" };
    },
  });
  await collectDue(collectDeps(db, [source]), now);
  expect(order).toEqual(["account", "ticket"]);
  const { rows } = await sql<{
    due: boolean;
  }>`select next_pull_at <= now() as due from streams where kind = 'account'`.execute(db);
  expect(rows).toEqual([{ due: true }]);
});

test("a slow source does not keep another one waiting", async ({ db }) => {
  const gate: { open: () => void } = { open: () => undefined };
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve;
  });
  const slow = plainSource({ id: "slow", streams: ["account"], pull: async () => opened.then(() => done) });
  const quick = plainSource({
    id: "quick",
    streams: ["account"],
    async pull() {
      gate.open();
      return done;
    },
  });
  expect(await collectDue(collectDeps(db, [slow, quick]), now)).toMatchObject({ pages: 2 });
});

test("a pull is given up when the process stops; it is due again at once, and has not failed", async ({ db }) => {
  const stopping = new AbortController();
  const source = plainSource({
    streams: ["account", "ticket"],
    pull: (_stream, _cursor, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        stopping.abort();
      }),
  });
  const deps = { ...collectDeps(db, [source]), stopping: stopping.signal };
  expect(await collectDue(deps, now)).toMatchObject({ pages: 0, failed: [] });
  const { rows } = await sql`
    select kind, first_failed_at, next_pull_at <= now() as is_due, lease_until from streams
    where next_pull_at is not null`.execute(db);
  expect(rows).toEqual([{ kind: "account", firstFailedAt: null, isDue: true, leaseUntil: null }]);
});

test("owners of a vendor are ours by their address, whatever its capitals", async ({ db }) => {
  const source = plainSource({
    streams: ["owners", "account"],
    pull: async (stream) => ({ ...done, raw: stream === "owners" ? ["7", "8"] : ["7", "8", "9"] }),
    map: (stream, raw, { ownerOf }) => {
      const id = String(raw);
      if (stream === "owners") return { owners: [{ externalId: id, email: `User${id}@Example.com`, name: null }] };
      return { inputs: [{ kind: "account", id, at: "2026-01-01T00:00:00Z", set: { owner: ownerOf(id) } }] };
    },
  });
  const owners = { owners: [{ id: "anna", name: "Anna", email: "user7@example.com" }], onOwnerChange: "move" as const };
  await collectDue({ ...collectDeps(db, [source]), owners }, now);
  const rows = await db.selectFrom("accounts").select(["key", "owner"]).orderBy("key").execute();
  expect(rows).toEqual([
    { key: "7", owner: "anna" },
    { key: "8", owner: "User8@Example.com" },
    { key: "9", owner: null },
  ]);
});
