import { createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { openSlackChannel } from "../../src/integrations/slack/channel.ts";
import { attemptOf, slack } from "./attempts.ts";
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
  startHttpStub,
  trickleBody,
  trickleHead,
} from "./http-stub.ts";
import { listenOnLoopback } from "./loopback.ts";

const path = "/services/T000/B000/canary-slack-token";
let stub: HttpStub | undefined;

afterEach(async () => {
  await stub?.close();
  stub = undefined;
});

async function channelOn(answer: Answer, deadlineMs = 20_000) {
  const started = await startHttpStub(answer);
  stub = started;
  const url = `http://127.0.0.1:${started.port}${path}`;
  return {
    channel: openSlackChannel({ id: "alerts", url, deadlineMs, allowPrivate: true }),
    requests: started.requests,
  };
}

function bodyOf(request: { readonly body: Buffer } | undefined): unknown {
  return JSON.parse(request?.body.toString("utf8") ?? "null");
}

describe("a Slack message", () => {
  test("is posted once as text and blocks", async () => {
    const { channel, requests } = await channelOn(say(200, {}, "ok"));
    const outcome = await channel.send(attemptOf(slack()));
    expect(outcome).toEqual({
      kind: "sent",
      reason: "Slack answered 200 OK (ok)",
      receipt: { transport: "slack", status: 200 },
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: "POST", url: path });
    expect(requests[0]?.headers["content-type"]).toBe("application/json");
    expect(bodyOf(requests[0])).toEqual({ text: slack().text, blocks: slack().blocks });
  });

  test("says that it may be a repeat, in text and in a block, within Slack's fifty", async () => {
    const { channel, requests } = await channelOn(say(200, {}, "ok"));
    await channel.send(attemptOf(slack({ blocks: Array(50).fill({ type: "divider" }) }), { mayRepeat: true }));
    const body = bodyOf(requests[0]);
    expect(body).toMatchObject({ text: expect.stringMatching(/^This may be a repeat.*\nAcme fell to 38$/) });
    expect(body).toMatchObject({ blocks: { length: 50, 0: { type: "context" } } });
  });

  test("is posted again as plain text when its blocks are refused, and then is sent", async () => {
    const { channel, requests } = await channelOn((response, request, index) =>
      say(index === 0 ? 400 : 200, {}, index === 0 ? "invalid_blocks" : "ok")(response, request, index),
    );
    const outcome = await channel.send(attemptOf(slack()));
    expect(outcome.kind).toBe("sent");
    expect(outcome.reason).toContain("as plain text, after the blocks were refused (invalid_blocks)");
    expect(requests.map(bodyOf)).toEqual([{ text: slack().text, blocks: slack().blocks }, { text: slack().text }]);
  });

  test("fails when plain text is refused as well, after two posts", async () => {
    const { channel, requests } = await channelOn(say(400, {}, "invalid_payload"));
    expect((await channel.send(attemptOf(slack()))).kind).toBe("failed");
    expect(requests).toHaveLength(2);
  });

  test("fails after one post when it never had blocks", async () => {
    const { channel, requests } = await channelOn(say(400, {}, "no_text"));
    const outcome = await channel.send(attemptOf(slack({ blocks: [] })));
    expect(outcome).toEqual({ kind: "failed", reason: "Slack answered 400 Bad Request (no_text)" });
    expect(requests).toHaveLength(1);
  });
});

describe("Slack's answer", () => {
  test.each([403, 404, 410])("%i fails the message and closes the channel", async (status) => {
    const { channel } = await channelOn(say(status, {}, "no_service"));
    expect(await channel.send(attemptOf(slack()))).toMatchObject({ kind: "failed", disableChannel: true });
  });

  test.each([
    ["seconds", "30", 30_000],
    ["an HTTP date", "Mon, 02 Mar 2026 09:01:00 GMT", 60_000],
  ])("429 is waited out as long as it says in %s", async (_form, value, afterMs) => {
    const { channel } = await channelOn(say(429, { "retry-after": value }, "rate_limited"));
    expect(await channel.send(attemptOf(slack()))).toMatchObject({ kind: "retry", afterMs });
  });

  test.each([500, 502, 503, 504])("%i is tried again", async (status) => {
    const { channel } = await channelOn(say(status, {}, "rollup_error"));
    expect((await channel.send(attemptOf(slack()))).kind).toBe("retry");
  });

  test("302 fails and is not followed", async () => {
    const canary = await startHttpStub(say(200, {}, "ok"));
    try {
      const { channel } = await channelOn(say(302, { location: `http://127.0.0.1:${canary.port}/` }));
      expect((await channel.send(attemptOf(slack()))).kind).toBe("failed");
      expect(canary.requests).toEqual([]);
    } finally {
      await canary.close();
    }
  });

  test("is not repeated in the reason unless it is one of Slack's words", async () => {
    const { channel } = await channelOn(say(404, {}, `no route ${path}`));
    expect((await channel.send(attemptOf(slack()))).reason).toBe("Slack answered 404 Not Found");
  });

  test("is not unpacked", async () => {
    const packed: Answer = (response) => {
      response.writeHead(404, { "content-encoding": "gzip" });
      response.end(gzipSync("no_service"));
    };
    const { channel } = await channelOn(packed);
    expect((await channel.send(attemptOf(slack()))).reason).toBe("Slack answered 404 Not Found");
  });

  test.each([
    ["hangs", hang],
    ["trickles its head", trickleHead],
  ] as const)("is unknown when it %s until the attempt is called off", async (_what, answer) => {
    const caller = new AbortController();
    const { channel } = await channelOn(andThen(answer, () => caller.abort()));
    const outcome = await channel.send(attemptOf(slack(), { signal: caller.signal }));
    expect(outcome).toEqual({ kind: "unknown", reason: "posted without an answer: the deadline passed" });
  });

  test("is not waited for beyond the deadline", async () => {
    const { channel } = await channelOn(trickleHead, 300);
    expect(["unknown", "retry"]).toContain((await channel.send(attemptOf(slack()))).kind);
  });

  test.each([
    ["resets the connection", reset],
    ["is not HTTP", babble],
  ] as const)("is unknown when it %s", async (_what, answer) => {
    const { channel } = await channelOn(answer);
    expect((await channel.send(attemptOf(slack()))).kind).toBe("unknown");
  });

  test("counts though its body never ends", async () => {
    const caller = new AbortController();
    const { channel } = await channelOn(andThen(trickleBody(200), () => caller.abort()));
    expect((await channel.send(attemptOf(slack(), { signal: caller.signal }))).kind).toBe("sent");
  });

  test.each([
    ["a gigabyte", flood(200)],
    ["a gzip bomb", gzipBomb(200)],
  ] as const)("counts, and little of it is read, when its body is %s", async (_what, answer) => {
    const { channel } = await channelOn(answer);
    const before = process.memoryUsage().arrayBuffers;
    expect((await channel.send(attemptOf(slack()))).kind).toBe("sent");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  test("is not waited for when the attempt is called off before it began", async () => {
    const { channel, requests } = await channelOn(say(200, {}, "ok"));
    const outcome = await channel.send(attemptOf(slack(), { signal: AbortSignal.abort() }));
    expect(outcome).toEqual({ kind: "retry", reason: "not posted: the deadline passed" });
    expect(requests).toEqual([]);
  });

  test.each([
    ["hangs", () => undefined],
    ["is reset", (socket: Socket) => socket.resetAndDestroy()],
    ["is answered in the clear", (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n")],
  ] as const)("is surely none when the TLS handshake %s", async (_what, meet) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => meet(socket));
    });
    const { port, close } = await listenOnLoopback(server);
    const url = `https://127.0.0.1:${port}${path}`;
    const channel = openSlackChannel({ id: "alerts", url, deadlineMs: 500, allowPrivate: true });
    const outcome = await channel.send(attemptOf(slack()));
    await close();
    expect(outcome.kind).toBe("retry");
  });

  test("is surely none when nobody listens", async () => {
    const { channel } = await channelOn(hang);
    await stub?.close();
    const outcome = await channel.send(attemptOf(slack()));
    expect(outcome).toEqual({ kind: "retry", reason: "not posted: the connection was refused" });
  });
});

describe("a Slack channel", () => {
  test("sends one message a second at most", async () => {
    expect((await channelOn(hang)).channel.minIntervalMs).toBe(1_000);
  });

  test("is checked without posting, and says so", async () => {
    const { channel, requests } = await channelOn(say(200, {}, "ok"));
    const result = await channel.check?.(new AbortController().signal);
    expect(result).toMatchObject({ ok: true, detail: expect.stringContaining("cannot be tried without posting") });
    expect(requests).toEqual([]);
  });

  test.each([
    "http://hooks.slack.com/services/T/B/canary",
    "https://user:canary@hooks.slack.com/services/T/B/x",
    "https://hooks.slack.com:22/services/T/B/canary",
    "https://127.0.0.1/services/T/B/canary",
    "not a url canary",
  ])("refuses to open on %s and keeps its secret", (url) => {
    const open = () => openSlackChannel({ id: "alerts", url });
    expect(open).toThrow(/^Slack channel "alerts": /);
    expect(open).not.toThrow(/canary/);
  });
});
