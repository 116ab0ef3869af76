import { dayMs } from "./duration.ts";

/**
 * A fact that follows from how another one stood before. Its name has a `~`, which no document can write: conditions bring it about.
 * - `trend`: points by which the base stands below the highest (above the lowest) of its stored values of the last days;
 * - `was`: the base as it was known a while ago;
 * - `changed`: whether that differs from what it is;
 * - `ends`: the day that a number of days to come leads to;
 * - `workdays`: the working days until then, by the calendar of the account's owner;
 * - `differs`, `apart`: whether another fact says something else, and how far the two numbers are from each other.
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
  | { readonly kind: "ends" | "workdays"; readonly base: string }
  | { readonly kind: "differs" | "apart"; readonly base: string; readonly other: string };

/** The name of a derived fact, such as `score~fall_30d`. */
export function derivedName(fact: DerivedFact): string {
  switch (fact.kind) {
    case "trend":
      return `${fact.base}~${fact.direction}_${fact.days}d`;
    case "was":
    case "changed":
      return `${fact.base}~${fact.kind}_${fact.withinMs / 1000}s`;
    case "ends":
    case "workdays":
      return `${fact.base}~${fact.kind}`;
    case "differs":
    case "apart":
      return `${fact.base}~${fact.kind}_${fact.other}`;
    default:
      return fact satisfies never;
  }
}

const form = /^(.+)~(fall|rise|was|changed|ends|workdays|differs|apart)(?:_(.+))?$/;

/** What a name derives from what; null for the facts that documents name. */
export function derivedFact(name: string): DerivedFact | null {
  if (!name.includes("~")) return null;
  const [, base = "", kind, detail = ""] = form.exec(name) ?? [];
  switch (kind) {
    case "fall":
    case "rise":
      return /^\d+d$/.test(detail) ? { kind: "trend", base, direction: kind, days: Number.parseInt(detail, 10) } : null;
    case "was":
    case "changed":
      return /^\d+s$/.test(detail) ? { kind, base, withinMs: Number.parseInt(detail, 10) * 1000 } : null;
    case "ends":
    case "workdays":
      return detail === "" ? { kind, base } : null;
    case "differs":
    case "apart":
      return detail === "" ? null : { kind, base, other: detail };
    default:
      return null;
  }
}

/** The facts that documents name on which a fact rests: itself, or what it derives from. */
export function basesOf(name: string): readonly string[] {
  const derived = derivedFact(name);
  if (derived === null) return [name];
  return "other" in derived ? [derived.base, derived.other] : [derived.base];
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
