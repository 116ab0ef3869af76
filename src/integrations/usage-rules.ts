import { z } from "zod";
import { usageNameSchema } from "../scoring/records.ts";

/** Which events count as which usage; shared by all sources of events. */
export const usageRule = z
  .strictObject({
    /** The name of the event, or how it begins; `*` is every event. */
    event: z.union([z.string().min(1).max(300), z.strictObject({ startsWith: z.string().min(1).max(300) })]),
    /** The event's name in small letters with underscores unless given. */
    usage: usageNameSchema.optional(),
    /** How often it came, or how many different users it came from on a day. */
    count: z.enum(["events", "users"]).optional(),
    /** The numbers under this path are added up instead, such as `properties.pages`. */
    sum: z
      .string()
      .regex(/^[^.]+(\.[^.]+)*$/, "expected names with points between them, such as properties.pages")
      .optional(),
  })
  .refine(({ count, sum }) => count === undefined || sum === undefined, {
    path: ["sum"],
    error: "a rule counts or adds up, not both",
  });
export type UsageRule = z.infer<typeof usageRule>;

/** What one event adds to a day of usage. */
export interface CountedUsage {
  readonly usage: string;
  readonly value: number;
  /** Each user counts once a day. */
  readonly oncePerUser: boolean;
}

/** What an event of that name counts as; of two rules with the same usage the first one. Nothing where no rule fits. */
export function openUsageRules(rules: readonly UsageRule[]): (name: string, event: unknown) => CountedUsage[] {
  return (name, event) => {
    const counted = new Map<string, CountedUsage>();
    for (const rule of rules) {
      const one = countBy(rule, name, event);
      if (one !== null && !counted.has(one.usage)) counted.set(one.usage, one);
    }
    return [...counted.values()];
  };
}

function countBy(rule: UsageRule, name: string, event: unknown): CountedUsage | null {
  const usage = isMeant(rule.event, name) ? (rule.usage ?? usageNameOf(name)) : null;
  const value = rule.sum === undefined ? 1 : valueAt(event, rule.sum);
  // Nothing to add up says nothing, not zero.
  if (usage === null || typeof value !== "number") return null;
  return { usage, value, oncePerUser: rule.count === "users" };
}

function isMeant(event: UsageRule["event"], name: string): boolean {
  if (typeof event === "string") return event === "*" || event === name;
  return name.startsWith(event.startsWith);
}

/** `Report Created` and `reportCreated` are `report_created`; null where no Latin letter or digit is left. */
export function usageNameOf(event: string): string | null {
  const name = event
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_/, "")
    .slice(0, 100)
    .replace(/_$/, "");
  return name === "" ? null : name;
}

/** What stands under a path of names with points between them; undefined where nothing does. Own properties only. */
export function valueAt(value: unknown, path: string): unknown {
  let here = value;
  for (const name of path.split(".")) {
    if (!isObject(here) || !Object.hasOwn(here, name)) return undefined;
    here = here[name];
  }
  return here;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
