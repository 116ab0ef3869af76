import type { Outcome } from "../../playbooks/message.ts";
import { classifyStatus } from "../http-status.ts";
import type { Resolve } from "../outbound-guard.ts";
import { type Dial, type Exchange, openOutbound } from "../outbound-http.ts";
import type { Attempt, Channel } from "../ports.ts";
import { openSigner } from "./signature.ts";

export interface WebhookOptions {
  readonly id: string;
  readonly url: string;
  /** `whsec_…`, newest first; all of them sign. */
  readonly secrets: readonly string[];
  readonly deadlineMs?: number | undefined;
  /** For a receiver inside one's own network, and for tests. */
  readonly allowPrivate?: boolean | undefined;
  readonly resolve?: Resolve | undefined;
  readonly dial?: Dial | undefined;
}

/** Opens a receiver of Standard Webhooks. Throws for a URL that may not be called and for a secret that is none. */
export function openWebhookChannel(options: WebhookOptions): Channel {
  const { id } = options;
  const { outbound, sign } = openChecked(options);
  const send = async ({ message, now, signal }: Attempt): Promise<Outcome> => {
    if (message.kind !== "webhook")
      return { kind: "failed", reason: `a webhook cannot send a ${message.kind} message` };
    const fault = idFault(message.id);
    if (fault !== null) return { kind: "failed", reason: fault };
    const headers = {
      "content-type": "application/json",
      "webhook-id": message.id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      "webhook-signature": sign(message.id, now, message.body),
    };
    return judge(await outbound.post(Buffer.from(message.body, "utf8"), headers, signal), now);
  };
  return { id, kind: "webhook", minIntervalMs: 0, send, check: () => outbound.check() };
}

function openChecked(options: WebhookOptions) {
  const { id, url, secrets, deadlineMs = 15_000, allowPrivate = false, resolve, dial } = options;
  try {
    return { outbound: openOutbound({ url, deadlineMs, allowPrivate, resolve, dial }), sign: openSigner(secrets) };
  } catch (error) {
    throw new Error(`webhook channel "${id}": ${error instanceof Error ? error.message : "it was refused"}`);
  }
}

/** A dot would make `id.timestamp.body` ambiguous; anything outside printable ASCII does not belong in a header. */
function idFault(id: string): string | null {
  return /^[\x21-\x2d\x2f-\x7e]{1,200}$/.test(id)
    ? null
    : "the webhook id must be 1 to 200 printable characters without a dot";
}

/** Standard Webhooks: only 2xx is success, everything else is tried again by the schedule, and 410 means never again. */
function judge(exchange: Exchange, now: Date): Outcome {
  if (exchange.kind === "unsent") return { kind: "retry", reason: `not posted: ${exchange.reason}` };
  if (exchange.kind === "unanswered")
    return { kind: "unknown", reason: `posted without an answer: ${exchange.reason}` };
  const { status, headers } = exchange;
  const verdict = classifyStatus(status, headers, now);
  const reason = `the receiver ${verdict.words}`;
  if (verdict.kind === "accepted") return { kind: "sent", reason, receipt: { transport: "webhook", status } };
  if (verdict.kind === "gone") return { kind: "failed", reason, disableChannel: true };
  if (verdict.kind === "redirected") return { kind: "retry", reason: `${reason}; redirects are never followed` };
  return { kind: "retry", reason, ...(verdict.afterMs === undefined ? {} : { afterMs: verdict.afterMs }) };
}
