import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type InboundRequest, UnreadableBody } from "../../src/integrations/hook-port.ts";
import { jsonHookSettings } from "../../src/integrations/json-hook/settings.ts";
import { openJsonHookSource } from "../../src/integrations/json-hook/source.ts";
import { mapContext } from "./pull-context.ts";

const now = new Date("2026-03-10T12:00:00Z");
const body = '{"id": "e1", "at": "2026-03-10T11:00:00Z", "company": "acme", "what": "ü€😀"}';
const url = "https://keepwell.example.com/webhooks/bot?token=s3cret&x=1";
const secrets: Readonly<Record<string, string>> = { NEW: "s3cret", OLD: "0ld" };
const mapping = {
  account: "$.company",
  records: [{ kind: "event", id: "$.id", at: "$.at", set: { name: "$.what" } }],
};

function open(auth: unknown, more: object = {}) {
  const settings = jsonHookSettings.parse({ id: "bot", kind: "json-hook", auth, mapping, ...more });
  const { hook } = openJsonHookSource(settings, ({ env }) => secrets[env] ?? "");
  if (hook === undefined) throw new Error("there is no hook");
  return hook;
}

function request(headers: Readonly<Record<string, string>> = {}, raw = body, at = url): InboundRequest {
  return { raw: Buffer.from(raw), headers, method: "POST", url: at, now };
}

const sign = (algorithm: string, encoding: "hex" | "base64", text: string, key = "s3cret") =>
  createHmac(algorithm, key).update(text).digest(encoding);

const env = { env: "NEW" };
const unsigned = { ok: false, reason: "unsigned" };
const bad = { ok: false, reason: "bad signature" };

describe("a JSON hook", () => {
  test.each([
    ["sha256", "hex", ""],
    ["sha256", "base64", "sha256="],
    ["sha1", "hex", "sha1="],
    ["sha1", "base64", ""],
  ] as const)(
    "believes an HMAC by %s in %s behind the prefix '%s', and nothing like it",
    (algorithm, encoding, prefix) => {
      const hook = open({ hmac: { header: "X-Signature", secret: env, algorithm, encoding, prefix } });
      const signature = sign(algorithm, encoding, body);
      const given = (text: string, raw = body) => hook.verify(request({ "x-signature": text }, raw));
      expect(given(`${prefix}${signature}`)).toEqual({ ok: true });
      expect(given(`${prefix}${signature}`, `${body} `)).toEqual(bad);
      expect(given(`${prefix}${sign(algorithm, encoding, body, "0ther")}`)).toEqual(bad);
      expect(given(`${prefix}${signature.slice(1)}`)).toEqual(bad);
      if (prefix !== "") expect(given(signature)).toEqual(bad);
      expect(given("")).toEqual(unsigned);
      expect(hook.verify(request())).toEqual(unsigned);
    },
  );

  test.each([
    ["seconds", String(now.getTime() / 1000), -301, String(now.getTime() / 1000 - 301)],
    ["milliseconds", String(now.getTime()), -301, String(now.getTime() - 301_000)],
    ["iso", now.toISOString(), -301, new Date(now.getTime() - 301_000).toISOString()],
  ] as const)("believes a signed time in %s for five minutes", (format, fresh, _seconds, old) => {
    const timestamp = { header: "x-time", format };
    const hook = open({ hmac: { header: "x-signature", secret: env, timestamp, signs: "v0:{timestamp}:{body}" } });
    const given = (time: string, signed = time) =>
      hook.verify(request({ "x-time": time, "x-signature": sign("sha256", "hex", `v0:${signed}:${body}`) }));
    expect(given(fresh)).toEqual({ ok: true });
    expect(given(old)).toEqual({ ok: false, reason: "stale" });
    expect(given("soon")).toEqual({ ok: false, reason: "stale" });
    expect(given(fresh, old)).toEqual(bad);
    expect(hook.verify(request({ "x-signature": sign("sha256", "hex", `v0::${body}`) }))).toEqual(unsigned);
  });

  test("signs method and URL where the sender does", () => {
    const hook = open({ hmac: { header: "x-signature", secret: env, signs: "{method}\n{url}\n{body}" } });
    const signature = sign("sha256", "hex", `POST\n${url}\n${body}`);
    expect(hook.verify(request({ "x-signature": signature }))).toEqual({ ok: true });
    expect(hook.verify(request({ "x-signature": signature }, body, `${url}&y=2`))).toEqual(bad);
  });

  test.each([
    ["a bearer token", { bearer: env }, { authorization: "Bearer s3cret" }, { authorization: "Bearer s3cre" }],
    ["a header", { header: "X-Token", value: env }, { "x-token": "s3cret" }, { "x-token": "s3cret " }],
    [
      "a name and a password",
      { basic: { user: "bot", password: env } },
      { authorization: `Basic ${Buffer.from("bot:s3cret").toString("base64")}` },
      { authorization: `Basic ${Buffer.from("bott:s3cret").toString("base64")}` },
    ],
  ])("believes %s and nothing else", (_name, auth, right, wrong) => {
    const hook = open(auth);
    expect(hook.verify(request(right))).toEqual({ ok: true });
    expect(hook.verify(request(wrong))).toEqual(bad);
    expect(hook.verify(request())).toEqual(unsigned);
  });

  test("believes a token in the URL, for senders that can do nothing else", () => {
    const hook = open({ query: "token", value: env });
    expect(hook.verify(request())).toEqual({ ok: true });
    expect(hook.verify(request({}, body, "https://keepwell.example.com/webhooks/bot?token=x"))).toEqual(bad);
    expect(hook.verify(request({}, body, "https://keepwell.example.com/webhooks/bot"))).toEqual(unsigned);
  });

  test("takes several secrets while one replaces another", () => {
    const hook = open({ bearer: [env, { env: "OLD" }] });
    for (const token of ["s3cret", "0ld"]) {
      expect(hook.verify(request({ authorization: `Bearer ${token}` }))).toEqual({ ok: true });
    }
  });

  test("knows a delivery by what it names, else by its bytes", () => {
    const keys = (more: object, raw = body) => open({ bearer: env }, more).split(request({}, raw))[0]?.dedupeKey;
    expect(keys({ dedupe: ["$.company", "$.id"] })).toBe("acme:e1");
    expect(keys({ dedupe: "$.missing" })).toMatch(/^sha256:/);
    expect(keys({})).toBe(keys({ dedupe: "$.missing" }));
    expect(keys({}, `${body} `)).not.toBe(keys({}));
  });

  test("reads a body by its mapping and cannot read what is no JSON", () => {
    const hook = open({ bearer: env });
    const [item] = hook.split(request());
    expect(hook.read(item?.body ?? "", mapContext(now)).mapped?.inputs).toMatchObject([
      { kind: "event", id: "e1", account: "acme", set: { name: "ü€😀" } },
    ]);
    expect(() => hook.split(request({}, "{"))).toThrow(UnreadableBody);
  });

  test("reads what comes without a time of its own as a look at how it stands", () => {
    const records = [{ kind: "event", id: "$.id", set: { name: "$.what" } }];
    const hook = open({ bearer: env }, { mapping: { account: "$.company", records } });
    expect(hook.read(body, mapContext(now)).mapped?.states).toMatchObject([{ kind: "event", id: "e1" }]);
  });
});

describe("the settings of a JSON hook", () => {
  const faults = (settings: object): string => {
    const parsed = jsonHookSettings.safeParse({
      id: "bot",
      kind: "json-hook",
      auth: { bearer: env },
      mapping,
      ...settings,
    });
    return parsed.success ? "" : JSON.stringify(parsed.error.issues);
  };

  test.each([
    ["a secret in the document", { auth: { bearer: "s3cret" } }, /expected one of hmac, bearer|invalid_union/],
    [
      "a time that is not signed",
      { auth: { hmac: { header: "x", secret: env, timestamp: { header: "t" } } } },
      /go together/,
    ],
    [
      "a signature that leaves the body out",
      { auth: { hmac: { header: "x", secret: env, signs: "{url}" } } },
      /\{body\}/,
    ],
    ["no mapping", { mapping: undefined }, /mapping/],
    ["a key of another format", { secret: env }, /unrecognized_keys/],
  ])("are refused for %s", (_name, settings, words) => {
    expect(faults(settings)).toMatch(words);
  });
});
