import { overrideAsOf, snoozeAsOf } from "../scoring/by-hand.ts";
import type { MissingReason } from "../scoring/conditions.ts";
import { dayOfInstant, formatDay, parseDay } from "../scoring/days.ts";
import { type DerivedFact, derivedName } from "../scoring/derived-facts.ts";
import { type Facts, type FactValue, factsOf, type HealthFacts, lifecycleFacts } from "../scoring/facts.ts";
import type { AccountHistory, Instant, LifecycleState, MetricValue } from "../scoring/history.ts";
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
  if (present === undefined) {
    const reason = known.metrics.get(fact.base)?.reason;
    return { missing: `${fact.base} is unknown${reason === undefined ? "" : `: ${reason}`}` };
  }
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
    case "ends": {
      if (typeof present !== "number" || known.score === null) return { missing: `${fact.base} is no number of days` };
      return { value: formatDay(parseDay(known.score.day) + present) };
    }
    default:
      return fact satisfies never;
  }
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
