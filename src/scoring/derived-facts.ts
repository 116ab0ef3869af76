import { dayMs } from "./duration.ts";

/**
 * A fact that follows from how another one stood before. Its name has a `~`, which no document can write: conditions bring it about.
 * - `trend`: points by which the base stands below the highest (above the lowest) of its stored values of the last days;
 * - `was`: the base as it was known a while ago;
 * - `changed`: whether that differs from what it is;
 * - `ends`: the day that a number of days to come leads to.
 */
export type DerivedFact =
  | {
      readonly kind: "trend";
      readonly base: string;
      readonly direction: "fall" | "rise";
      /** The window: this many local days before today, and today. */
      readonly days: number;
    }
  | { readonly kind: "was" | "changed"; readonly base: string; readonly withinMs: number }
  | { readonly kind: "ends"; readonly base: string };

/** The name of a derived fact, such as `score~fall_30d`. */
export function derivedName(fact: DerivedFact): string {
  switch (fact.kind) {
    case "trend":
      return `${fact.base}~${fact.direction}_${fact.days}d`;
    case "was":
    case "changed":
      return `${fact.base}~${fact.kind}_${fact.withinMs / 1000}s`;
    case "ends":
      return `${fact.base}~ends`;
    default:
      return fact satisfies never;
  }
}

const trendName = /^(.+)~(fall|rise)_(\d+)d$/;
const earlierName = /^(.+)~(was|changed)_(\d+)s$/;
const endsName = /^(.+)~ends$/;

/** What a name derives from what; null for the facts that documents name. */
export function derivedFact(name: string): DerivedFact | null {
  if (!name.includes("~")) return null;
  const [, trendBase, direction, days] = trendName.exec(name) ?? [];
  if (trendBase !== undefined) {
    return { kind: "trend", base: trendBase, direction: direction === "fall" ? "fall" : "rise", days: Number(days) };
  }
  const [, earlierBase, kind, seconds] = earlierName.exec(name) ?? [];
  if (earlierBase !== undefined) {
    return { kind: kind === "was" ? "was" : "changed", base: earlierBase, withinMs: Number(seconds) * 1000 };
  }
  const base = endsName.exec(name)?.[1];
  return base === undefined ? null : { kind: "ends", base };
}

/** The derived facts among `names`, each once. */
export function derivedAmong(names: Iterable<string>): readonly DerivedFact[] {
  return [...new Set(names)].map(derivedFact).filter((fact) => fact !== null);
}

/** The longest window of a rise or a fall: a year and a month. */
export const longestTrendDays = 400;

/** Whole days from 1 to the longest window; null when the duration is not one of them. */
export function trendDays(withinMs: number): number | null {
  const days = withinMs / dayMs;
  return Number.isInteger(days) && days >= 1 && days <= longestTrendDays ? days : null;
}
