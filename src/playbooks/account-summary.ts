import type { Subject } from "./subject.ts";
import { lossOf, worstDrivers } from "./subject.ts";

/** An account in four fields, as a CRM shows it. Null: unknown. A type rather than an interface, so that it can be kept as plain JSON. */
export type AccountSummary = {
  readonly score: number | null;
  readonly band: string | null;
  /** 0–1; null as long as no risk is computed. */
  readonly risk: number | null;
  /** What costs the score most, in words; null where nothing does. */
  readonly driver: string | null;
};

/** What is written back of an account. The same account gives the same summary. */
export function accountSummary({ facts, drivers }: Pick<Subject, "facts" | "drivers">): AccountSummary {
  const score = facts.get("score");
  const band = facts.get("band");
  const risk = facts.get("risk");
  return {
    score: typeof score === "number" ? score : null,
    band: typeof band === "string" ? band : null,
    risk: typeof risk === "number" ? risk : null,
    driver: mainDriver(drivers),
  };
}

function mainDriver(drivers: Subject["drivers"]): string | null {
  const [worst] = worstDrivers(drivers);
  if (worst === undefined) return null;
  const loss = lossOf(worst).toFixed(1);
  return loss === "0.0" ? null : `${worst.group}: ${worst.measure} (-${loss} points)`;
}
