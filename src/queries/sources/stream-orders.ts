import { z } from "zod";
import { writeAudit } from "../../store/audit.ts";
import type { Tx } from "../../store/db.ts";
import { acceptOutage } from "../../store/outages.ts";
import {
  type MeantStreams,
  pauseStreams,
  pullStreamsNow,
  readStreamNames,
  resetStreams,
  resumeStreams,
} from "../../store/stream-orders.ts";
import { auditRow, type Hand, type HandOutcome, type HandRefusal } from "../by-hand/hand.ts";

/** What an order for streams came to. */
export const streamDeedSchema = z.strictObject({
  /** Such as `stream.pause`. */
  deed: z.string(),
  source: z.string(),
  /** The names of the streams it changed something for. */
  streams: z.array(z.string()),
});
export type StreamDeed = z.infer<typeof streamDeedSchema>;

export const streamOrders = ["pause", "resume", "pull", "reset", "accept"] as const;
export type StreamOrder = (typeof streamOrders)[number];

/** Does what an operator wants of streams, with its row of the audit. */
export async function orderStreams(
  tx: Tx,
  order: StreamOrder,
  meant: MeantStreams,
  hand: Hand,
  now: Date,
): Promise<HandOutcome<StreamDeed>> {
  const { source } = meant;
  const fault = await faultOf(tx, meant);
  if (fault !== null) return fault;
  const streams = await obey(tx, order, meant, hand, now);
  const subject = meant.stream === null ? source : `${source}/${meant.stream}`;
  if (streams.length === 0) return { kind: "conflict", reason: `There is nothing to ${order} in ${subject}` };
  const deed = `stream.${order}`;
  await writeAudit(tx, [auditRow(hand, { deed, accountId: null, subject, data: { streams } })], now);
  return { kind: "done", done: { deed, source, streams: [...streams] } };
}

async function faultOf(tx: Tx, { source, stream }: MeantStreams): Promise<HandRefusal | null> {
  const names = await readStreamNames(tx, source);
  if (names.length === 0) return { kind: "missing", reason: `${source} was never pulled: there is nothing to order` };
  if (stream === null || names.includes(stream)) return null;
  return { kind: "missing", reason: `${source} has no stream ${stream}, only ${names.join(", ")}` };
}

async function obey(
  tx: Tx,
  order: StreamOrder,
  meant: MeantStreams,
  { author }: Hand,
  now: Date,
): Promise<readonly string[]> {
  switch (order) {
    case "pause":
      return pauseStreams(tx, meant, now);
    case "resume":
      return resumeStreams(tx, meant);
    case "pull":
      return pullStreamsNow(tx, meant);
    case "reset":
      return resetStreams(tx, meant);
    case "accept":
      return acceptTrouble(tx, meant, author, now);
    default:
      return order satisfies never;
  }
}

async function acceptTrouble(
  tx: Tx,
  { source, stream }: MeantStreams,
  author: string,
  now: Date,
): Promise<readonly string[]> {
  const names = stream === null ? await readStreamNames(tx, source) : [stream];
  const accepted: string[] = [];
  for (const name of names) {
    if ((await acceptOutage(tx, source, name, author, now)) !== null) accepted.push(name);
  }
  return accepted;
}
