import type { Channel } from "../integrations/ports.ts";
import type { Log } from "../log.ts";
import { emailMessage } from "../playbooks/email-message.ts";
import { escapeSlack } from "../playbooks/escape.ts";
import type { Message, Outcome } from "../playbooks/message.ts";
import { type Owners, ownerOf } from "../playbooks/owners.ts";
import type { Db } from "../store/db.ts";
import { markTold, readUntoldOutages, type UntoldOutage } from "../store/outages.ts";
import { finishSlot, takeSlot } from "../store/slots.ts";

export interface TellDeps {
  readonly db: Db;
  readonly log: Log;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly owners: Owners;
  /** The channel that sources.json names for it; null: the log alone tells. */
  readonly tell: string | null;
}

/** Whoever takes an outage to be told has so long; then another process may. */
const leaseSeconds = 60;
const deadlineMs = 40_000;

/**
 * Tells the operator of each outage once: a line of the log, and a message where sources.json names a channel. A message that could not
 * be delivered now is tried again with a later pass; in doubt it may come twice.
 */
export async function tellOutages(deps: TellDeps, now: Date): Promise<number> {
  let told = 0;
  for (const outage of await readUntoldOutages(deps.db)) {
    const job = `tell-outage-${outage.streamId}`;
    if (!(await takeSlot(deps.db, job, outage.beganAt, leaseSeconds))) continue;
    const outcome = await send(deps, outage, now);
    const { source, stream, kind, beganAt, reason } = outage;
    const facts = { source, stream, kind, since: beganAt.toISOString(), reason };
    if (outcome?.kind === "retry") {
      deps.log.warn({ ...facts, why: outcome.reason }, "nobody could be told of an outage yet");
      continue;
    }
    deps.log.error({ ...facts, ...(outcome !== null && { message: outcome.reason }) }, "a stream is in trouble");
    await markTold(deps.db, outage);
    await finishSlot(deps.db, job, outage.beganAt, { outcome: outcome?.kind ?? "logged" });
    told += 1;
  }
  return told;
}

async function send({ channels, owners, tell }: TellDeps, outage: UntoldOutage, now: Date): Promise<Outcome | null> {
  const channel = tell === null ? undefined : channels.get(tell);
  const message = channel === undefined ? null : messageFor(channel, ownerOf(owners, null)?.email ?? null, outage);
  if (channel === undefined || message === null) return null;
  const signal = AbortSignal.timeout(deadlineMs);
  // No action of a playbook stands behind it.
  return channel.send({ actionId: 0, message, attempt: 1, mayRepeat: false, signal, now });
}

/** An e-mail goes to the fallback owner; without one, and by a channel of another kind, there is none. */
function messageFor({ kind }: Channel, address: string | null, outage: UntoldOutage): Message | null {
  const { source, stream, streamId, beganAt } = outage;
  const text = outageWords(outage);
  if (kind === "slack") {
    const escaped = escapeSlack(text);
    const section = { type: "section", text: { type: "mrkdwn", text: escaped, verbatim: true } };
    return { kind, text: escaped, blocks: [section] };
  }
  if (kind !== "email" || address === null) return null;
  const key = `outage-${streamId}-${beganAt.getTime()}`;
  return emailMessage({
    to: address,
    subject: `Keepwell: ${source} ${stream} is in trouble`,
    body: text,
    audience: "team",
    replyTo: null,
    messageId: `<kw-${key}@${address.split("@")[1] ?? "localhost"}>`,
    runKey: key,
  });
}

const troubles: Readonly<Record<UntoldOutage["kind"], string>> = {
  failing: "cannot be pulled",
  late: "is late",
  empty: "brings nothing, as it never did",
  zero: "brings nothing but zeros, as it never did",
};

function outageWords({ source, stream, kind, beganAt, endedAt, feeds, reason }: UntoldOutage): string {
  const over = endedAt === null ? "" : ` It was whole again at ${endedAt.toISOString()}.`;
  return [
    `The stream ${stream} of ${source} ${troubles[kind]}, since ${beganAt.toISOString()}: ${reason}.${over}`,
    `Measures and triggers that rest on ${feeds.join(", ")} are held at what they were.`,
    `If it is so and nothing is wrong: keepwell sources accept ${source} ${stream}`,
  ].join("\n");
}
