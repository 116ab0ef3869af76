import { overrideAsOf, snoozeAsOf } from "../scoring/by-hand.ts";
import type { MissingReason } from "../scoring/conditions.ts";
import { dayOfInstant, formatDay, parseDay } from "../scoring/days.ts";
import { type DerivedFact, derivedName } from "../scoring/derived-facts.ts";
import { type Facts, type FactValue, factsOf, type HealthFacts, lifecycleFacts } from "../scoring/facts.ts";
import type {
  AccountHistory,
  DayNumber,
  Instant,
  LifecycleState,
  MetricValue,
  WorkCalendar,
} from "../scoring/history.ts";
import { accountAsOf } from "../scoring/record-state.ts";
import { spanKey, type TrendSpans, trendOf } from "../scoring/trend-spans.ts";

/** What is known of an account when its playbooks are judged. */
export interface KnownAccount {
  readonly history: AccountHistory;
  readonly metrics: ReadonlyMap<string, MetricValue>;
  /** The newest score; null before the first. */
  readonly score: (HealthFacts & { readonly lifecycle: LifecycleState | null; readonly day: string }) | null;
  /** Of the rises and falls that are asked for. */
  readonly spans: TrendSpans;
  readonly zone: string;
  /** Of the account's owner. */
  readonly calendar: WorkCalendar;
}

/** Every fact that a playbook may name, the derived ones that are `wanted` among them, and why one of them is missing. */
export function playbookFacts(
  known: KnownAccount,
  wanted: readonly DerivedFact[],
  now: Instant,
): { readonly facts: Facts; readonly missingReason: MissingReason } {
  const { history, metrics, score } = known;
  const facts = factsOf({ ...accountAsOf(history, now), key: history.key }, metrics, score);
  if (score?.lifecycle != null) lifecycleFacts(facts, score.lifecycle, now);
  facts.set("override", overrideAsOf(history, now) !== null);
  facts.set("snoozed", snoozeAsOf(history, now) !== null);
  const reasons = new Map<string, string>();
  for (const fact of wanted) {
    const derived = derive(fact, known, facts, now);
    if ("value" in derived) facts.set(derivedName(fact), derived.value);
    else reasons.set(derivedName(fact), derived.missing);
  }
  return { facts, missingReason: (fact) => metrics.get(fact)?.reason ?? reasons.get(fact) };
}

type Derived = { readonly value: FactValue } | { readonly missing: string };

function derive(fact: DerivedFact, known: KnownAccount, facts: Facts, now: Instant): Derived {
  const present = facts.get(fact.base);
  if (present === undefined) return { missing: unknownWords(fact.base, known.metrics) };
  switch (fact.kind) {
    case "trend": {
      if (typeof present !== "number") return { missing: `${fact.base} is no number` };
      const span = known.spans.get(spanKey(fact.base, fact.days));
      return trendOf(fact, present, span, dayOfInstant(known.zone, now));
    }
    case "was":
      return earlier(fact, known, now);
    case "changed": {
      const was = earlier(fact, known, now);
      return "value" in was ? { value: was.value !== present } : was;
    }
    case "ends":
    case "workdays": {
      if (typeof present !== "number" || known.score === null) return { missing: `${fact.base} is no number of days` };
      const end = parseDay(known.score.day) + present;
      if (fact.kind === "ends") return { value: formatDay(end) };
      return { value: workingDaysUntil(end, dayOfInstant(known.zone, now), known.calendar) };
    }
    case "differs":
    case "apart":
      return compare(fact, present, facts.get(fact.other), known);
    default:
      return fact satisfies never;
  }
}

/** A year of them: whoever asks for working days asks for less. */
const mostWorkingDays = 260;

function workingDaysUntil(end: DayNumber, today: DayNumber, calendar: WorkCalendar): number {
  let count = 0;
  for (let day = today + 1; day <= end && count < mostWorkingDays; day += 1) {
    if (calendar.isWorkingDay(day)) count += 1;
  }
  return count;
}

function compare(
  { kind, base, other }: Extract<DerivedFact, { kind: "differs" | "apart" }>,
  one: FactValue,
  another: FactValue | undefined,
  { metrics }: KnownAccount,
): Derived {
  if (another === undefined) return { missing: unknownWords(other, metrics) };
  if (kind === "differs") return { value: one !== another };
  if (typeof one !== "number") return { missing: `${base} is no number` };
  if (typeof another !== "number") return { missing: `${other} is no number` };
  return { value: Number(Math.abs(one - another).toPrecision(12)) };
}

function unknownWords(fact: string, metrics: KnownAccount["metrics"]): string {
  const reason = metrics.get(fact)?.reason;
  return `${fact} is unknown${reason === undefined ? "" : `: ${reason}`}`;
}

/** The value of a field, or the stage, as it was known a while ago. */
function earlier(
  { base, withinMs }: { readonly base: string; readonly withinMs: number },
  { history, score }: KnownAccount,
  now: Instant,
): Derived {
  const then = now - withinMs;
  const lifecycle = base === "stage" ? (score?.lifecycle ?? null) : null;
  const value = lifecycle === null ? fieldAt(history, base, then) : stageAt(lifecycle, then);
  return value === null ? { missing: `${base} was not known then` } : { value };
}

function stageAt({ stage, since, previous }: LifecycleState, then: Instant): string | null {
  return since !== null && since > then ? previous : stage;
}

function fieldAt(history: AccountHistory, fact: string, then: Instant): FactValue | null {
  const fields = { ...accountAsOf(history, then), key: history.key };
  return factsOf(fields, new Map(), null).get(fact) ?? null;
}
