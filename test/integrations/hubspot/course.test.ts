import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import type { Source } from "../../../src/integrations/source-port.ts";
import type { Db } from "../../../src/store/db.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { test } from "../../support/database.ts";
import { collectDeps } from "../../worker/plain-source.ts";
import { type FaultProxy, startFaultProxy } from "../fault-proxy.ts";
import { readTables, type VendorTruth } from "../source-tables.ts";
import { openSource } from "./company.ts";
import { startHubSpotFake } from "./fake.ts";
import { archive, emptyPortal, link, merge, type Portal, put, restore, type Thing, thingsOf } from "./portal.ts";

const begin = new Date("2026-02-10T12:00:00.000Z");
const seeds = [1, 2, 3];

const companies = ["11", "12", "13", "14", "15", "16"] as const;
const deed = fc.record({
  do: fc.constantFrom(
    ...(["name", "name", "ticket", "ticket", "ticket"] as const),
    ...(["archive", "restore", "merge", "archive-ticket", "restore-ticket"] as const),
  ),
  company: fc.constantFrom(...companies),
  into: fc.constantFrom(...companies),
  ticket: fc.integer({ min: 41, max: 46 }).map(String),
  name: fc.stringMatching(/^[a-z]{1,8}$/),
  isClosed: fc.boolean(),
});
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never;
/** What happens between two pulls, and how often each request of the next one fails at first. */
const course = fc.array(fc.record({ deeds: fc.array(deed, { maxLength: 8 }), failures: fc.nat(3) }), {
  minLength: 4,
  maxLength: 4,
});

describe("whatever happens in HubSpot between pulls that fail now and then,", () => {
  test.for(seeds)("the tables end as HubSpot is (course %i)", async (seed, { db }) => {
    const portal = emptyPortal(begin);
    for (const id of companies) put(portal, "companies", id, { name: `company ${id}` });
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

/** Each deed takes a minute. What cannot be done is left. */
function happen(portal: Portal, given: Deed): void {
  portal.clock = new Date(portal.clock.getTime() + 60_000);
  deeds[given.do](portal, given, portal.clock.toISOString());
}

const deeds: Readonly<Record<Deed["do"], (portal: Portal, given: Deed, at: string) => void>> = {
  name: (portal, { company, name }) => {
    if (!isGone(portal, "companies", company)) put(portal, "companies", company, { name });
  },
  ticket: changeTicket,
  archive: (portal, { company }, at) => {
    if (isAlive(portal, "companies", company)) archive(portal, "companies", company, at);
  },
  restore: (portal, { company }, at) => restore(portal, "companies", company, at),
  merge: (portal, { company, into }, at) => {
    const isPossible = company !== into && isAlive(portal, "companies", company) && isAlive(portal, "companies", into);
    if (isPossible) merge(portal, "companies", company, into, at);
  },
  "archive-ticket": (portal, { ticket }, at) => {
    if (isAlive(portal, "tickets", ticket)) archive(portal, "tickets", ticket, at);
  },
  "restore-ticket": (portal, { ticket }, at) => restore(portal, "tickets", ticket, at),
};

function changeTicket(portal: Portal, given: Deed): void {
  if (isGone(portal, "tickets", given.ticket) || !isAlive(portal, "companies", given.company)) return;
  // Its company is chosen once, with its first change.
  if (!isAlive(portal, "tickets", given.ticket))
    link(portal, "tickets", given.ticket, "companies", given.company, true);
  const closed_date = given.isClosed ? portal.clock.toISOString() : null;
  const hs_pipeline_stage = given.isClosed ? "4" : "1";
  put(portal, "tickets", given.ticket, { hs_pipeline: "0", hs_pipeline_stage, closed_date });
}

function thingOf(portal: Portal, object: string, id: string): Thing | undefined {
  return thingsOf(portal, object).get(id);
}

function isAlive(portal: Portal, object: string, id: string): boolean {
  return thingOf(portal, object, id)?.archivedAt === null;
}

/** Deleted, or merged into another one. */
function isGone(portal: Portal, object: string, id: string): boolean {
  return portal.mergedInto.has(id) || (thingOf(portal, object, id)?.archivedAt ?? null) !== null;
}

/** Passes until every stream came to its end, an hour after what happened last. */
async function pullAll(db: Db, source: Source, clock: Date, proxy: FaultProxy, failures: number): Promise<void> {
  const now = new Date(clock.getTime() + 3_600_000);
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

async function tablesOf(db: Db, portal: Portal): Promise<VendorTruth["records"]> {
  const { records } = await readTables(db, "crm");
  const accounts = Object.entries(records.account ?? {}).map(([id, { name }]) => [id, { name }]);
  const tickets = Object.entries(records.ticket ?? {})
    .filter(([id]) => isAlive(portal, "companies", companyOf(portal, id)))
    .map(([id, { status }]) => [id, { status }]);
  return { account: Object.fromEntries(accounts), ticket: Object.fromEntries(tickets) };
}

function truthOf(portal: Portal): VendorTruth["records"] {
  const alive = (object: string) => [...thingsOf(portal, object)].filter(([id]) => isAlive(portal, object, id));
  const accounts = alive("companies").map(([id, { properties }]) => [id, { name: properties["name"]?.trim() }]);
  const tickets = alive("tickets")
    .filter(([id]) => isAlive(portal, "companies", companyOf(portal, id)))
    .map(([id, { properties }]) => [id, { status: properties["hs_pipeline_stage"] === "4" ? "closed" : "new" }]);
  return { account: Object.fromEntries(accounts), ticket: Object.fromEntries(tickets) };
}

/** Whose a ticket is, also after its company was merged. */
function companyOf(portal: Portal, id: string): string {
  const [first] = portal.links.get("tickets>companies")?.get(id) ?? [];
  return first?.toObjectId ?? "";
}
