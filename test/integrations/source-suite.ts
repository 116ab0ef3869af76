import { STATUS_CODES } from "node:http";
import { sql } from "kysely";
import { describe, expect, test as plainTest } from "vitest";
import type { Verdict } from "../../src/integrations/call-port.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import { createLog } from "../../src/log.ts";
import { conceal } from "../../src/redaction.ts";
import type { Db } from "../../src/store/db.ts";
import type { CollectDeps } from "../../src/worker/collect/deps.ts";
import { collectDue } from "../../src/worker/collect.ts";
import { test } from "../support/database.ts";
import { collectDeps } from "../worker/plain-source.ts";
import { expectNoSecret } from "./channel-suite.ts";
import { type Fault, type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { mapContext, pullContext } from "./pull-context.ts";
import { readTables, type VendorTruth } from "./source-tables.ts";
import { withUnknownFields, withUnknownWords } from "./vendor-drift.ts";

/** A vendor's fake with a small company in it. It needs no faults of its own: a proxy before it has them. */
export interface SourceFake {
  /** `http://127.0.0.1:<port>`; addresses of its own in its answers begin with it, too. */
  readonly url: string;
  /** What the tables are to have once everything was pulled. */
  truth(): VendorTruth;
  close(): Promise<void>;
}

export interface SourceCase {
  readonly name: string;
  /** The moment of the pulls: the fake's times lie before it. */
  readonly now: Date;
  startFake(): Promise<SourceFake>;
  /**
   * The source over that server, with `secret` as its token, key or password (whatever it has), plain http allowed, and accounts "create"
   * unless `prepare` makes those that it finds.
   */
  open(baseUrl: string, secret: string): Source;
  /** Makes accounts, for a source that only finds them. */
  prepare?(db: Db): Promise<void>;
  /** Names of fields whose words may be new ones some day: status, priority, type. None where there are none. */
  readonly words: readonly string[];
}

const secret = "canary/0f3c9a7e51d24b6c+=";
/** Every status Node knows that may end an exchange, and some it does not. */
const statuses = [...Object.keys(STATUS_CODES).map(Number), 299, 399, 418, 430, 499, 520, 530, 598, 599].filter(
  (status) => status >= 200,
);
/** More often than `call` tries at once, so that the pull is given up and begins anew where it stood. */
const stubborn = 3;

/**
 * What every source over HTTP owes, through the engine and on a real database: the tables equal what the vendor has, whatever breaks on
 * the way; every answer has a meaning; no secret shows anywhere; what nobody has heard of never stops a pull.
 */
export function describeSource(given: SourceCase): void {
  const { name, now, words } = given;

  describe(`${name} as a source`, () => {
    test("brings the tables to what the vendor has", async ({ db }) => {
      await withVendor(given, db, async ({ source, fake }) => {
        await pullToEnd(db, source, now);
        await expectTruth(db, source, fake);
      });
    });

    test("changes nothing when everything is pulled again from the beginning", async ({ db }) => {
      await withVendor(given, db, async ({ source, fake }) => {
        await pullToEnd(db, source, now);
        const before = await countRows(db);
        await sql`update streams set cursor = null, last_done_at = null`.execute(db);
        await pullToEnd(db, source, now);
        await expectTruth(db, source, fake);
        expect(await countRows(db)).toEqual(before);
      });
    });

    const cuts: readonly [string, Fault][] = [
      ["refused with 500", { kind: "status", status: 500 }],
      ["answered by half", { kind: "cut" }],
      ["answered with a page of HTML", { kind: "body", change: () => "<html><body>Bad gateway</body></html>" }],
    ];
    test.for(cuts)("goes on where it stood when every request is %s at first", async ([, fault], { db }) => {
      await withVendor(given, db, async ({ source, fake, proxy }) => {
        proxy.plan = (_request, nth) => (nth <= stubborn ? fault : null);
        await pullToEnd(db, source, now);
        await expectTruth(db, source, fake);
      });
    });

    test("waits when it is told to, and that is no failure", async ({ db }) => {
      await withVendor(given, db, async ({ source, proxy }) => {
        proxy.plan = () => ({ kind: "status", status: 429, headers: { "retry-after": "3000" }, body: "{}" });
        const { failed } = await collectDue(depsOf(db, source), now);
        const { rows } = await sql<{ failing: boolean }>`
          select first_failed_at is not null as failing from streams where next_pull_at > now()`.execute(db);
        const isToldOtherwise = failed.length > 0;
        expect(rows.length).toBeGreaterThan(0);
        if (!isToldOtherwise) expect(rows.map(({ failing }) => failing)).not.toContain(true);
      });
    });

    test("takes fields that nobody has heard of", async ({ db }) => {
      await withVendor(given, db, async ({ source, fake, proxy }) => {
        proxy.plan = () => ({ kind: "body", change: withUnknownFields });
        await pullToEnd(db, source, now);
        await expectTruth(db, source, fake);
      });
    });

    test("is not stopped by words that nobody has heard of", async ({ db }) => {
      await withVendor(given, db, async ({ source, proxy }) => {
        proxy.plan = () => ({ kind: "body", change: (body) => withUnknownWords(body, words) });
        await pullToEnd(db, source, now);
      });
    });

    test.for(["null", "[]", "{}", '"text"', "17", "", '{"', "[null]", '[{"id":{}}]'])(
      "does not break when every answer is %j",
      async (body, { db }) => {
        await withVendor(given, db, async ({ source, proxy }) => {
          proxy.plan = () => ({ kind: "body", change: () => body });
          await expect(collectDue(depsOf(db, source), now)).resolves.toBeDefined();
        });
      },
    );

    test("shows no secret, though the vendor tells everything it was told", async ({ db }) => {
      conceal(secret);
      await withVendor(given, db, async ({ source, proxy }) => {
        const lines: string[] = [];
        for (const status of [400, 401, 403, 404, 409, 418, 422, 429, 500, 503]) {
          proxy.plan = () => ({ kind: "status", status });
          await makeDue(db);
          expectClean(await collectDue(depsOf(db, source, lines), now));
          const context = pullContext(source, now);
          expectClean(await source.check(context).catch((error: unknown) => error));
        }
        expectClean(lines);
        const kept = await sql`select to_jsonb(s) as row from streams s
          union all select to_jsonb(o) from stream_outages o union all select to_jsonb(r) from rate_limits r`.execute(
          db,
        );
        expectClean(kept.rows);
      });
    });

    plainTest.each(statuses)("knows what status %i means, whatever comes with it", (status) => {
      const source = given.open("http://127.0.0.1:9", secret);
      for (const text of ["", "null", "[]", '{"', "<html>", '{"error":{"message":7}}', '[{"errorCode":{}}]']) {
        expectSane(source.classify({ status, headers: { "retry-after": "x" }, text }, now), status);
      }
    });

    plainTest("maps whatever it is given without throwing", () => {
      const source = given.open("http://127.0.0.1:9", secret);
      const junk = [null, undefined, 0, "", [], {}, { id: null }, { id: {} }, { properties: [] }, [[]], Number.NaN];
      for (const { name: stream } of source.streams) {
        for (const raw of junk) expect(() => source.map(stream, raw, mapContext(now))).not.toThrow();
      }
    });
  });
}

/** Pulls everything from a fake that answers well, and compares. */
export async function expectTruthAfterPull(db: Db, source: Source, fake: SourceFake, now: Date): Promise<void> {
  await pullToEnd(db, source, now);
  await expectTruth(db, source, fake);
}

function expectSane(verdict: Verdict, status: number): void {
  const kind: string = verdict.kind;
  if (status >= 300) expect(kind).not.toBe("ok");
  if ([429, 500, 502, 503, 504].includes(status)) expect(kind).toBe("retry");
  if (verdict.kind !== "ok") expect(verdict.reason).toMatch(/^\S[\s\S]*\S$/);
}

interface Vendor {
  readonly source: Source;
  readonly fake: SourceFake;
  readonly proxy: FaultProxy;
}

async function withVendor(given: SourceCase, db: Db, body: (vendor: Vendor) => Promise<void>): Promise<void> {
  const fake = await given.startFake();
  const proxy = await startFaultProxy(fake.url);
  const source = given.open(proxy.url, secret);
  try {
    await given.prepare?.(db);
    await body({ source, fake, proxy });
  } finally {
    await source.close?.();
    await proxy.close();
    await fake.close();
  }
}

function depsOf(db: Db, source: Source, lines: string[] = []): CollectDeps {
  const log = createLog({ level: "trace", format: "json", to: { write: (line) => void lines.push(line) } });
  return { ...collectDeps(db, [source]), log };
}

/** Passes until every stream has come to its end; waits are skipped. */
async function pullToEnd(db: Db, source: Source, now: Date): Promise<void> {
  const failures: string[] = [];
  for (let pass = 0; pass < 400; pass += 1) {
    await makeDue(db);
    const { failed } = await collectDue(depsOf(db, source), now);
    failures.push(...failed);
    if (failed.length === 0 && (await isDone(db, source))) return;
  }
  throw new Error(`not done after 400 passes: ${failures.slice(-3).join("; ")}`);
}

async function makeDue(db: Db): Promise<void> {
  await sql`update streams set next_pull_at = null where last_done_at is null`.execute(db);
  await sql`delete from rate_limits`.execute(db);
}

async function isDone(db: Db, source: Source): Promise<boolean> {
  const { rows } = await sql<{ done: number }>`
    select count(last_done_at)::integer as done from streams where source = ${source.id}`.execute(db);
  return rows[0]?.done === source.streams.length;
}

async function expectTruth(db: Db, source: Source, fake: SourceFake): Promise<void> {
  const { records, usage } = fake.truth();
  const tables = await readTables(db, source.id);
  const idsOf = (all: VendorTruth["records"]) =>
    Object.fromEntries(Object.entries(all).map(([kind, ofKind]) => [kind, Object.keys(ofKind).sort()]));
  const filled = Object.fromEntries(Object.entries(records).filter(([, ofKind]) => Object.keys(ofKind).length > 0));
  expect(idsOf(tables.records)).toEqual(idsOf(filled));
  expect(tables.records).toMatchObject(filled);
  if (usage !== undefined) {
    const inOrder = [...usage].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    expect([...tables.usage].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))).toEqual(inOrder);
  }
}

function keyOf({ account, name, day }: { account: string; name: string; day: string }): string {
  return `${account} ${name} ${day}`;
}

async function countRows(db: Db): Promise<unknown> {
  const { rows } = await sql`
    select (select count(*) from record_changes) as changes, (select count(*) from records) as records,
      (select sum(value) from usage_daily) as usage, (select count(*) from accounts) as accounts,
      (select count(*) from held_inputs) as held`.execute(db);
  return rows[0];
}

function expectClean(value: unknown): void {
  expectNoSecret(value, [secret]);
}
