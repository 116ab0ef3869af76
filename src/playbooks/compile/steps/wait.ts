import { derivedName } from "../../../scoring/derived-facts.ts";
import { factCatalogue } from "../../../scoring/fact-catalogue.ts";
import { faultAt } from "../../../scoring/fault.ts";
import type { UntilDate, WaitStep } from "../../playbook.ts";
import { conditionAt, milliseconds, minuteOf } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";

/** A `wait` step: one way to wait, with a longest time where its end is not settled. Null with its faults told. */
export function compileWait(step: StepOf<"wait">, site: Site): WaitStep | null {
  const { at, frame, compilation } = site;
  const { faults } = compilation;
  const before = faults.length;
  const longest = step.for === undefined ? null : milliseconds(step.for);
  if (longest === 0) faults.push(faultAt(`${at}.for`, step.for, "expected a wait longer than nothing"));
  const ways = (["workingDays", "until", "untilDate"] as const).filter((way) => step[way] !== undefined);
  if (ways.length === 0 && step.for === undefined) {
    faults.push(faultAt(at, step, 'expected one of "for", "workingDays", "until" and "untilDate"'));
  }
  if (ways.length > 1) faults.push(faultAt(at, step, `expected one of ${ways.join(", ")}: a wait means one thing`));
  if (ways.length === 1 && ways[0] === "workingDays" && step.for !== undefined) {
    faults.push(faultAt(`${at}.for`, step.for, 'expected either "for" or "workingDays"'));
  }
  if (frame.next === null) faults.push(faultAt(at, step, "a wait needs a step after it"));
  const until = step.until === undefined ? null : conditionAt(step.until, `${at}.until`, step.until, compilation);
  const untilDate = step.untilDate === undefined ? null : dateOf(step.untilDate, site);
  if (faults.length > before) return null;
  return { ...frame, kind: "wait", forMs: longest, workingDays: step.workingDays ?? null, until, untilDate };
}

function dateOf(date: NonNullable<StepOf<"wait">["untilDate"]>, { at, compilation }: Site): UntilDate | null {
  const { fact, daysBefore, daysAfter } = date;
  const path = `${at}.untilDate`;
  if (daysBefore !== undefined && daysAfter !== undefined) {
    compilation.faults.push(faultAt(path, date, "expected one of daysBefore and daysAfter, not both"));
  }
  const named = dayFact(fact);
  if ("refusal" in named) {
    compilation.faults.push(faultAt(`${path}.fact`, fact, named.refusal));
    return null;
  }
  compilation.facts.add(named.fact);
  return { fact: named.fact, offsetDays: (daysAfter ?? 0) - (daysBefore ?? 0), atMinute: minuteOf(date.at) };
}

/** Numbers that count the days until something; any other number leads to no day. */
const daysToCome = /\.days_to_[a-z_]+$/;

/** The fact that holds the day: itself, or the day that a number of days leads to. */
function dayFact(fact: string): { readonly fact: string } | { readonly refusal: string } {
  const type = factCatalogue.typeOf(fact);
  if (type === null) return { refusal: factCatalogue.refusal(fact) };
  if (type === "day" || type === "any") return { fact };
  if (type === "number" && daysToCome.test(fact)) return { fact: derivedName({ kind: "ends", base: fact }) };
  return { refusal: "expected a day, or a number of days to come such as contract.days_to_renewal" };
}
