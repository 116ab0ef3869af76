import { accountOfUser } from "../../scoring/user-account.ts";
import type { Mapped } from "../mapped-port.ts";
import { usageInput } from "../usage-input.ts";
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
    const place = { account, day, user: userId ?? event.anonymousId, eventId: event.messageId ?? "" };
    return { inputs: countsOf(event).flatMap((counted) => usageInput(counted, place) ?? []) };
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
