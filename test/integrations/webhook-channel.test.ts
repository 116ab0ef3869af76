import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test } from "vitest";
import { openWebhookChannel } from "../../src/integrations/webhook/channel.ts";
import { attemptOf, webhook } from "./attempts.ts";
import {
  type Answer,
  andThen,
  babble,
  flood,
  gzipBomb,
  type HttpStub,
  hang,
  reset,
  say,
  stallBody,
  startHttpStub,
  trickleBody,
  trickleHead,
} from "./http-stub.ts";

const newest = `whsec_${Buffer.from("the newest secret of them all").toString("base64")}`;
const older = `whsec_${Buffer.from("an older secret, still in use").toString("base64")}`;
let stub: HttpStub | undefined;

afterEach(async () => {
  await stub?.close();
  stub = undefined;
});

async function channelOn(answer: Answer, deadlineMs = 20_000, secrets = [newest, older]) {
  const started = await startHttpStub(answer);
  stub = started;
  const url = `http://127.0.0.1:${started.port}/hooks/keepwell?tenant=7`;
  const channel = openWebhookChannel({ id: "crm", url, secrets, deadlineMs, allowPrivate: true });
  return { channel, requests: started.requests };
}

function headersOf(stubbed: HttpStub["requests"], index: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(stubbed[index]?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
}

describe("a webhook", () => {
  test("arrives signed so that the reference library takes it, by the newest and by the older secret", async () => {
    const { channel, requests } = await channelOn(say(204));
    // The library judges timestamps by its own clock.
    const outcome = await channel.send(attemptOf(webhook(), { now: new Date() }));
    expect(outcome).toMatchObject({ kind: "sent", receipt: { transport: "webhook", status: 204 } });
    const body = requests[0]?.body.toString("utf8") ?? "";
    for (const secret of [newest, older]) {
      expect(new Webhook(secret).verify(body, headersOf(requests, 0))).toEqual(JSON.parse(webhook().body));
    }
    const stranger = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
    expect(() => new Webhook(stranger).verify(body, headersOf(requests, 0))).toThrow();
    expect(() => new Webhook(newest).verify(`${body} `, headersOf(requests, 0))).toThrow();
  });

  test("keeps id and bytes over attempts, and has a fresh timestamp and signature each time", async () => {
    const { channel, requests } = await channelOn(say(500));
    await channel.send(attemptOf(webhook(), { now: new Date("2026-03-02T09:00:00.900Z") }));
    await channel.send(attemptOf(webhook(), { attempt: 2, now: new Date("2026-03-02T09:05:00.000Z") }));
    const [first, second] = requests;
    expect(first?.body).toEqual(Buffer.from(webhook().body, "utf8"));
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(first?.headers["webhook-timestamp"]).toBe("1772442000");
    expect(second?.headers["webhook-timestamp"]).toBe("1772442300");
    expect(second?.headers["webhook-signature"]).not.toBe(first?.headers["webhook-signature"]);
  });

  test("is plain JSON without a word about us but the name", async () => {
    const { channel, requests } = await channelOn(say(200));
    await channel.send(attemptOf(webhook()));
    expect(requests[0]?.url).toBe("/hooks/keepwell?tenant=7");
    expect(requests[0]?.headers).toMatchObject({ "content-type": "application/json", "user-agent": "Keepwell" });
  });

  test.each(["", "a.b", "a b", "a\r\nx-evil: 1", "é", "x".repeat(201)])("is not sent under the id %j", async (id) => {
    const { channel, requests } = await channelOn(say(200));
    expect((await channel.send(attemptOf(webhook({ id })))).kind).toBe("failed");
    expect(requests).toEqual([]);
  });
});

describe("the receiver's answer", () => {
  test("410 fails the webhook and disables the channel", async () => {
    const { channel } = await channelOn(say(410));
    expect(await channel.send(attemptOf(webhook()))).toMatchObject({ kind: "failed", disableChannel: true });
  });

  test.each([400, 401, 403, 404, 409, 413, 422, 500, 501, 505])("%i is tried again by the schedule", async (status) => {
    const { channel } = await channelOn(say(status));
    const outcome = await channel.send(attemptOf(webhook()));
    expect(outcome.kind).toBe("retry");
    expect(outcome).not.toHaveProperty("afterMs");
  });

  test.each([
    [429, "15", 15_000],
    [502, "0", 0],
    [503, "Mon, 02 Mar 2026 10:00:00 GMT", 3_600_000],
    [504, "60", 60_000],
  ])("%i is tried again not before it says", async (status, value, afterMs) => {
    const { channel } = await channelOn(say(status, { "retry-after": value }));
    expect(await channel.send(attemptOf(webhook()))).toMatchObject({ kind: "retry", afterMs });
  });

  test.each([301, 302, 303, 307, 308])("%i is a failure, tried again and never followed", async (status) => {
    const canary = await startHttpStub(say(200));
    try {
      const { channel } = await channelOn(say(status, { location: `http://127.0.0.1:${canary.port}/` }));
      const outcome = await channel.send(attemptOf(webhook()));
      expect(outcome.kind).toBe("retry");
      expect(outcome.reason).toContain("redirects are never followed");
      expect(canary.requests).toEqual([]);
    } finally {
      await canary.close();
    }
  });

  test.each([
    ["hangs", hang],
    ["trickles its head", trickleHead],
  ] as const)("is unknown when it %s until the attempt is called off", async (_what, answer) => {
    const caller = new AbortController();
    const { channel } = await channelOn(andThen(answer, () => caller.abort()));
    const outcome = await channel.send(attemptOf(webhook(), { signal: caller.signal }));
    expect(outcome).toEqual({ kind: "unknown", reason: "posted without an answer: the deadline passed" });
  });

  test("is not waited for beyond the deadline", async () => {
    const { channel } = await channelOn(trickleHead, 300);
    expect(["unknown", "retry"]).toContain((await channel.send(attemptOf(webhook()))).kind);
  });

  test.each([
    ["resets the connection", reset],
    ["is not HTTP", babble],
  ] as const)("is unknown when it %s", async (_what, answer) => {
    const { channel } = await channelOn(answer);
    expect((await channel.send(attemptOf(webhook()))).kind).toBe("unknown");
  });

  test.each([
    ["never ends", trickleBody(200)],
    ["never begins", stallBody(200)],
    ["is a gigabyte", flood(200)],
    ["is a gzip bomb", gzipBomb(200)],
  ] as const)("counts by its status when its body %s", async (_what, answer) => {
    const caller = new AbortController();
    const { channel } = await channelOn(andThen(answer, () => caller.abort()));
    expect((await channel.send(attemptOf(webhook(), { signal: caller.signal }))).kind).toBe("sent");
  });

  test("is awaited from the receiver itself, whatever proxy the environment names", async () => {
    const proxy = await startHttpStub(say(200));
    const kept = { http_proxy: process.env["http_proxy"], no_proxy: process.env["no_proxy"] };
    Object.assign(process.env, { http_proxy: `http://127.0.0.1:${proxy.port}`, no_proxy: "" });
    try {
      const receiver = await startHttpStub(say(200));
      stub = receiver;
      const channel = openWebhookChannel({
        id: "crm",
        url: `http://crm.example.com:${receiver.port}/hook`,
        secrets: [newest],
        allowPrivate: true,
        resolve: async () => [{ address: "127.0.0.1", family: 4 }],
      });
      await channel.send(attemptOf(webhook()));
      expect(proxy.requests).toEqual([]);
      // A proxy is sent the whole URL in place of the path.
      expect(receiver.requests.map(({ url }) => url)).toEqual(["/hook"]);
    } finally {
      for (const [name, value] of Object.entries(kept)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await proxy.close();
    }
  });
});

describe("a webhook channel", () => {
  const long = Buffer.alloc(65, 1).toString("base64");
  const short = Buffer.alloc(23, 1).toString("base64");
  test.each([
    ["no prefix", Buffer.alloc(32, 1).toString("base64")],
    ["another prefix", `sk_${Buffer.alloc(32, 1).toString("base64")}`],
    ["too few bytes", `whsec_${short}`],
    ["too many bytes", `whsec_${long}`],
    ["nothing after the prefix", "whsec_"],
    ["no base64", "whsec_canary-canary-canary-canary!!"],
    ["broken padding", `whsec_${Buffer.alloc(32, 1).toString("base64").slice(0, -1)}`],
  ])("refuses to open with a secret that has %s, without repeating it", (_what, secret) => {
    const open = () => openWebhookChannel({ id: "crm", url: "https://example.com/hook", secrets: [newest, secret] });
    expect(open).toThrow(/^webhook channel "crm": secret 2 must be "whsec_" and base64 of 24 to 64 bytes/);
    if (secret.length > 6) expect(open).not.toThrow(secret.slice(6));
  });

  test("refuses to open without a secret", () => {
    expect(() => openWebhookChannel({ id: "crm", url: "https://example.com/hook", secrets: [] })).toThrow(
      /at least one/,
    );
  });

  test("is checked by name and address only", async () => {
    const check = (address: string) =>
      openWebhookChannel({
        id: "crm",
        url: "https://crm.example.com/hook",
        secrets: [newest],
        resolve: async () => [{ address, family: 4 }],
      }).check?.(new AbortController().signal);
    expect(await check("93.184.216.34")).toMatchObject({ ok: true });
    expect(await check("10.0.0.7")).toMatchObject({ ok: false, detail: expect.stringContaining("private") });
  });
});
