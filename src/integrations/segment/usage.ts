import { createHash } from "node:crypto";
import type { UsageInput } from "../../scoring/records.ts";
import { accountOfUser } from "../../scoring/user-account.ts";
import type { Mapped } from "../source-port.ts";
import { type CountedUsage, openUsageRules } from "../usage-rules.ts";
import type { TrackedEvent } from "./event.ts";
import { groupOf } from "./group.ts";
import type { SegmentSettings } from "./settings.ts";

/** What a track, page or screen call counts as, on its day. */
export function openUsage(
  settings: Pick<SegmentSettings, "accountFrom" | "rules">,
): (event: TrackedEvent, day: string) => Mapped {
  const countsOf = openCounts(settings.rules);
  return (event, day) => {
    if (event.type === "track" && event.event === null) return { skipped: "a track call without event" };
    const { userId } = event;
    const account = groupOf(event, settings.accountFrom) ?? (userId === null ? null : accountOfUser(userId));
    // Visitors whom nobody knows: all that a public site is looked at would wait for an account that never comes.
    if (account === null) return { skipped: "neither a group nor a user is named" };
    return { inputs: countsOf(event).flatMap((counted) => inputOf(counted, event, account, day) ?? []) };
  };
}

function inputOf(counted: CountedUsage, event: TrackedEvent, account: string, day: string): UsageInput | null {
  const { usage, value, oncePerUser } = counted;
  const user = event.userId ?? event.anonymousId;
  if (oncePerUser && user === null) return null;
  const id = oncePerUser ? [usage, day, account, user] : [usage, event.messageId];
  return {
    kind: "usage",
    mode: "event",
    account,
    name: usage,
    day,
    value,
    id: shortId(id.join(" ")),
    user: user ?? undefined,
  };
}

function openCounts(rules: SegmentSettings["rules"]): (event: TrackedEvent) => readonly CountedUsage[] {
  const of = (call: string) => rules?.filter((rule) => rule.call === call);
  const track = openUsageRules(of("track") ?? [{ event: "*" }]);
  const page = openUsageRules(of("page") ?? [{ event: "*", usage: "page_views" }]);
  const screen = openUsageRules(of("screen") ?? [{ event: "*", usage: "screen_views" }]);
  return (event) => {
    if (event.type === "track") return track(event.event ?? "", event);
    return (event.type === "page" ? page : screen)(event.name ?? "", event);
  };
}

const longestId = 300;

function shortId(id: string): string {
  return id.length <= longestId ? id : createHash("sha256").update(id).digest("hex");
}
