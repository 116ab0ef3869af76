import { gzipSync } from "node:zlib";
import { describe, expect, vi } from "vitest";
import { type Hook, UnreadableBody } from "../../src/integrations/hook-port.ts";
import { receivingSource } from "../../src/integrations/receiving-source.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import type { Input } from "../../src/scoring/records.ts";
import { listInbox } from "../../src/store/inbox/list.ts";
import { readRefusals } from "../../src/store/inbox/refusals.ts";
import { applyInputs } from "../../src/store/intake.ts";
import { listen, notify } from "../../src/store/notify.ts";
import { applyInbox } from "../../src/worker/inbox.ts";
import { test } from "../support/database.ts";
import { collectDeps } from "../worker/plain-source.ts";
import { type Api, serve } from "./api.ts";
import { appBody, appHeaders, signedApp } from "./signed-app.ts";

const now = new Date("2026-03-10T12:00:00Z");

function plainHook(parts: Partial<Hook>, id = "crm"): Source {
  const hook: Hook = {
    verify: () => ({ ok: true }),
    split: ({ raw }) => [{ dedupeKey: raw.toString(), occurredAt: null, body: raw.toString() }],
    read: () => ({ ignored: "nothing to do" }),
    ...parts,
  };
  return receivingSource({ id, kind: "plain", accounts: "match", idsAreKeys: false, hook });
}

async function deliver(api: Api, id: string, body = appBody("acme"), headers: Record<string, string> = {}) {
  return api.call("POST", "/webhooks/app", { body, headers: { ...appHeaders(id, body, now), ...headers } });
}

async function outcomes(api: Api): Promise<Record<string, number>> {
  const { body } = await api.call("GET", "/metrics");
  const lines = String(body).matchAll(/keepwell_webhook_deliveries_total\{source="(.*?)",outcome="(.*?)"\} (\d+)/g);
  return Object.fromEntries([...lines].map(([, source, outcome, count]) => [`${source} ${outcome}`, Number(count)]));
}

describe("POST /webhooks/<source>", () => {
  test("keeps a signed delivery before it answers, once however often it comes", async ({ db }) => {
    const api = await serve(db, { sources: [signedApp()], now: () => now });
    const answers = [await deliver(api, "msg_1"), await deliver(api, "msg_1"), await deliver(api, "msg_2")];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, ""],
      [200, ""],
      [200, ""],
    ]);
    expect(await listInbox(db, { limit: 10 })).toMatchObject([
      { source: "app", state: "pending", attempts: 0, occurredAt: new Date("2026-03-10T11:00:00Z") },
      { source: "app", state: "pending" },
    ]);
    expect(await outcomes(api)).toEqual({ "app accepted": 2, "app duplicate": 1 });
    await api.server.stop();
  });

  test("refuses everything else with the same words, and counts it by reason", async ({ db }) => {
    const api = await serve(db, { sources: [signedApp()], now: () => now });
    const forged = await deliver(api, "msg_1", appBody("acme"), { "webhook-id": "msg_9" });
    const body = appBody("acme");
    const stale = await api.call("POST", "/webhooks/app", {
      body,
      headers: appHeaders("msg_2", body, new Date(now.getTime() - 301_000)),
    });
    const bare = await api.call("POST", "/webhooks/app", { body });
    expect([forged, stale, bare].map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set([forged, stale, bare].map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect((await deliver(api, "msg_3", "x".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect((await deliver(api, "msg_4", "{")).status).toBe(400);
    expect((await deliver(api, "msg_5", "[".repeat(100))).status).toBe(400);
    expect((await api.call("POST", "/webhooks/nobody", { body })).status).toBe(404);
    expect((await api.call("GET", "/webhooks/app")).status).toBe(405);
    expect(await listInbox(db, { limit: 10 })).toEqual([]);
    const expected = {
      "app bad signature": 1,
      "app stale": 1,
      "app unsigned": 1,
      "app too large": 1,
      "app unreadable": 2,
      "unknown unknown source": 1,
    };
    expect(await outcomes(api)).toEqual(expected);
    await api.server.stop();
    const kept = (await readRefusals(db, new Date(0))).map(({ source, reason, deliveries }) => [
      `${source} ${reason}`,
      deliveries,
    ]);
    expect(Object.fromEntries(kept)).toEqual(expected);
  });

  test("takes no packed body, whatever is in it", async ({ db }) => {
    const api = await serve(db, { sources: [signedApp()], now: () => now });
    const headers = { ...appHeaders("msg_1", appBody("acme"), now), "content-encoding": "gzip" };
    const answer = await api.call("POST", "/webhooks/app", { body: gzipSync(Buffer.alloc(50_000_000)), headers });
    expect(answer.status).toBe(415);
    await api.server.stop();
  });

  test("tells a source without a hook from none to nobody", async ({ db }) => {
    const { hook: _, ...deaf } = signedApp();
    const api = await serve(db, { sources: [deaf], now: () => now });
    expect((await deliver(api, "msg_1")).status).toBe(404);
    await api.server.stop();
  });

  test("gives hooks the public URL of the settings, whatever the request says", async ({ db }) => {
    const urls: string[] = [];
    const source = plainHook({
      verify: ({ url }) => {
        urls.push(url);
        return { ok: true };
      },
    });
    const api = await serve(db, { sources: [source], publicUrl: "https://keepwell.example.com/in" });
    const headers = { "x-forwarded-host": "evil.example.org", "x-forwarded-proto": "ftp", forwarded: "host=evil" };
    await api.call("POST", "/webhooks/crm?a=1&b=%3A", { body: "{}", headers });
    expect(urls).toEqual(["https://keepwell.example.com/in/webhooks/crm?a=1&b=%3A"]);
    await api.server.stop();
  });

  test("answers as the hook says, once everything is kept", async ({ db }) => {
    const reply = { status: 200, contentType: "text/xml", body: "<Ack>true</Ack>" };
    const items = ["a", "b", "a"].map((dedupeKey) => ({ dedupeKey, occurredAt: null, body: "{}" }));
    const api = await serve(db, { sources: [plainHook({ reply, split: () => items })] });
    const answer = await api.call("POST", "/webhooks/crm", { body: "<x/>", headers: { "content-type": "text/xml" } });
    expect([answer.status, answer.body, answer.headers.get("content-type")]).toEqual([
      200,
      "<Ack>true</Ack>",
      "text/xml; charset=utf-8",
    ]);
    expect(await listInbox(db, { limit: 10 })).toHaveLength(2);
    await api.server.stop();
  });

  test("keeps keys of any length and characters, and tells them apart", async ({ db }) => {
    const keys = ["k".repeat(5000), "k".repeat(5001), "a\0b", "a\u0001b", "\ud800", "plain"];
    const items = keys.map((dedupeKey) => ({ dedupeKey, occurredAt: new Date(8.64e15), body: "{}" }));
    const api = await serve(db, { sources: [plainHook({ split: () => items })] });
    expect((await api.call("POST", "/webhooks/crm", { body: "{}" })).status).toBe(200);
    expect(await listInbox(db, { limit: 10 })).toHaveLength(keys.length);
    await api.server.stop();
  });

  test("answers 500 and counts it when a hook throws what it should not, 400 for what cannot be read", async ({
    db,
  }) => {
    const throwing = plainHook({
      split: () => {
        throw new TypeError("a fault of ours");
      },
    });
    const strict = plainHook(
      {
        split: () => {
          throw new UnreadableBody("the body is not what was agreed");
        },
      },
      "strict",
    );
    const api = await serve(db, { sources: [throwing, strict] });
    expect((await api.call("POST", "/webhooks/crm", { body: "{}" })).status).toBe(500);
    expect(await api.call("POST", "/webhooks/strict", { body: "{}" })).toMatchObject({
      status: 400,
      body: { detail: "the body is not what was agreed" },
    });
    expect(await outcomes(api)).toEqual({ "crm our fault": 1, "strict unreadable": 1 });
    await api.server.stop();
  });

  test("keeps what many senders bring at once, each answered for its own", async ({ db }) => {
    const api = await serve(db, { sources: [signedApp()], now: () => now });
    const ids = Array.from({ length: 200 }, (_, index) => `msg_${index % 150}`);
    const answers = await Promise.all(ids.map((id) => deliver(api, id)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await listInbox(db, { limit: 1000 })).toHaveLength(150);
    expect(await outcomes(api)).toEqual({ "app accepted": 150, "app duplicate": 50 });
    await api.server.stop();
  });

  test("two servers that the same deliveries reach in other orders answer all of them, and keep each once", async ({
    db,
  }) => {
    const furnishing = { sources: [signedApp()], now: () => now };
    const apis = [await serve(db, furnishing), await serve(db, furnishing)];
    const ids = Array.from({ length: 300 }, (_, index) => `msg_${index}`);
    const sent = apis.map((api, index) => [api, index === 0 ? ids : ids.toReversed()] as const);
    const answers = await Promise.all(sent.flatMap(([api, order]) => order.map((id) => deliver(api, id))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await listInbox(db, { limit: 1000 })).toHaveLength(300);
    for (const api of apis) await api.server.stop();
  });

  test("wakes the collect stage once for what came together, and it is applied", async ({ db, url }) => {
    const wakes: string[] = [];
    const listening = listen(
      url,
      (topic) => wakes.push(topic),
      () => {},
    );
    // Heard only once it listens.
    await vi.waitFor(async () => {
      await notify(db, "deliver");
      expect(wakes).toContain("deliver");
    });
    const source = signedApp();
    const api = await serve(db, { sources: [source], now: () => now });
    const account: Input = { kind: "account", id: "acme", at: "2026-01-01T00:00:00Z", set: { name: "Acme" } };
    await db
      .transaction()
      .execute((tx) =>
        applyInputs(tx, { source: "api", inputs: [account], now, recordedAt: "now", unknownAccounts: "reject" }),
      );
    await Promise.all(Array.from({ length: 30 }, (_, index) => deliver(api, `msg_${index}`)));
    await vi.waitFor(() => expect(wakes).toContain("collect"));
    expect(wakes.filter((topic) => topic === "collect").length).toBeLessThan(30);
    expect(await applyInbox(collectDeps(db, [source]), now)).toMatchObject({ applied: 30 });
    const events = await db.selectFrom("records").select("externalId").where("kind", "=", "event").execute();
    expect(events).toHaveLength(30);
    await api.server.stop();
    await listening.stop();
  });
});
