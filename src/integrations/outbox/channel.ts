import type { Channel } from "../ports.ts";

export interface OutboxOptions {
  readonly id: string;
  readonly kind: Channel["kind"];
}

/** A channel that sends nothing: the message stays with its action, where it can be listed and read. */
export function openOutboxChannel(options: OutboxOptions): Channel {
  return {
    id: options.id,
    kind: options.kind,
    minIntervalMs: 0,
    send: async () => ({ kind: "sent", reason: "kept in the local outbox", receipt: { transport: "outbox" } }),
    check: async () => ({ ok: true, detail: "local outbox: nothing leaves this machine" }),
  };
}
