import { existsSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PullContext, Source } from "../../../src/integrations/source-port.ts";
import { pullContext } from "../pull-context.ts";
import { idsOf, mapPages, pullAll } from "../pulled.ts";
import { type FakeOptions, failure, type IntercomFake, specFile, startIntercomFake } from "./fake.ts";
import { openWorkspace } from "./open.ts";
import { company, contact, conversation, seconds, smallWorkspace } from "./workspace.ts";

const now = new Date("2026-06-01T12:00:00Z");

let fake: IntercomFake;
let source: Source;
let waits: number[];
let context: PullContext;

async function begin(options: FakeOptions = {}): Promise<void> {
  await fake?.close();
  fake = await startIntercomFake(options);
  source = openWorkspace(fake.url);
  waits = [];
  context = pullContext(source, now, waits);
}

beforeEach(() => begin());
afterEach(() => fake.close());

describe("the list of companies", () => {
  test("comes whole, as one sweep", async () => {
    const pages = await pullAll(source, "companies", context);
    expect(idsOf(pages.flatMap(({ raw }) => raw))).toEqual(["c1", "c2", "c3"]);
    expect(new Set(pages.map(({ sweep }) => sweep)).size).toBe(1);
    expect(pages.at(-1)).toMatchObject({ done: true, cursor: null, coveredThrough: "2026-05-31" });
  });

  test("begins anew when it was left alone for too long", async () => {
    const { cursor } = await source.pull("companies", null, context);
    fake.expireScroll();
    await expect(source.pull("companies", cursor, context)).rejects.toMatchObject({
      verdict: { kind: "reset-cursor" },
    });
  });

  test("waits a minute when another list is open", async () => {
    await source.pull("companies", null, context);
    await expect(source.pull("companies", null, context)).rejects.toMatchObject({
      verdict: { kind: "retry", afterMs: 60_000, reason: expect.stringContaining("another scroll is open") },
    });
    expect(waits).toEqual([]);
  });

  test("is never gone on with by another process, which may have missed a page", async () => {
    const { cursor } = await source.pull("companies", null, context);
    const other = openWorkspace(fake.url);
    await expect(other.pull("companies", cursor, pullContext(other, now))).rejects.toMatchObject({
      verdict: { kind: "reset-cursor" },
    });
    expect(fake.asked).toHaveLength(1);
  });

  test("is not gone on with from a page that was read but not kept", async () => {
    const { cursor } = await source.pull("companies", null, context);
    await source.pull("companies", cursor, context);
    await expect(source.pull("companies", cursor, context)).rejects.toMatchObject({
      verdict: { kind: "reset-cursor" },
    });
  });

  test.each([500, 502])(
    "is not asked for the same page again after status %i, which may have been given",
    async (status) => {
      const { cursor } = await source.pull("companies", null, context);
      fake.intercept = () => ({ status, body: {} });
      await expect(source.pull("companies", cursor, context)).rejects.toMatchObject({
        verdict: { kind: "reset-cursor" },
      });
      expect(fake.asked).toHaveLength(2);
    },
  );

  test("ends at once where there are none", async () => {
    await begin({ data: { ...smallWorkspace(), companies: [] } });
    const pages = await pullAll(source, "companies", context);
    expect(pages).toMatchObject([{ raw: [], done: true }]);
  });
});

describe("a search", () => {
  test("brings a thousand conversations of one second", async () => {
    const conversations = Array.from({ length: 1_000 }, (_, index) => conversation(String(index)));
    await begin({ data: { ...smallWorkspace(), conversations }, perPage: 150 });
    const pages = await pullAll(source, "conversations", context);
    const mapped = mapPages(source, "conversations", pages, now).flatMap(({ states = [] }) => states);
    expect(new Set(mapped.map(({ id }) => id)).size).toBe(1_000);
    expect(pages.at(-1)?.done).toBe(true);
  });

  test("then asks for what is newer, with a quarter of an hour over", async () => {
    const cursor = (await pullAll(source, "conversations", context)).at(-1)?.cursor;
    await source.pull("conversations", cursor, context);
    const newest = seconds("2026-05-02T10:00:00Z");
    expect(fake.asked.filter((line) => line.includes("conversations/search")).at(-1)).toContain(
      `{"field":"updated_at","operator":">","value":${newest - 900}}`,
    );
  });

  test("is not led astray by a time that has not come yet", async () => {
    fake.data.conversations.push(conversation("200", { updated_at: seconds("2099-01-01T00:00:00Z") }));
    const cursor = (await pullAll(source, "conversations", context)).at(-1)?.cursor;
    expect(cursor).toMatchObject({ since: now.getTime() / 1_000 });
  });

  test("begins anew when its place is refused, and ends", async () => {
    const { cursor } = await source.pull("conversations", null, context);
    const broken = { ...Object(cursor), after: "bm9uZQ==" };
    const pages = await pullAll(source, "conversations", context, broken);
    expect(pages.flatMap(({ raw }) => raw)).toHaveLength(7);
  });

  test("gives up when its place is refused every time", async () => {
    fake.intercept = (_path, { body }) =>
      body.toString("utf8").includes("starting_after") ? failure(400, "parameter_invalid") : null;
    await expect(pullAll(source, "conversations", context)).rejects.toMatchObject({ verdict: { kind: "fatal" } });
  });

  test("asks for half as much after each time it was too much", async () => {
    await source.pull("contacts", null, { ...context, shrink: 2 });
    expect(fake.asked.at(-1)).toContain('"per_page":37');
  });

  test("asks in the version whose shapes we read", async () => {
    let version: unknown;
    fake.intercept = (_path, { headers }) => {
      version = headers["intercom-version"];
      return null;
    };
    await source.pull("contacts", null, context);
    expect(version).toBe("2.16");
  });
});

test.each([-11, 0, 9, 14])(
  "contacts are not missed though they are searched by the days of a workspace %i hours ahead",
  async (hoursAhead) => {
    await begin({ hoursAhead, perPage: 150 });
    let cursor: unknown = null;
    const seen = new Set<string>();
    // A contact every five hours, and a pull after each.
    for (let at = seconds("2026-05-20T00:00:00Z"); at < seconds("2026-05-26T00:00:00Z"); at += 5 * 3_600) {
      fake.data.contacts.push(contact(`at-${at}`, ["c1"], { updated_at: at }));
      const pages = await pullAll(source, "contacts", pullContext(source, new Date((at + 60) * 1_000)), cursor);
      cursor = pages.at(-1)?.cursor;
      for (const id of idsOf(pages.flatMap(({ raw }) => raw))) seen.add(id);
    }
    expect(seen).toEqual(new Set(fake.data.contacts.map(({ id }) => id)));
  },
);

test("conversations come the same however they are paged and touched between the pulls (law)", async () => {
  const touch = fc.record({ id: fc.integer({ min: 0, max: 9 }), after: fc.integer({ min: 0, max: 4_000 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(touch, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (touches, perPage) => {
      const start = seconds("2026-05-20T00:00:00Z");
      const conversations = Array.from({ length: 10 }, (_, id) => conversation(String(id), { updated_at: start }));
      await begin({ data: { ...smallWorkspace(), conversations }, perPage });
      const last = new Map<string, unknown>();
      let cursor: unknown = null;
      let clock = start;
      const pull = async () => {
        const pages = await pullAll(source, "conversations", pullContext(source, new Date(clock * 1_000)), cursor);
        cursor = pages.at(-1)?.cursor;
        for (const { states = [] } of mapPages(source, "conversations", pages, now)) {
          for (const state of states) if (state.kind === "ticket") last.set(state.id, state.at);
        }
      };
      await pull();
      for (const { id, after } of touches) {
        clock += after;
        conversations[id] = conversation(String(id), { updated_at: clock });
        await pull();
      }
      for (const { id, updated_at: at } of conversations) {
        expect(last.get(String(id))).toBe(new Date(Number(at) * 1_000).toISOString());
      }
    }),
    { numRuns: 20 },
  );
});

describe("deleted conversations", () => {
  test("are read back to what is known", async () => {
    const at = seconds("2026-05-20T00:00:00Z");
    fake.data.deleted = Array.from({ length: 9 }, (_, index) => ({
      id: `d${index}`,
      deleted_at: at + index * 2 * 86_400,
    }));
    const pages = await pullAll(source, "deleted-conversations", context);
    expect(pages.flatMap(({ raw }) => raw)).toHaveLength(9);
    fake.data.deleted.push({ id: "new", deleted_at: at + 20 * 86_400 });
    const again = await pullAll(source, "deleted-conversations", context, pages.at(-1)?.cursor);
    expect(again).toHaveLength(2);
    expect(idsOf(again.flatMap(({ raw }) => raw))).toContain("new");
  });

  test("are none where the workspace has no such list", async () => {
    await begin({ tellsDeleted: false });
    expect(await pullAll(source, "deleted-conversations", context)).toMatchObject([{ raw: [], done: true }]);
  });

  test("are gone as tickets and as surveys", async () => {
    const pages = await pullAll(source, "deleted-conversations", context);
    expect(mapPages(source, "deleted-conversations", pages, now)).toEqual([
      {
        deleted: [
          { kind: "ticket", id: "90", at: "2026-05-02T10:00:00.000Z" },
          { kind: "survey", id: "90", at: "2026-05-02T10:00:00.000Z" },
        ],
      },
    ]);
  });
});

describe("limits", () => {
  test("waits until Intercom's limit is fresh again", async () => {
    let refused = 0;
    const reset = String(now.getTime() / 1_000 + 8);
    const tooMany = { ...failure(429, "rate_limit_exceeded"), headers: { "x-ratelimit-reset": reset } };
    fake.intercept = () => (refused++ < 1 ? tooMany : null);
    await source.pull("contacts", null, context);
    expect(waits).toEqual([8_000]);
  });

  test("is spread over windows of ten seconds", () => {
    expect(source.limits).toEqual([{ bucket: "calls", calls: 166, perMs: 10_000 }]);
  });
});

describe("single things", () => {
  test("come as they are now, a conversation with its companies", async () => {
    expect(await source.fetch?.("conversations", ["100", "101"], context)).toMatchObject({
      raw: [
        { conversation: { id: "100" }, companies: ["c1"] },
        { conversation: { id: "101" }, companies: ["c2"] },
      ],
      deleted: [],
    });
  });

  test("that are refused and not to be found are gone", async () => {
    expect(await source.fetch?.("contacts", ["ann", "gone"], context)).toMatchObject({
      raw: [{ id: "ann" }],
      deleted: ["gone"],
    });
  });

  test("are not taken for gone when it is we who were refused", async () => {
    fake.intercept = () => failure(403, "token_unauthorized");
    await expect(source.fetch?.("contacts", ["ann"], context)).rejects.toMatchObject({
      verdict: { kind: "forbidden" },
    });
    fake.intercept = (path) => (path === "/contacts/ann" ? failure(404, "not_found") : null);
    await expect(source.fetch?.("contacts", ["ann"], context)).rejects.toMatchObject({ verdict: { kind: "retry" } });
  });
});

describe("the check", () => {
  test("names the workspace", async () => {
    expect(await source.check(context)).toEqual({ ok: true, detail: "Acme: everything can be read", missing: [] });
  });

  test("names missing permissions as Intercom does", async () => {
    fake.intercept = (path) => (path.endsWith("/search") ? failure(403, "token_unauthorized", "Not authorized") : null);
    expect(await source.check(context)).toMatchObject({
      ok: false,
      missing: ["Read users and companies", "Read conversations"],
    });
  });
});

describe.skipIf(!existsSync(specFile))("the fake (skipped without ../shared/specs/intercom)", () => {
  test("answers as Intercom publishes it", async () => {
    fake.data.companies.push(company("c4"));
    for (const { name } of source.streams) await pullAll(source, name, context);
    await source.fetch?.("contacts", ["ann", "gone"], context);
    await source.fetch?.("conversations", ["100"], context);
    await source.check(context);
    expect(fake.asked.length).toBeGreaterThan(15);
    expect(fake.faults).toEqual([]);
  });
});
