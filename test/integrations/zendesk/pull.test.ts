import { existsSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PullContext, Source } from "../../../src/integrations/source-port.ts";
import { pullContext } from "../pull-context.ts";
import { idsOf, pullAll } from "../pulled.ts";
import { organization, smallDesk, ticket } from "./desk.ts";
import { type FakeOptions, specFile, startZendeskFake, type ZendeskFake } from "./fake.ts";
import { openDesk } from "./open.ts";

const now = new Date("2026-06-01T12:00:00Z");

let fake: ZendeskFake;
let source: Source;
let waits: number[];
let context: PullContext;

async function begin(options: Partial<FakeOptions> = {}): Promise<void> {
  await fake?.close();
  fake = await startZendeskFake({ now, ...options });
  source = openDesk(fake.url);
  waits = [];
  context = pullContext(source, now, waits);
}

beforeEach(() => begin());
afterEach(() => fake.close());

describe("an export by cursor", () => {
  test("brings every ticket once and keeps the cursor of its end", async () => {
    const pages = await pullAll(source, "tickets", context);
    expect(idsOf(pages.flatMap(({ raw }) => raw))).toEqual(["100", "101", "102", "103", "104", "106", "105"]);
    const end = pages.at(-1);
    expect(end).toMatchObject({ done: true, coveredThrough: "2026-05-31" });
    const again = await pullAll(source, "tickets", context, end?.cursor);
    expect(again.flatMap(({ raw }) => raw)).toEqual([]);
    expect(again.at(-1)?.cursor).toEqual(end?.cursor);
  });

  test("brings what changed afterwards, and only that", async () => {
    const cursor = (await pullAll(source, "tickets", context)).at(-1)?.cursor;
    fake.data.tickets.push(ticket(101, { status: "solved", generated_timestamp: now.getTime() / 1_000 - 3_600 }));
    const pages = await pullAll(source, "tickets", context, cursor);
    expect(idsOf(pages.flatMap(({ raw }) => raw))).toEqual(["101"]);
  });

  test("comes through a thousand tickets of one second, over pages that repeat each other's end", async () => {
    const all = Array.from({ length: 1_000 }, (_, index) => ticket(index + 1));
    await begin({ data: { ...smallDesk(), tickets: all }, perPage: 150, repeats: true });
    const ids = idsOf((await pullAll(source, "tickets", context)).flatMap(({ raw }) => raw));
    expect(ids.length).toBeGreaterThan(1_000);
    expect(new Set(ids).size).toBe(1_000);
  });

  test("asks for half as much after each time it was too much", async () => {
    await source.pull("tickets", null, { ...context, shrink: 3 });
    expect(fake.asked.at(-1)).toContain("per_page=125");
  });

  test("puts the metrics beside the ticket they belong to", async () => {
    const [page] = await pullAll(source, "tickets", context);
    expect(page?.raw[0]).toMatchObject({ id: 100, metric_set: { ticket_id: 100, reopens: 2 } });
  });

  test("says that a cursor which Zendesk does not know any more is to be begun anew", async () => {
    const pull = source.pull("tickets", { cursor: "bm90IG9uZQ==" }, context);
    await expect(pull).rejects.toMatchObject({ verdict: { kind: "reset-cursor" } });
  });

  test("ends at once where there is nothing at all", async () => {
    await begin({ data: { organizations: [], users: [], tickets: [], ratings: [], responses: [] } });
    for (const stream of ["organizations", "users", "tickets", "surveys"]) {
      const pages = await pullAll(source, stream, context);
      expect(pages.flatMap(({ raw }) => raw)).toEqual([]);
    }
  });
});

describe("the export of organizations by time", () => {
  test("brings all of them, those of a page's last second twice at most", async () => {
    const all = Array.from({ length: 40 }, (_, index) =>
      organization(index + 1, { generated_timestamp: 1_770_000_000 + Math.floor(index / 4) }),
    );
    await begin({ data: { ...smallDesk(), organizations: all }, perPage: 5 });
    const ids = idsOf((await pullAll(source, "organizations", context)).flatMap(({ raw }) => raw));
    expect(new Set(ids).size).toBe(40);
    expect(ids.length).toBeLessThanOrEqual(80);
  });

  test("never asks for a time within the last minute", async () => {
    await source.pull("organizations", { since: now.getTime() / 1_000 }, context);
    expect(fake.asked.at(-1)).toBe("/api/v2/incremental/organizations?start_time=1780315139");
  });

  test("stops with a reason when it stands still", async () => {
    fake.intercept = () => ({ status: 200, body: { organizations: [], end_time: 7, end_of_stream: false } });
    const pull = source.pull("organizations", { since: 7 }, context);
    await expect(pull).rejects.toMatchObject({
      verdict: { kind: "fatal", reason: expect.stringContaining("stands still") },
    });
  });
});

describe("limits", () => {
  test("waits as long as Zendesk asks for, and goes on", async () => {
    let refused = 0;
    fake.intercept = () => (refused++ < 1 ? { status: 429, body: {}, headers: { "retry-after": "7" } } : null);
    await source.pull("tickets", null, context);
    expect(waits).toEqual([7_000]);
  });

  test("waits until the limit is fresh again where nothing else is said", async () => {
    let refused = 0;
    fake.intercept = () => (refused++ < 1 ? { status: 429, body: {}, headers: { "ratelimit-reset": "9" } } : null);
    await source.pull("tickets", null, context);
    expect(waits).toEqual([9_000]);
  });

  test("counts exports apart from other calls", () => {
    expect(source.limits).toEqual([
      { bucket: "calls", calls: 200, perMs: 60_000 },
      { bucket: "exports", calls: 10, perMs: 60_000 },
    ]);
  });
});

test("tickets come the same, wherever a pull is cut and begun anew (law)", async () => {
  const seconds = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(seconds, fc.integer({ min: 1, max: 7 }), fc.boolean(), async (offsets, perPage, repeats) => {
      const tickets = offsets.map((offset, index) =>
        ticket(index + 1, { generated_timestamp: 1_770_000_000 + offset }),
      );
      await begin({ data: { ...smallDesk(), tickets }, perPage, repeats });
      const ids = idsOf((await pullAll(source, "tickets", context)).flatMap(({ raw }) => raw));
      expect(new Set(ids)).toEqual(new Set(tickets.map(({ id }) => String(id))));
    }),
    { numRuns: 25 },
  );
});

describe("single things", () => {
  test("are looked up as they are now; what is gone is told", async () => {
    expect(await source.fetch?.("tickets", ["100", "104", "777"], context)).toMatchObject({
      raw: [{ id: 100 }],
      deleted: ["104", "777"],
    });
    expect(await source.fetch?.("organizations", ["1", "9"], context)).toMatchObject({ deleted: ["9"] });
  });

  test("are asked for a hundred at a time", async () => {
    const ids = Array.from({ length: 250 }, (_, index) => String(index + 1));
    await source.fetch?.("users", ids, context);
    expect(fake.asked.filter((path) => path.startsWith("/api/v2/users/show_many"))).toHaveLength(3);
  });
});

describe("the check", () => {
  test("tells who is connected and how customers are asked", async () => {
    expect(await source.check(context)).toEqual({
      ok: true,
      detail: "acme as admin; surveys: ratings and survey responses",
      missing: [],
    });
    await begin({ surveys: ["responses"] });
    expect(await source.check(context)).toMatchObject({ ok: true, detail: "acme as admin; surveys: survey responses" });
  });

  test("names what is missing when exports are refused", async () => {
    fake.intercept = (path) => {
      if (path === "/api/v2/users/me") return { status: 200, body: { user: { id: 7, role: "agent" } } };
      return path.includes("incremental") ? { status: 403, body: { error: "Forbidden" } } : null;
    };
    expect(await source.check(context)).toMatchObject({ ok: false, missing: ["administrator"] });
  });

  test("does not take an answer to nobody for a login", async () => {
    fake.intercept = (path) => (path === "/api/v2/users/me" ? { status: 200, body: { user: { id: null } } } : null);
    expect(await source.check(context)).toMatchObject({ ok: false, detail: "acme: the login is not accepted" });
  });
});

describe.skipIf(!existsSync(specFile))("the fake (skipped without ../shared/specs/zendesk)", () => {
  test("answers as Zendesk publishes it", async () => {
    for (const { name } of source.streams) await pullAll(source, name, context);
    await source.fetch?.("organizations", ["1"], context);
    expect(fake.asked.length).toBeGreaterThan(10);
    // The published list of statuses lacks the one that only exports have.
    expect(fake.faults).toEqual([expect.stringContaining("/tickets/1/status must be equal to one of")]);
  });
});
