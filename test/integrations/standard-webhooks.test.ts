import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import type { InboundRequest } from "../../src/integrations/hook-port.ts";
import { standardWebhooksSettings } from "../../src/integrations/standard-webhooks/settings.ts";
import { openStandardWebhooksSource } from "../../src/integrations/standard-webhooks/source.ts";
import { mapContext } from "./pull-context.ts";

const now = new Date("2026-03-10T12:00:00Z");
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const other = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
const body = JSON.stringify({
  type: "user.created",
  timestamp: "2026-03-10T11:59:00Z",
  data: { account_id: "acme", name: "Ann" },
});

function open(
  secrets: readonly string[] = [secret],
  settings: Record<string, unknown> = { account: "$.data.account_id" },
) {
  const env = Object.fromEntries(secrets.map((each, index) => [`S${index}`, each]));
  const parsed = standardWebhooksSettings.parse({
    ...{ id: "app", kind: "standard-webhooks", ...settings },
    secret: Object.keys(env).map((name) => ({ env: name })),
  });
  const { hook } = openStandardWebhooksSource(parsed, ({ env: name }) => env[name] ?? "");
  if (hook === undefined) throw new Error("there is no hook");
  return hook;
}

function signed(text = body, { id = "msg_1", at = now, by = secret } = {}): InboundRequest {
  return {
    raw: Buffer.from(text),
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(by).sign(id, at, text),
    },
    method: "POST",
    url: "https://keepwell.example.com/webhooks/app",
    now,
  };
}

describe("a hook of Standard Webhooks", () => {
  test("believes what the official library signs, whatever the body", () => {
    for (const text of [body, "{}", '{"a":"ü€😀"}', " ", ""]) {
      expect(open().verify(signed(text, { id: `msg_${text.length}` }))).toEqual({ ok: true });
    }
  });

  test.each([
    ["-301", false],
    ["-299", true],
    ["299", true],
    ["301", false],
  ])("judges a delivery %s seconds away from now", (seconds, isFresh) => {
    const at = new Date(now.getTime() + Number(seconds) * 1000);
    expect(open().verify(signed(body, { at }))).toEqual(isFresh ? { ok: true } : { ok: false, reason: "stale" });
  });

  test("believes any of its secrets while one replaces another, and one signature among several", () => {
    expect(open([other, secret]).verify(signed())).toEqual({ ok: true });
    expect(open([other]).verify(signed())).toEqual({ ok: false, reason: "bad signature" });
    const twice = signed();
    const both = `${new Webhook(other).sign("msg_1", now, body)} ${twice.headers["webhook-signature"]}`;
    expect(open().verify({ ...twice, headers: { ...twice.headers, "webhook-signature": both } })).toEqual({ ok: true });
  });

  test("takes the headers under their older names", () => {
    const { headers, ...rest } = signed();
    const renamed = Object.entries(headers).map(([name, value]) => [name.replace("webhook-", "svix-"), value]);
    expect(open().verify({ ...rest, headers: Object.fromEntries(renamed) })).toEqual({ ok: true });
  });

  test("refuses an id with a dot, a time that is none and a signature of another version", () => {
    expect(open().verify(signed(body, { id: "msg.1" }))).toEqual({ ok: false, reason: "bad signature" });
    const request = signed();
    const withHeader = (name: string, value: string) => ({
      ...request,
      headers: { ...request.headers, [name]: value },
    });
    expect(open().verify(withHeader("webhook-timestamp", "soon"))).toEqual({ ok: false, reason: "bad signature" });
    const v1a = request.headers["webhook-signature"]?.replace("v1,", "v1a,") ?? "";
    expect(open().verify(withHeader("webhook-signature", v1a))).toEqual({ ok: false, reason: "bad signature" });
    expect(open().verify(withHeader("webhook-id", ""))).toEqual({ ok: false, reason: "unsigned" });
  });

  test("keeps a delivery under its id and reads it as an event of its account", () => {
    const hook = open();
    const [item] = hook.split(signed());
    expect(item).toMatchObject({ dedupeKey: "msg_1", occurredAt: new Date("2026-03-10T11:59:00Z") });
    expect(hook.read(item?.body ?? "", mapContext(now))).toEqual({
      mapped: {
        inputs: [
          {
            kind: "event",
            id: "msg_1",
            account: "acme",
            at: "2026-03-10T11:59:00Z",
            set: { name: "user.created", payload: { account_id: "acme", name: "Ann" } },
          },
        ],
      },
    });
  });

  test("ignores what names no account or has no type, and says why", () => {
    const hook = open();
    const read = (text: string) => hook.read(hook.split(signed(text))[0]?.body ?? "", mapContext(now));
    expect(read('{"type":"a","timestamp":"2026-03-10T11:59:00Z","data":{}}')).toEqual({
      ignored: "the body names no account",
    });
    expect(read('{"data":1}')).toEqual({ ignored: "the body has no type as it should be" });
  });

  test("reads by a mapping where the settings have one", () => {
    const mapping = {
      account: "$.data.account_id",
      records: [{ kind: "contact", id: "$.data.name", at: "$.timestamp", set: { name: "$.data.name" } }],
    };
    const hook = open([secret], { mapping });
    expect(hook.read(hook.split(signed())[0]?.body ?? "", mapContext(now)).mapped?.inputs).toMatchObject([
      { kind: "contact", id: "Ann", account: "acme" },
    ]);
  });

  test("does not open with a secret that is none, and tells nothing of it", () => {
    expect(() => open(["whsec_c2hvcnQ="])).toThrow('the secret of the source "app" must be "whsec_"');
  });
});
