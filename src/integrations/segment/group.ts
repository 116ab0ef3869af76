import { valueAt } from "../usage-rules.ts";
import type { TrackedEvent } from "./event.ts";

const longest = 200;

/** The group that an event names, in `context.groupId` or where the settings look for it; null where it names none. */
export function groupOf(event: TrackedEvent, paths: readonly string[]): string | null {
  const own = event.context?.groupId ?? null;
  if (own !== null) return own;
  for (const path of paths) {
    const value = valueAt(event, path);
    if (typeof value === "number") return String(value);
    if (typeof value === "string" && value !== "" && value.length <= longest) return value;
  }
  return null;
}
