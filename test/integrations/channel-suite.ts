import { STATUS_CODES } from "node:http";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { Attempt, Channel } from "../../src/integrations/ports.ts";
import type { Outcome } from "../../src/playbooks/message.ts";
import { type Answer, babble, flood, gzipBomb, hang, reset, trickleBody, trickleHead } from "./http-stub.ts";

/** Every status Node knows that may end an exchange, and some it does not. */
const statuses = [...Object.keys(STATUS_CODES).map(Number), 299, 399, 499, 599].filter((status) => status >= 200);

/** Fails when any of the secrets, plain or encoded, shows in the value: as JSON, as a log would print it, or hidden in an error. */
export function expectNoSecret(value: unknown, secrets: readonly string[]): void {
  const shown = [JSON.stringify(value), inspect(value, { depth: 20, showHidden: true }), String(value)].join("\n");
  for (const secret of secrets) {
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").replace(/=+$/, "")];
    for (const form of forms) expect(shown).not.toContain(form);
  }
}

export interface HttpChannelCase {
  readonly name: string;
  /** Opens the channel on a loopback server that answers as told; its address and headers hold the secrets. */
  open(answer: Answer, deadlineMs: number): Promise<{ readonly channel: Channel; readonly close: () => Promise<void> }>;
  readonly attempt: Attempt;
  readonly secrets: readonly string[];
}

/** What every channel over HTTP owes: an outcome for whatever a receiver does, in words, without a secret. */
export function describeHttpChannel({ name, open, attempt, secrets }: HttpChannelCase): void {
  const outcomeOf = async (answer: Answer, deadlineMs = 20_000): Promise<Outcome> => {
    const { channel, close } = await open(answer, deadlineMs);
    try {
      const outcome = await channel.send(attempt);
      expect(outcome.reason).toMatch(/^\S.*\S$/);
      expectNoSecret(outcome, secrets);
      return outcome;
    } finally {
      await close();
    }
  };
  /** A receiver that sends everything it was sent, and where, back to us. */
  const echo = (status: number): Answer => {
    return (response, { url, headers, body }) => {
      const echoed = [url, JSON.stringify(headers), body.toString("utf8")].join(" ");
      const header = { location: `http://127.0.0.1${url}`, "retry-after": echoed.replace(/[^ -~]/g, "?") };
      response.writeHead(status, [204, 205, 304].includes(status) ? {} : header);
      response.end(echoed);
    };
  };

  describe(`${name}, whatever the receiver does,`, () => {
    test.each(statuses)("has an outcome for status %i that holds no secret", async (status) => {
      const outcome = await outcomeOf(echo(status));
      expect(outcome.kind === "sent").toBe(status < 300);
      expect(outcome.kind).not.toBe("unknown");
    });

    test.each([
      ["a connection that is reset", reset, 20_000],
      ["an answer that is not HTTP", babble, 20_000],
      ["no answer", hang, 300],
      ["an answer without end", trickleHead, 300],
      ["a body without end", trickleBody(500), 300],
      ["a gigabyte", flood(500), 20_000],
      ["a gzip bomb", gzipBomb(500), 20_000],
    ] as const)("has an outcome for %s that holds no secret", async (_what, answer, deadlineMs) => {
      const outcome = await outcomeOf(answer, deadlineMs);
      expect(["retry", "unknown"]).toContain(outcome.kind);
    });

    test("has an outcome when nobody listens that holds no secret", async () => {
      const { channel, close } = await open(hang, 20_000);
      await close();
      const outcome = await channel.send(attempt);
      expect(outcome.kind).toBe("retry");
      expectNoSecret(outcome, secrets);
    });

    test("is checked in words that hold no secret", async () => {
      const { channel, close } = await open(hang, 20_000);
      expectNoSecret(await channel.check?.(attempt.signal), secrets);
      expectNoSecret(channel, secrets);
      await close();
    });
  });
}
