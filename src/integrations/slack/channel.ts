import type { Outcome } from "../../playbooks/message.ts";
import { classifyStatus } from "../http-status.ts";
import type { Resolve } from "../outbound-guard.ts";
import { type Dial, type Exchange, type Outbound, openOutbound } from "../outbound-http.ts";
import type { Attempt, Channel } from "../ports.ts";
import { type SlackPayload, slackPayload } from "./payload.ts";

export interface SlackOptions {
  readonly id: string;
  /** The incoming webhook's address. Whoever knows it can post: a secret. */
  readonly url: string;
  readonly deadlineMs?: number | undefined;
  /** For a receiver inside one's own network, and for tests. */
  readonly allowPrivate?: boolean | undefined;
  readonly resolve?: Resolve | undefined;
  readonly dial?: Dial | undefined;
}

/** Slack takes about one message a second per webhook. */
const slackIntervalMs = 1_000;

/** Forbidden, no such hook, channel archived: Slack will not take another message here. */
const closedStatuses: ReadonlySet<number> = new Set([403, 404, 410]);

/** Opens a Slack incoming webhook. Throws for a URL that may not be called. */
export function openSlackChannel(options: SlackOptions): Channel {
  const { id } = options;
  const outbound = openChecked(options);
  return {
    id,
    kind: "slack",
    minIntervalMs: slackIntervalMs,
    send: (attempt) => send(outbound, attempt),
    check: async () => {
      const { ok, detail } = await outbound.check();
      return { ok, detail: `${detail}; Slack's webhooks cannot be tried without posting` };
    },
  };
}

function openChecked(options: SlackOptions): Outbound {
  const { id, url, deadlineMs = 15_000, allowPrivate = false, resolve, dial } = options;
  try {
    return openOutbound({ url, deadlineMs, allowPrivate, resolve, dial });
  } catch (error) {
    throw new Error(`Slack channel "${id}": ${error instanceof Error ? error.message : "the URL was refused"}`);
  }
}

async function send(outbound: Outbound, attempt: Attempt): Promise<Outcome> {
  const { message, mayRepeat, now } = attempt;
  if (message.kind !== "slack")
    return { kind: "failed", reason: `a Slack channel cannot send a ${message.kind} message` };
  // One deadline for the post and for its plain second try.
  const payload = slackPayload(message, mayRepeat);
  const first = await post(outbound, payload, attempt.signal);
  const isBlockFault = first.kind === "answered" && first.status === 400 && payload.blocks !== undefined;
  if (!isBlockFault) return judge(first, now, "");
  const plain = await post(outbound, { text: payload.text }, attempt.signal);
  return judge(plain, now, ` as plain text, after the blocks were refused${slackWord(first.text)}`);
}

function post(outbound: Outbound, payload: SlackPayload, signal: AbortSignal): Promise<Exchange> {
  return outbound.post(Buffer.from(JSON.stringify(payload)), { "content-type": "application/json" }, signal);
}

function judge(exchange: Exchange, now: Date, how: string): Outcome {
  if (exchange.kind === "unsent") return { kind: "retry", reason: `not posted: ${exchange.reason}` };
  if (exchange.kind === "unanswered")
    return { kind: "unknown", reason: `posted without an answer: ${exchange.reason}` };
  const { status, headers, text } = exchange;
  const verdict = classifyStatus(status, headers, now);
  const reason = `Slack ${verdict.words}${slackWord(text)}${how}`;
  if (closedStatuses.has(status)) return { kind: "failed", reason, disableChannel: true };
  switch (verdict.kind) {
    case "accepted":
      return { kind: "sent", reason, receipt: { transport: "slack", status } };
    case "busy":
    case "broken":
      return { kind: "retry", reason, ...(verdict.afterMs === undefined ? {} : { afterMs: verdict.afterMs }) };
    case "redirected":
    case "refused":
    case "gone":
      return { kind: "failed", reason };
    default:
      return verdict.kind satisfies never;
  }
}

/** Slack explains itself in one snake_case word; anything else a receiver says is not repeated. */
function slackWord(text: string): string {
  const word = text.trim();
  return /^[a-z]{2,30}(_[a-z]{1,30}){0,6}$/.test(word) ? ` (${word})` : "";
}
