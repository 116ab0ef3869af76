import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import type { Source } from "../../../src/integrations/source-port.ts";
import type { Db } from "../../../src/store/db.ts";
import { storeItems } from "../../../src/store/inbox.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { applyInbox } from "../../../src/worker/inbox.ts";
import { test } from "../../support/database.ts";
import { collectDeps } from "../../worker/plain-source.ts";
import { type FaultProxy, startFaultProxy } from "../fault-proxy.ts";
import { openSource } from "./company.ts";
import { deed, type Event, happen, portalWithCompanies, tablesOf, truthOf } from "./course.ts";
import { startHubSpotFake } from "./fake.ts";

const begin = new Date("2026-02-10T12:00:00.000Z");
const hourMs = 3_600_000;
const seeds = [1, 2, 3];

/** What happens between two pulls, and how often each request of the next one fails at first. */
const course = fc.array(fc.record({ deeds: fc.array(deed, { maxLength: 8 }), failures: fc.nat(3) }), {
  minLength: 4,
  maxLength: 4,
});

describe("whatever happens in HubSpot between pulls that fail now and then,", () => {
  test.for(seeds)("the tables end as HubSpot is (course %i)", async (seed, { db }) => {
    const portal = portalWithCompanies(begin);
    const fake = await startHubSpotFake(portal);
    const proxy = await startFaultProxy(fake.url);
    const source = openSource(proxy.url);
    try {
      const [legs = []] = fc.sample(course, { seed, numRuns: 1 });
      for (const { deeds, failures } of [...legs, { deeds: [], failures: 0 }]) {
        for (const each of deeds) happen(portal, each);
        await pullAll(db, source, portal.clock, proxy, failures);
        expect(await tablesOf(db, portal)).toEqual(truthOf(portal));
      }
    } finally {
      await proxy.close();
      await fake.close();
    }
  });
});

describe("whatever happens in HubSpot, and in whatever order its webhooks tell of it,", () => {
  test.for(seeds)("the tables end as HubSpot is (course %i)", async (seed, { db }) => {
    const portal = portalWithCompanies(begin);
    const fake = await startHubSpotFake(portal);
    const proxy = await startFaultProxy(fake.url);
    const source = openSource(proxy.url, { clientSecret: { env: "HUBSPOT_CLIENT_SECRET" } });
    try {
      await pullAll(db, source, portal.clock, proxy, 0);
      const [happened = []] = fc.sample(fc.array(deed, { minLength: 30, maxLength: 40 }), { seed, numRuns: 1 });
      const events = happened.map((each) => happen(portal, each)).filter((each) => each !== null);
      const everyTwice = fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 });
      const [told = []] = fc.sample(everyTwice, { seed, numRuns: 1 });
      await receive(db, source, told);
      await applyInbox(collectDeps(db, [source]), new Date(portal.clock.getTime() + hourMs));
      expect(await tablesOf(db, portal)).toEqual(truthOf(portal));
    } finally {
      await proxy.close();
      await fake.close();
    }
  });
});

/** In deliveries of three events each. */
async function receive(db: Db, source: Source, events: readonly Event[]): Promise<void> {
  for (let first = 0; first < events.length; first += 3) {
    const raw = Buffer.from(JSON.stringify(events.slice(first, first + 3)));
    const request = { raw, headers: {}, method: "POST", url: "https://keepwell.example.com/webhooks/crm", now: begin };
    await storeItems(
      db,
      (source.hook?.split(request) ?? []).map((item) => ({ source: source.id, ...item })),
    );
  }
}

/** Passes until every stream came to its end, an hour after what happened last. */
async function pullAll(db: Db, source: Source, clock: Date, proxy: FaultProxy, failures: number): Promise<void> {
  const now = new Date(clock.getTime() + hourMs);
  const seen = new Map<string, number>();
  proxy.plan = ({ url, body }) => {
    const nth = (seen.get(url + body) ?? 0) + 1;
    seen.set(url + body, nth);
    if (nth > failures) return null;
    return nth % 2 === 0 ? { kind: "cut" } : { kind: "status", status: 503 };
  };
  await sql`update streams set last_done_at = null`.execute(db);
  for (let pass = 0; pass < 50; pass += 1) {
    await sql`update streams set next_pull_at = null where last_done_at is null`.execute(db);
    await sql`delete from rate_limits`.execute(db);
    const { failed } = await collectDue(collectDeps(db, [source]), now);
    if (failed.length === 0 && pass > 0) return;
  }
  throw new Error("not done after 50 passes");
}
