import { existsSync, readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Analytics } from "@segment/analytics-node";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { z } from "zod";
import { readKept } from "../../src/integrations/segment/kept-body.ts";
import { segmentSettings } from "../../src/integrations/segment/settings.ts";
import { openSegmentSource } from "../../src/integrations/segment/source.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { type Api, test as base, serve } from "./api.ts";
import { openDatabaseProxy } from "./database-proxy.ts";
import { malformed } from "./malformed-json.ts";
import { expectProblem } from "./problems.ts";

const now = new Date("2026-03-10T12:00:00.000Z");
const keys: Readonly<Record<string, string>> = { NEW: "key-new", OLD: "key-old", OTHER: "key-other" };

const sourceOf = (id: string, ...names: readonly string[]) =>
  openSegmentSource(
    segmentSettings.parse({ id, kind: "segment", writeKeys: names.map((env) => ({ env })) }),
    ({ env }) => keys[env] ?? "",
  );
const sources = [sourceOf("product", "NEW", "OLD"), sourceOf("site", "OTHER")];

const test = base.extend<{ api: Api }>({
  api: async ({ db }, use) => {
    const api = await serve(db, { sources, now: () => now });
    await use(api);
    await api.server.stop();
  },
});

const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` });
const login = { userId: "u1", event: "Login", messageId: "m1", timestamp: "2026-03-10T11:00:00Z" };

interface Kept {
  readonly source: string;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

async function kept(db: Db): Promise<Kept[]> {
  const { rows } = await sql<{ source: string; body: string }>`select source, body from inbox order by id`.execute(db);
  return rows.map(({ source, body }) => {
    expect(body).not.toMatch(/key-(new|old|other)/);
    return { source, events: readKept(body).events.map((event) => z.record(z.string(), z.unknown()).parse(event)) };
  });
}

describe("the door for tracked products", () => {
  test("keeps a call before it answers, without the key", async ({ api, db }) => {
    const answer = await api.call("POST", "/v1/track", { body: { ...login, writeKey: "key-new" } });
    expect(answer).toMatchObject({ status: 200, body: { success: true } });
    expect(await kept(db)).toEqual([{ source: "product", events: [{ ...login, type: "track", writeKey: "" }] }]);
  });

  test.for([
    ["HTTP Basic", basic("key-old"), {}, "product"],
    ["the body", {}, { writeKey: "key-other" }, "site"],
    ["HTTP Basic before the body", basic("key-new"), { writeKey: "key-other" }, "product"],
  ] as const)("knows a source by the key in %s", async ([, headers, more, source], { api, db }) => {
    expect((await api.call("POST", "/v1/track", { headers, body: { ...login, ...more } })).status).toBe(200);
    expect(await kept(db)).toMatchObject([{ source }]);
  });

  test("knows a batch by the key of its first event", async ({ api, db }) => {
    const batch = [{ ...login, type: "track", writeKey: "key-new" }];
    expect((await api.call("POST", "/v1/b", { body: { batch } })).status).toBe(200);
    expect(await kept(db)).toEqual([{ source: "product", events: [{ ...login, type: "track", writeKey: "" }] }]);
  });

  test.for([
    ["no key", {}, {}],
    ["a wrong one", basic("key-wrong"), {}],
    ["an empty one", basic(""), {}],
    ["one with something after it", basic("key-new2"), {}],
    ["a bearer token", { authorization: "Bearer key-new" }, {}],
    ["a key that is no text", {}, { writeKey: ["key-new"] }],
    ["a wrong one before a right one", basic("key-wrong"), { writeKey: "key-new" }],
  ] as const)("answers 401 to %s, and keeps nothing", async ([, headers, more], { api, db }) => {
    expectProblem(await api.call("POST", "/v1/track", { headers, body: { ...login, ...more } }), 401);
    expect(await kept(db)).toEqual([]);
  });

  const calls = ["identify", "group", "track", "page", "screen", "alias"].flatMap((call) => [
    [call, call] as const,
    [call.charAt(0), call] as const,
  ]);
  test.for(calls)("POST /v1/%s is a call of type %s", async ([path, type], { api, db }) => {
    const { status } = await api.call("POST", `/v1/${path}`, { headers: basic("key-new"), body: { userId: "u1" } });
    expect([status, (await kept(db))[0]?.events[0]?.["type"]]).toEqual([200, type]);
  });

  test.for(["batch", "import", "b"])("POST /v1/%s is many calls", async (path, { api, db }) => {
    const batch = [
      { ...login, type: "track" },
      { type: "identify", userId: "u1", messageId: "m2" },
    ];
    expect((await api.call("POST", `/v1/${path}`, { headers: basic("key-new"), body: { batch } })).status).toBe(200);
    expect((await kept(db))[0]?.events).toEqual(batch);
  });

  test("keeps the same messages once, whatever else of a body is new", async ({ api, db }) => {
    const batch = [{ ...login, type: "track" }];
    for (const sentAt of ["2026-03-10T11:59:00Z", "2026-03-10T12:00:00Z"]) {
      const body = { batch, sentAt, _metadata: { retryCount: 1 } };
      expect((await api.call("POST", "/v1/batch", { headers: basic("key-new"), body })).status).toBe(200);
    }
    await api.call("POST", "/v1/batch", { headers: basic("key-other"), body: { batch } });
    expect((await kept(db)).map(({ source }) => source)).toEqual(["product", "site"]);
  });

  test("knows an event without an id by its content, and takes it for another without a time", async ({ api, db }) => {
    const { messageId: _, ...nameless } = login;
    const { timestamp: __, ...timeless } = nameless;
    const send = (body: object) => api.call("POST", "/v1/track", { headers: basic("key-new"), body });
    await send(nameless);
    await send(nameless);
    expect(await kept(db)).toHaveLength(1);
    await send(timeless);
    expect(await kept(db)).toHaveLength(2);
    await send({ ...timeless, context: {} });
    expect(await kept(db)).toHaveLength(3);
  });
});

describe("browsers", () => {
  test("send text, which asks nobody first, and may read the answer", async ({ api, db }) => {
    const { status, headers } = await api.call("POST", "/v1/t", {
      headers: { "content-type": "text/plain", origin: "https://app.example.com" },
      body: JSON.stringify({ ...login, writeKey: "key-new" }),
    });
    expect([status, headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
    expect(await kept(db)).toHaveLength(1);
  });

  test("that ask first are let in with the headers they name", async ({ api }) => {
    const { status, headers } = await api.call("OPTIONS", "/v1/track", {
      headers: { origin: "https://app.example.com", "access-control-request-headers": "authorization,anonymousid" },
    });
    expect([status, headers.get("access-control-allow-headers")]).toEqual([204, "authorization,anonymousid"]);
    expect(headers.get("access-control-allow-methods")).toContain("POST");
  });

  test("may read why they are refused", async ({ api }) => {
    const { status, headers } = await api.call("POST", "/v1/t", { body: login });
    expect([status, headers.get("access-control-allow-origin")]).toEqual([401, "*"]);
  });
});

describe("hostile bodies", () => {
  const post = (api: Api, body: string | Buffer, headers = {}) =>
    api.call("POST", "/v1/batch", { headers: { ...basic("key-new"), ...headers }, body });

  test("that are no JSON are answered 400", async ({ api, db }) => {
    for (const [what, body] of malformed) expect([what, (await post(api, body)).status]).toEqual([what, 400]);
    expect(await kept(db)).toEqual([]);
  });

  test.for(["null", "7", "[]", '"x"', "{}", '{"batch":{}}', '{"batch":[],"batch":7}', '{"batch":"x"}'])(
    "of another form are answered 400: %s",
    async (body, { api, db }) => {
      expectProblem(await post(api, body), 400);
      expect(await kept(db)).toEqual([]);
    },
  );

  test("of 500 KB are taken, larger ones not", async ({ api, db }) => {
    const event = { type: "track", event: "Login", userId: "u1", properties: { note: "x".repeat(30_000) } };
    const batchOf = (count: number) => ({ batch: Array.from({ length: count }, (_, index) => ({ ...event, index })) });
    expect((await post(api, JSON.stringify(batchOf(16)))).status).toBe(200);
    expectProblem(await post(api, JSON.stringify(batchOf(18))), 413);
    expect(await kept(db)).toHaveLength(1);
  });

  test("with an event of more than 32 KB are answered 413", async ({ api, db }) => {
    const event = (size: number) => ({ type: "track", event: "Login", userId: "u1", note: "x".repeat(size) });
    expect((await post(api, JSON.stringify({ batch: [event(32_000)] }))).status).toBe(200);
    expectProblem(await post(api, JSON.stringify({ batch: [event(5), event(33_000)] })), 413);
    expect(await kept(db)).toHaveLength(1);
  });

  // Packed before any connection is open: it takes longer than one is kept.
  const bomb = Buffer.alloc(50 * 1024 * 1024, " ");
  const gzipBomb = gzipSync(bomb);
  const brotliBomb = brotliCompressSync(bomb);

  test("may be packed, and are measured unpacked", async ({ api, db }) => {
    const body = JSON.stringify({ batch: [{ ...login, type: "track" }] });
    expect((await post(api, gzipSync(body), { "content-encoding": "gzip" })).status).toBe(200);
    expectProblem(await post(api, gzipBomb, { "content-encoding": "gzip" }), 413);
    expectProblem(await post(api, brotliBomb, { "content-encoding": "br" }), 413);
    expectProblem(await post(api, Buffer.from("no gzip"), { "content-encoding": "gzip" }), 400);
    expect(await kept(db)).toHaveLength(1);
  });

  test("that are nested deeply are refused before anything recurses", async ({ api }) => {
    expectProblem(await post(api, `{"batch":${"[".repeat(20_000)}${"]".repeat(20_000)}}`), 400);
  });

  test("with texts that PostgreSQL cannot hold are kept", async ({ api, db }) => {
    const body = '{"batch":[{"type":"track","event":"a\\u0000b\\ud800","userId":"u1","messageId":"\\u0000"}]}';
    expect((await post(api, body)).status).toBe(200);
    expect(await kept(db)).toHaveLength(1);
  });

  test("never overwrite what an event is made of", async ({ api, db }) => {
    const body = '{"batch":[{"__proto__":{"type":"group"},"type":"track","userId":"u1","messageId":"m1"}]}';
    expect((await post(api, body)).status).toBe(200);
    expect((await kept(db))[0]?.events[0]?.["type"]).toBe("track");
  });
});

test("what was refused is counted by its reason", async ({ api }) => {
  await api.call("POST", "/v1/track", { headers: basic("key-new"), body: login });
  await api.call("POST", "/v1/track", { headers: basic("key-new"), body: login });
  await api.call("POST", "/v1/track", { body: login });
  await api.call("POST", "/v1/batch", { headers: basic("key-new"), body: "{}" });
  const { body } = await api.call("GET", "/metrics");
  expect(body).toContain('keepwell_webhook_deliveries_total{source="product",outcome="accepted"} 1');
  expect(body).toContain('keepwell_webhook_deliveries_total{source="product",outcome="duplicate"} 1');
  expect(body).toContain('keepwell_webhook_deliveries_total{source="unknown",outcome="not allowed"} 1');
  expect(body).toContain('keepwell_webhook_deliveries_total{source="product",outcome="unreadable"} 1');
});

const recorded = new URL("../../../shared/specs/segment/analytics-node-3.1.0.batch.json", import.meta.url);

describe.skipIf(!existsSync(recorded))("a recorded body (skipped where ../shared/specs is absent)", () => {
  test("of the official client for servers is kept whole", async ({ db }) => {
    const body: unknown = JSON.parse(readFileSync(recorded, "utf8"));
    const source = openSegmentSource(
      segmentSettings.parse({ id: "product", kind: "segment", writeKeys: { env: "WK" } }),
      () => "wk",
    );
    const api = await serve(db, { sources: [source] });
    expect((await api.call("POST", "/v1/batch", { body })).status).toBe(200);
    await api.server.stop();
    expect((await kept(db))[0]?.events.map(({ type }) => type)).toEqual(["identify", "group", "track"]);
  });
});

describe("the official client for servers", () => {
  test("delivers every event", async ({ api, db }) => {
    const analytics = new Analytics({ writeKey: "key-new", host: api.server.url, flushAt: 20 });
    for (let index = 0; index < 250; index += 1) {
      analytics.track({ userId: `u${index}`, event: "Report Created", properties: { index } });
    }
    analytics.group({ userId: "u1", groupId: "acme", traits: { name: "Acme" } });
    await analytics.closeAndFlush({ timeout: 20_000 });
    const events = (await kept(db)).flatMap((each) => each.events);
    expect(events).toHaveLength(251);
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(251);
    expect(JSON.stringify(events)).not.toContain("key-new");
  });

  test("comes again with what could not be kept, and it is kept once", async ({ db, url }) => {
    const proxy = await openDatabaseProxy(url);
    const through = openDatabase(proxy.url, { max: 3 });
    const api = await serve(through.db, { sources, now: () => now });
    const analytics = new Analytics({ writeKey: "key-new", host: api.server.url, flushAt: 1 });
    await proxy.cut();
    const body = { ...login, type: "track" };
    expectProblem(await api.call("POST", "/v1/track", { headers: basic("key-new"), body }), 503);
    const refused = new Promise<void>((resolve) => analytics.once("http_request", () => resolve()));
    analytics.track({ userId: "u1", event: "Login" });
    await refused;
    await proxy.mend();
    await analytics.closeAndFlush({ timeout: 20_000 });
    expect(await kept(db)).toMatchObject([{ events: [{ event: "Login", userId: "u1" }] }]);
    await api.server.stop();
    await through.close();
    await proxy.close();
  });
});
