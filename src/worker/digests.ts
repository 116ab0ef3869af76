import type { ChannelConfig } from "../playbooks/channels.ts";
import { domainOf } from "../playbooks/compile/compilation.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import type { DigestLine } from "../playbooks/digest/line.ts";
import { type DigestContent, digestEmail, digestSlack } from "../playbooks/digest.ts";
import type { Owner } from "../playbooks/owners.ts";
import { insertNotice, type NewNotice } from "../store/actions.ts";
import type { Db, Tx } from "../store/db.ts";
import {
  closeDigest,
  type DigestItem,
  type DueDigest,
  hasDueDigests,
  readDigestItems,
  takeDueDigest,
} from "../store/digests.ts";

/** Makes one message of each digest whose time has come; answers how many. Message and end of the digest are one transaction. */
export async function sendDigests(
  { db, configuration }: { readonly db: Db; readonly configuration: Configuration },
  now: Date,
): Promise<number> {
  if (!(await hasDueDigests(db, now))) return 0;
  let sent = 0;
  for (;;) {
    const end = await db.transaction().execute((tx) => sendNext(tx, configuration, now));
    if (end === "none left") return sent;
    if (end === "sent") sent += 1;
  }
}

/** By what a digest of an owner is told from those of others in its channel. */
export function recipientIn(channel: Pick<ChannelConfig, "kind">, owner: Owner): string {
  return channel.kind === "email" ? owner.email : owner.id;
}

async function sendNext(
  tx: Tx,
  configuration: Configuration,
  now: Date,
): Promise<"none left" | "sent" | "nothing to tell"> {
  const digest = await takeDueDigest(tx, now);
  if (digest === null) return "none left";
  const items = await readDigestItems(tx, digest.id);
  const lines = items.map((item) => lineOf(configuration, item));
  const actionId = lines.length === 0 ? null : await insertNotice(tx, noticeOf(configuration, digest, lines), now);
  await closeDigest(tx, digest.id, actionId, now);
  return actionId === null ? "nothing to tell" : "sent";
}

function noticeOf(configuration: Configuration, digest: DueDigest, lines: readonly DigestLine[]): NewNotice {
  const { channels, owners, scorer } = configuration;
  const { id, recipient } = digest;
  const owner = owners.owners.find((one) => one.id === digest.ownerId) ?? null;
  const content: DigestContent = { id, owner, lines, currency: scorer.company.reportingCurrency };
  const channel = channels.find((one) => one.id === digest.channel);
  const common = { noticeKey: `digest:${id}`, channel: digest.channel } as const;
  const reason = `digest of ${lines.length === 1 ? "1 line" : `${lines.length} lines`}`;
  switch (channel?.kind) {
    case "email": {
      const message = digestEmail(content, { to: recipient, domain: domainOf(channel.from) });
      return { ...common, kind: "email", recipient, message, state: "pending", reason };
    }
    case "slack":
      return {
        ...common,
        kind: "slack",
        recipient: channel.id,
        message: digestSlack(content),
        state: "pending",
        reason,
      };
    default: {
      const why = `${reason} that nobody gets: the channel "${digest.channel}" is no longer configured`;
      return { ...common, kind: "slack", recipient, message: { kind: "none" }, state: "skipped", reason: why };
    }
  }
}

function lineOf({ playbooks }: Configuration, item: DigestItem): DigestLine {
  const playbook = playbooks.find(({ id }) => id === item.playbookId);
  const { state, stateReason, ...line } = item;
  // What has happened does not recover.
  const canRecover = item.kind === "alert" && playbook?.trigger.occasion === null;
  return {
    ...line,
    playbookName: playbook?.name ?? item.playbookId,
    isOfBand: playbook?.trigger.on === "band",
    recovered: canRecover && state === "inactive" ? (stateReason ?? "").replace(/^recovered: /, "") : null,
  };
}
