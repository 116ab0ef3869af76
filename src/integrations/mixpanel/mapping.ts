import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import type { MapContext, Mapped } from "../mapped-port.ts";
import { usageInput } from "../usage-input.ts";
import { openUsageRules } from "../usage-rules.ts";
import { exportedEvent } from "./export.ts";
import type { MixpanelSettings } from "./settings.ts";

type MappingSettings = Pick<MixpanelSettings, "accountProperty" | "rules">;

/** What an exported event counts as, for each of the groups it names. */
export function openMapping({
  accountProperty,
  rules = [{ event: "*" }],
}: MappingSettings): (raw: unknown, context: MapContext) => Mapped {
  const countsOf = openUsageRules(rules);
  return (raw: unknown, { zone }: MapContext): Mapped => {
    const event = exportedEvent.safeParse(raw).data;
    if (event === undefined) return { skipped: "no event" };
    const counted = countsOf(event.event, event);
    const day = formatDay(dayOfInstant(zone, event.at));
    const inputs = accountsIn(event.properties[accountProperty]).flatMap((account) => {
      const place = { account, day, user: event.user, eventId: `${event.id} ${account}` };
      return counted.flatMap((one) => usageInput(one, place) ?? []);
    });
    return { inputs };
  };
}

/** The properties that are looked at: all else of an export is let go at once. */
export function propertiesOf({ accountProperty, rules = [] }: MappingSettings): ReadonlySet<string> {
  const summed = rules.flatMap(({ sum }) => sum?.split(".")[1] ?? []);
  return new Set([accountProperty, ...summed]);
}

/** The key of a group, or a list of keys; nothing for events of nobody's account, of which there are many. */
function accountsIn(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const keys = values.flatMap((each) => {
    const key = typeof each === "number" ? String(each) : each;
    return typeof key === "string" && key !== "" && key.length <= 300 ? [key] : [];
  });
  return [...new Set(keys)];
}
