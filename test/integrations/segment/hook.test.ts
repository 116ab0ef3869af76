import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { InboundRequest } from "../../../src/integrations/hook-port.ts";
import { segmentSettings } from "../../../src/integrations/segment/settings.ts";
import { openSegmentSource } from "../../../src/integrations/segment/source.ts";
import { mapContext } from "../pull-context.ts";

const now = new Date("2026-03-10T12:00:00.000Z");
const secrets: Readonly<Record<string, string>> = { NEW: "signing-new", OLD: "signing-old", BATCH: "batch-secret" };

const hookOf = (more: object, read: (env: string) => string = (env) => secrets[env] ?? "key") => {
  const settings = segmentSettings.parse({ id: "product", kind: "segment", writeKeys: { env: "KEY" }, ...more });
  const { hook } = openSegmentSource(settings, ({ env }) => read(env));
  if (hook === undefined) throw new Error("there is no hook");
  return hook;
};
const signing = { webhookSecret: [{ env: "NEW" }, { env: "OLD" }] };
const withBatches = { ...signing, batchSecret: { env: "BATCH" } };

const signed = (text: string, secret: string) => createHmac("sha1", secret).update(text).digest("hex");
const requestOf = (body: string, headers: Readonly<Record<string, string>>): InboundRequest => ({
  raw: Buffer.from(body),
  headers,
  method: "POST",
  url: "https://keepwell.example.com/webhooks/product",
  now,
});

const event = { type: "track", event: "Login", messageId: "m1", userId: "u1", context: { groupId: "acme" } };
const single = JSON.stringify(event);
const batch = JSON.stringify([event, { ...event, messageId: "m2" }]);

describe("one event", () => {
  test.each(["NEW", "OLD"])("signed with the secret %s is believed", (secret) => {
    const request = requestOf(single, { "x-signature": signed(single, secrets[secret] ?? "") });
    expect(hookOf(signing).verify(request)).toEqual({ ok: true });
  });

  test("is kept as a call at /v1 is, and read alike", () => {
    const hook = hookOf(signing);
    const [item] = hook.split(requestOf(single, {}));
    expect(hook.read(item?.body ?? "", mapContext(now)).mapped?.inputs).toMatchObject([
      { account: "acme", name: "login", id: "login m1" },
    ]);
  });

  test.each([
    ["without a signature", {}, "unsigned"],
    ["with an empty one", { "x-signature": "" }, "bad signature"],
    ["with one of another secret", { "x-signature": signed(single, "else") }, "bad signature"],
    ["with one of another body", { "x-signature": signed(`${single} `, "signing-new") }, "bad signature"],
    ["with one in capitals", { "x-signature": signed(single, "signing-new").toUpperCase() }, "bad signature"],
  ])("%s is refused", (_, headers, reason) => {
    expect(hookOf(signing).verify(requestOf(single, headers as Record<string, string>))).toEqual({ ok: false, reason });
  });

  test("is refused where no secret is set", () => {
    expect(hookOf({}).verify(requestOf(single, { "x-signature": signed(single, "") }))).toMatchObject({ ok: false });
  });
});

describe("a batch, of which the signature covers the first event only,", () => {
  const signature = signed(single, "signing-new");

  test.each([
    ["is refused without a second secret", signing, {}],
    ["is refused with a wrong one", withBatches, { "x-keepwell-secret": "batch-secret2" }],
    ["is refused where none is set up", signing, { "x-keepwell-secret": "batch-secret" }],
    ["is refused with an empty one", signing, { "x-keepwell-secret": "" }],
  ])("%s", (_, settings, headers) => {
    const request = requestOf(batch, { "x-signature": signature, ...(headers as Record<string, string>) });
    expect(hookOf(settings).verify(request)).toEqual({ ok: false, reason: "not allowed" });
  });

  test("is believed with both, also after white space", () => {
    const headers = { "x-signature": signature, "x-keepwell-secret": "batch-secret" };
    expect(hookOf(withBatches).verify(requestOf(batch, headers))).toEqual({ ok: true });
    expect(hookOf(withBatches).verify(requestOf(` ${batch}`, headers))).toEqual({ ok: true });
    expect(hookOf(withBatches).split(requestOf(batch, headers))).toHaveLength(1);
  });

  test.each(["[]", "[", "[null]", '["x"]'])("%s is refused without a signature of its own", (body) => {
    const headers = { "x-signature": signature, "x-keepwell-secret": "batch-secret" };
    expect(hookOf(withBatches).verify(requestOf(body, headers))).toMatchObject({ ok: false });
  });
});

const vectors = new URL("../../../../shared/specs/test-vectors.json", import.meta.url);

describe.skipIf(!existsSync(vectors))("the computed vectors (skipped where ../shared/specs is absent)", () => {
  const vector = z.object({ body: z.string(), signature: z.string() });
  const shape = z.object({ segment: z.object({ secret: z.string(), single: vector, batch: vector }) });

  test("are believed", () => {
    const { segment } = shape.parse(JSON.parse(readFileSync(vectors, "utf8")));
    const hook = hookOf(withBatches, (env) => (env === "BATCH" ? "batch-secret" : segment.secret));
    for (const { body, signature } of [segment.single, segment.batch]) {
      const headers = { "x-signature": signature, "x-keepwell-secret": "batch-secret" };
      expect(hook.verify(requestOf(body, headers))).toEqual({ ok: true });
    }
  });
});
