import { overrideAsOf } from "./by-hand.ts";
import { dayOfInstant, nextLocalMidnight, parseDay } from "./days.ts";
import { type FactValue, factsOf, lifecycleFacts } from "./facts.ts";
import { type ScoredHealth, scoreHealth } from "./health.ts";
import type { HealthModel } from "./health-model.ts";
import { heldMetrics } from "./held-metrics.ts";
import type {
  AccountHistory,
  AccountMemory,
  ChildScore,
  CompanyFacts,
  DayNumber,
  HealthScore,
  Instant,
  LifecycleState,
  MetricValue,
  StreamCoverage,
} from "./history.ts";
import { judgeLifecycle, type Lifecycle } from "./lifecycle.ts";
import { computeMetrics, type MetricPlan } from "./metrics.ts";
import { chooseModel } from "./model-choice.ts";
import { accountRecordAsOf, type RecordState } from "./record-state.ts";

/** Everything that turns a history into a score, compiled once. */
export interface Scorer {
  /** In order of choice: the first that applies scores an account; the default stands last. Never empty. */
  readonly models: readonly HealthModel[];
  readonly plan: MetricPlan;
  readonly company: CompanyFacts;
  /** Null where there is no lifecycle.json. */
  readonly lifecycle: Lifecycle | null;
}

/** What is known of one account when it is scored. */
export interface AccountKnowledge {
  readonly history: AccountHistory;
  readonly coverage: StreamCoverage;
  /** Null at its first score. */
  readonly memory: AccountMemory | null;
  /** The newest scores of the accounts whose parent it is; empty for most. */
  readonly children: readonly ChildScore[];
  /** Only the numbers are asked for: the score has no drivers and no reason in words, and is the same in all else. */
  readonly isBrief?: boolean;
}

/** The score of one account as of a moment, with all that explains it. */
export interface AccountScore {
  readonly modelId: string;
  readonly modelRevision: number;
  /** Why this model, in words. */
  readonly modelReason: string;
  /** The account's local day at that moment. */
  readonly localDay: DayNumber;
  readonly metrics: ReadonlyMap<string, MetricValue>;
  readonly lifecycle: LifecycleState;
  readonly health: HealthScore;
  /** When time alone makes a new score due: the next local midnight, or the end of a dwell or an override before it. */
  readonly dueAt: Instant;
}

/** Computes an account's score from what was known at `now`: metrics → lifecycle → choice of model → score, band, drivers, coverage. */
export function scoreAccount(scorer: Scorer, known: AccountKnowledge, now: Instant): AccountScore {
  const metrics = computeMetrics(scorer.plan, known.history, known.coverage, scorer.company, now);
  return scoreMetrics(scorer, known, metrics, now);
}

/**
 * The score that metrics give which were computed before, as of the same moment: what another scorer would have made of them. They hold at
 * least what its models name.
 */
export function scoreMetrics(
  scorer: Scorer,
  known: AccountKnowledge,
  metrics: ReadonlyMap<string, MetricValue>,
  now: Instant,
): AccountScore {
  const { history, coverage, memory, children } = known;
  const record = accountRecordAsOf(history, now);
  const account = record?.fields ?? {};
  const facts = asksFacts(scorer)
    ? factsOf({ key: history.key, ...account }, metrics, null)
    : new Map<string, FactValue>();
  const stageOf = { history, account, facts, memory: memory?.lifecycle ?? null };
  const lifecycle = judgeLifecycle(scorer.lifecycle, stageOf, now);
  lifecycleFacts(facts, lifecycle.state, now);
  const choice = chooseModel(scorer.models, facts);
  const override = overrideAsOf(history, now);
  const { plan, company } = scorer;
  const zone = account.zone ?? company.zone;
  const today = dayOfInstant(zone, now);
  const input = {
    metrics,
    accountFacts: facts,
    memory: memory?.band ?? null,
    override,
    children,
    held: heldMetrics({ plan, history, coverage, company, zone, today }, now),
    historyDays: record === null ? null : today - firstDay(record, zone),
    isBrief: known.isBrief === true,
  };
  const scored = scoreHealth(choice.model, input, now);
  const due = Math.min(scored.dueAt ?? Infinity, lifecycle.dueAt ?? Infinity, override?.until ?? Infinity);
  return {
    modelId: choice.model.id,
    modelRevision: choice.model.revision,
    modelReason: choice.reason,
    localDay: today,
    metrics,
    lifecycle: lifecycle.state,
    health: plainHealth(scored),
    dueAt: Math.min(nextLocalMidnight(zone, now), due),
  };
}

/** True when something beside the measures is judged by facts; many companies have one model, caps on metrics and no lifecycle. */
function asksFacts(scorer: Scorer): boolean {
  const known = asking.get(scorer);
  if (known !== undefined) return known;
  const measured = new Set(["coverage", ...scorer.plan.metrics.map(({ name }) => name)]);
  const asks =
    scorer.lifecycle !== null ||
    scorer.models.some(({ appliesTo, capFacts }) => appliesTo !== null || capFacts.some((fact) => !measured.has(fact)));
  asking.set(scorer, asks);
  return asks;
}

const asking = new WeakMap<Scorer, boolean>();

/** Field by field: what is left of an object without one of its fields costs as much as the rest of a score. */
function plainHealth(scored: ScoredHealth): HealthScore {
  return {
    score: scored.score,
    band: scored.band,
    computed: scored.computed,
    suggestedBand: scored.suggestedBand,
    confidence: scored.confidence,
    bandMemory: scored.bandMemory,
    coverage: scored.coverage,
    drivers: scored.drivers,
    reason: scored.reason,
  };
}

/** As its record says, else the day on which that record began. */
function firstDay({ fields, firstAt }: RecordState<"account">, zone: string): DayNumber {
  return fields.beganOn == null ? dayOfInstant(zone, firstAt) : parseDay(fields.beganOn);
}
