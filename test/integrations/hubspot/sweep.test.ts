import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Page, Source } from "../../../src/integrations/source-port.ts";
import { mapContext, pullContext } from "../pull-context.ts";
import { openSource } from "./company.ts";
import { type HubSpotFake, startHubSpotFake } from "./fake.ts";
import { archive, emptyPortal, type Portal, put, thingsOf } from "./portal.ts";

const now = new Date("2026-02-10T12:00:00.000Z");
const minuteMs = 60_000;
const open: HubSpotFake[] = [];

afterEach(async () => {
  for (const fake of open.splice(0)) await fake.close();
});

async function start(portal: Portal, settings = {}): Promise<{ readonly source: Source; readonly fake: HubSpotFake }> {
  const fake = await startHubSpotFake(portal);
  open.push(fake);
  return { source: openSource(fake.url, settings), fake };
}

function later(minutes: number): Date {
  return new Date(now.getTime() + minutes * minuteMs);
}

interface Swept {
  readonly ids: readonly string[];
  readonly pages: readonly Page[];
  readonly cursor: unknown;
}

/** Pulls a stream to its end, handing each cursor on as the database does; `between` is called after each page. */
async function sweep(
  source: Source,
  stream: string,
  from: unknown,
  at: Date,
  between: (pages: number) => void = () => undefined,
): Promise<Swept> {
  const pages: Page[] = [];
  let cursor = from;
  do {
    const page = await source.pull(stream, cursor, pullContext(source, at));
    pages.push(page);
    cursor = JSON.parse(JSON.stringify(page.cursor));
    between(pages.length);
  } while (pages.at(-1)?.done !== true);
  return { ids: pages.flatMap((page) => idsIn(source, stream, page)), pages, cursor };
}

function idsIn(source: Source, stream: string, page: Page): string[] {
  return page.raw.flatMap((raw) => {
    const { claims = [], deleted = [] } = source.map(stream, raw, mapContext(now));
    return [...claims.map(({ externalId }) => externalId), ...deleted.map(({ id }) => id)];
  });
}

function companies(portal: Portal, from: number, to: number, at: Date): string[] {
  const ids = Array.from({ length: to - from }, (_, index) => String(from + index));
  for (const id of ids) put(portal, "companies", id, { name: `Company ${id}` }, at.toISOString());
  return ids;
}

describe("a sweep of HubSpot's search", () => {
  test("brings 1,000 things that changed at one moment, each once", async () => {
    const portal = emptyPortal(now);
    const ids = companies(portal, 1, 1_001, later(-60));
    const { source } = await start(portal);
    const swept = await sweep(source, "companies", null, now);
    expect(swept.ids).toEqual(ids);
    expect(swept.pages).toHaveLength(6);
  });

  test("goes past the 10,000 results that a search shows", async () => {
    const portal = emptyPortal(now);
    companies(portal, 1, 10_301, later(-60));
    const { source } = await start(portal);
    const swept = await sweep(source, "companies", null, now);
    expect(new Set(swept.ids).size).toBe(10_300);
    expect(swept.ids).toHaveLength(10_300);
  });

  test("asks only for what changed since the sweep before, and ten minutes more", async () => {
    const portal = emptyPortal(now);
    companies(portal, 1, 5, later(-60));
    companies(portal, 5, 7, later(-9));
    const { source } = await start(portal);
    const { cursor } = await sweep(source, "companies", null, now);
    put(portal, "companies", "2", { name: "Renamed" }, later(5).toISOString());
    portal.clock = later(15);
    const swept = await sweep(source, "companies", cursor, later(15));
    expect(swept.ids).toEqual(["2", "5", "6"]);
  });

  test("finds in the next sweep what the search did not know yet", async () => {
    const portal = emptyPortal(now);
    companies(portal, 1, 3, later(-1));
    portal.notIndexed.add("2");
    const { source } = await start(portal);
    const first = await sweep(source, "companies", null, now);
    portal.notIndexed.clear();
    portal.clock = later(15);
    const second = await sweep(source, "companies", first.cursor, later(15));
    expect([first.ids, second.ids]).toEqual([["1"], ["1", "2"]]);
  });

  test("loses nothing that changes under it, be it before or behind where it stands", async () => {
    const portal = emptyPortal(now);
    companies(portal, 1, 601, later(-60));
    const { source } = await start(portal);
    const first = await sweep(source, "companies", null, now, (pages) => {
      if (pages === 1) put(portal, "companies", "7", { name: "Behind" }, later(1).toISOString());
      if (pages === 1) put(portal, "companies", "590", { name: "Before" }, later(1).toISOString());
      if (pages === 2) put(portal, "companies", "900", { name: "New" }, later(1).toISOString());
    });
    portal.clock = later(15);
    const second = await sweep(source, "companies", first.cursor, later(15));
    expect(first.ids).toContain("900");
    expect(second.ids).toEqual(["7", "590", "900"]);
  });

  test("takes pages whose things stand in any order", async () => {
    const portal = emptyPortal(now);
    companies(portal, 1, 451, later(-60));
    portal.isShuffled = true;
    const { source } = await start(portal);
    const swept = await sweep(source, "companies", null, now);
    expect(new Set(swept.ids).size).toBe(450);
  });

  test.each([-25, -10, 10, 25])("loses nothing when HubSpot's clock is %i minutes off ours", async (minutes) => {
    const portal = emptyPortal(later(minutes));
    companies(portal, 1, 4, later(minutes - 30));
    const { source } = await start(portal);
    const first = await sweep(source, "companies", null, now);
    // A moment after the sweep, by HubSpot's clock.
    put(portal, "companies", "2", { name: "Renamed" }, later(minutes + 0.1).toISOString());
    portal.clock = later(minutes + 15);
    const second = await sweep(source, "companies", first.cursor, later(15));
    expect(second.ids).toContain("2");
  });

  test("goes on from any page's cursor after the process was killed", async () => {
    const portal = emptyPortal(now);
    const ids = companies(portal, 1, 701, later(-60));
    const { source } = await start(portal);
    const whole = await sweep(source, "companies", null, now);
    for (const [index, page] of whole.pages.slice(0, -1).entries()) {
      const rest = await sweep(source, "companies", page.cursor, now);
      const before = whole.pages.slice(0, index + 1).flatMap((each) => idsIn(source, "companies", each));
      expect([...before, ...rest.ids]).toEqual(ids);
    }
  });

  test("begins anew with a cursor that is none of ours", async () => {
    const portal = emptyPortal(now);
    companies(portal, 1, 3, later(-60));
    const { source } = await start(portal);
    expect((await sweep(source, "companies", { page: 4 }, now)).ids).toEqual(["1", "2"]);
  });

  test("does not go round for ever on pages that bring nothing new", async () => {
    const portal = emptyPortal(now);
    const { source, fake } = await start(portal);
    const page = { total: 999, results: [{ id: "5" }], paging: { next: { after: "200" } } };
    fake.instead.push({ status: 200, body: page }, { status: 200, body: page });
    await expect(sweep(source, "companies", null, now)).rejects.toThrow(/nothing after the last one/);
  });

  test("states the last whole day before it in the company's zone, and only once it is done", async () => {
    const portal = emptyPortal(new Date("2026-02-10T00:05:00Z"));
    companies(portal, 1, 202, later(-60));
    const { source } = await start(portal);
    const { pages } = await sweep(source, "companies", null, new Date("2026-02-10T00:05:00Z"));
    // Five past midnight less the lag of the search is still the day before.
    expect(pages.map(({ coveredThrough }) => coveredThrough)).toEqual([undefined, "2026-02-08"]);
  });

  test("brings every change of any course of changes and kills, at the latest with the sweep after it", async () => {
    const change = fc.record({ id: fc.integer({ min: 1, max: 450 }), afterPage: fc.integer({ min: 1, max: 6 }) });
    const changes = fc.array(change, { maxLength: 12 });
    const law = fc.asyncProperty(changes, fc.integer({ min: 0, max: 2 }), async (course, killedPage) => {
      const portal = emptyPortal(now);
      companies(portal, 1, 431, later(-60));
      const { source } = await start(portal);
      const seen = await follow(source, portal, course, killedPage);
      const names = [...thingsOf(portal, "companies")].map(([id, { properties }]) => [id, properties["name"]]);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(names));
    });
    await fc.assert(law, { numRuns: 20 });
  });
});

/** The names that six sweeps bring while companies change after some of their pages, and every third page comes twice. */
async function follow(
  source: Source,
  portal: Portal,
  changes: readonly { readonly id: number; readonly afterPage: number }[],
  killedPage: number,
): Promise<ReadonlyMap<string, string | null>> {
  const seen = new Map<string, string | null>();
  let pages = 0;
  let cursor: unknown = null;
  for (const minutes of [0, 15, 30, 45, 60, 75]) {
    portal.clock = later(minutes);
    let isKilled = false;
    for (let done = false; !done; ) {
      const page = await source.pull("companies", cursor, pullContext(source, portal.clock));
      for (const { externalId, name } of claimsOf(source, page)) seen.set(externalId, name);
      pages += 1;
      const stamp = new Date(portal.clock.getTime() + pages * 1_000).toISOString();
      for (const { id } of changes.filter(({ afterPage }) => afterPage === pages)) {
        put(portal, "companies", String(id), { name: `Changed after page ${pages}` }, stamp);
      }
      isKilled = !isKilled && pages % 3 === killedPage;
      if (isKilled) continue;
      cursor = page.cursor;
      done = page.done;
    }
  }
  return seen;
}

function claimsOf(source: Source, page: Page) {
  return page.raw.flatMap((raw) => source.map("companies", raw, mapContext(now)).claims ?? []);
}

describe("the list of what was deleted", () => {
  test("brings all of it, page by page, each time anew", async () => {
    const portal = emptyPortal(now);
    const ids = companies(portal, 1, 251, later(-60));
    for (const id of ids) archive(portal, "companies", id, "2026-02-10T11:30:00.000Z");
    const { source } = await start(portal);
    const first = await sweep(source, "archived-companies", null, now);
    const second = await sweep(source, "archived-companies", first.cursor, later(360));
    expect(first.ids).toEqual(ids);
    expect(second.ids).toEqual(ids);
  });

  test("says when each was deleted", async () => {
    const portal = emptyPortal(now);
    put(portal, "tickets", "41", { subject: "It is slow" }, later(-60).toISOString());
    archive(portal, "tickets", "41", "2026-02-10T11:30:00.000Z");
    const { source } = await start(portal);
    const page = await source.pull("archived-tickets", null, pullContext(source, now));
    expect(page.raw.map((raw) => source.map("archived-tickets", raw, mapContext(now)))).toEqual([
      { deleted: [{ kind: "ticket", id: "41", at: "2026-02-10T11:30:00.000Z" }] },
    ]);
  });
});

describe("the streams of HubSpot", () => {
  test("leave out what is skipped, and tasks unless they go there", async () => {
    const names = (settings: object) =>
      openSource("http://127.0.0.1:9", { ...settings }).streams.map(({ name }) => name);
    expect(names({ skip: ["deals", "feedback_submissions"] })).toEqual([
      ...["owners", "companies", "contacts", "tickets"],
      ...["archived-companies", "archived-contacts", "archived-tickets"],
    ]);
    expect(names({ tasks: {} })).toContain("tasks");
  });

  test("wait for a full second when HubSpot says the second is used up", async () => {
    const portal = emptyPortal(now);
    companies(portal, 1, 2, later(-60));
    const { source, fake } = await start(portal);
    const body = { status: "error", message: "You have reached your secondly limit.", policyName: "SECONDLY" };
    fake.instead.push({ status: 429, body });
    const waits: number[] = [];
    const page = await source.pull("companies", null, pullContext(source, now, waits));
    expect(page.raw).toHaveLength(1);
    expect(waits).toEqual([1_000]);
  });
});
