import { createHash } from "node:crypto";
import { isPlainAddress } from "../../playbooks/email-message.ts";
import type { HookReading, InboundItem, InboundRequest } from "../hook-port.ts";
import type { MailSuppression } from "../mapped-port.ts";

/** Something that was told of mail to addresses. */
export interface Told {
  readonly addresses: readonly string[];
  readonly reason: MailSuppression["reason"];
  /** In the words of the carrier. */
  readonly detail: string;
}

/** These addresses get no more mail. */
export function suppressing({ addresses, reason, detail }: Told): HookReading {
  const plain = addresses.map((address) => address.trim()).filter(isPlainAddress);
  if (plain.length === 0) return { mapped: { skipped: "it names no plain e-mail address" } };
  return { mapped: { suppressions: plain.map((address) => ({ address, reason, detail })) } };
}

/** A bounce that may pass: a full mailbox, a server that is away. */
export const softBounce: HookReading = { ignored: "a bounce that may pass: mail goes on" };

/** A delivery under its own name; one that has none is known by its bytes. */
export function keptItem({ raw }: InboundRequest, name: string | null, at: string | null, body: unknown): InboundItem {
  const moment = at === null ? Number.NaN : Date.parse(at);
  return {
    dedupeKey: name ?? `sha256:${createHash("sha256").update(raw).digest("hex")}`,
    occurredAt: Number.isNaN(moment) ? null : new Date(moment),
    body: JSON.stringify(body),
  };
}
