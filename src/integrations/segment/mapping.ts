import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import { accountOfUser } from "../../scoring/user-account.ts";
import { accountTraits } from "../account-traits.ts";
import type { HookReading } from "../hook-port.ts";
import type { MapContext, Mapped } from "../mapped-port.ts";
import { lastWholeDay } from "../whole-days.ts";
import { contactTraits } from "./contact-traits.ts";
import { parseEvent, type TrackedEvent, timeOf } from "./event.ts";
import { groupOf } from "./group.ts";
import { messageIdOf, readKept } from "./kept-body.ts";
import type { SegmentSettings } from "./settings.ts";
import { openUsage } from "./usage.ts";

type MappingSettings = Pick<SegmentSettings, "accountFrom" | "idsAreKeys" | "rules">;

/** What the events of a kept body come to; what cannot be used is told by its number and its reasons. */
export function openReader(settings: MappingSettings): (body: string, context: MapContext) => HookReading {
  const usageOf = openUsage(settings);
  return (body, { zone }) => {
    const { receivedAt, sentAt, events } = readKept(body);
    const parts = events.map((raw): Mapped => {
      const event = parseEvent(raw);
      if (event === null) return { skipped: "no event of the protocol" };
      const at = timeOf(event, { receivedAt, sentAt });
      if (typeof at !== "number") return { skipped: at.fault };
      return mapEvent({ ...event, messageId: messageIdOf(raw, receivedAt) }, at);
    });
    return readingOf(parts, lastWholeDay(zone, receivedAt));

    function mapEvent(event: TrackedEvent, at: number): Mapped {
      switch (event.type) {
        case "group":
          return mapGroup(event, at, settings);
        case "identify":
          return mapIdentify(event, at, settings);
        case "track":
        case "page":
        case "screen":
          return usageOf(event, formatDay(dayOfInstant(zone, at)));
        case "alias":
          return {};
      }
    }
  };
}

function mapGroup({ groupId, userId, traits }: TrackedEvent, at: number, { idsAreKeys }: MappingSettings): Mapped {
  if (groupId === null) return { skipped: "a group call without groupId" };
  const set = accountTraits(traits ?? {});
  const moment = new Date(at).toISOString();
  const claim = {
    externalId: groupId,
    name: set.name ?? null,
    ourKey: idsAreKeys ? groupId : null,
    domains: typeof set.domain === "string" ? [set.domain] : [],
  };
  return {
    inputs: [{ kind: "account", id: groupId, at: moment, set }],
    claims: [claim],
    users: userId === null ? [] : [{ user: userId, account: groupId, at: moment }],
  };
}

function mapIdentify(event: TrackedEvent, at: number, { accountFrom }: MappingSettings): Mapped {
  const { userId, traits } = event;
  const set = contactTraits(traits ?? {});
  // Visitors, and users without an address, are nobody that a CSM could write to.
  if (userId === null || set === null) return {};
  const account = groupOf(event, [...accountFrom, "traits.company.id"]) ?? accountOfUser(userId);
  return { inputs: [{ kind: "contact", id: userId, account, at: new Date(at).toISOString(), set }] };
}

/** While events come in, usage is complete up to the day before. */
function readingOf(parts: readonly Mapped[], yesterday: string): HookReading {
  const inputs = parts.flatMap((part) => part.inputs ?? []);
  const skipped = tally(parts.flatMap((part) => part.skipped ?? []));
  if (inputs.length === 0) return { ignored: skipped ?? "nothing in it counts" };
  return {
    mapped: {
      inputs,
      claims: parts.flatMap((part) => part.claims ?? []),
      users: parts.flatMap((part) => part.users ?? []),
      coveredThrough: inputs.some(({ kind }) => kind === "usage") ? yesterday : undefined,
      skipped,
    },
  };
}

/** `2 events: it is more than 400 days old; 1 event: no event of the protocol`. */
function tally(reasons: readonly string[]): string | undefined {
  if (reasons.length === 0) return undefined;
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${count === 1 ? "event" : "events"}: ${reason}`).join("; ");
}
