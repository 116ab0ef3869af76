import { dayOfInstant, nextLocalMidnight } from "./days.ts";
import { factsOf } from "./facts.ts";
import { scoreHealth } from "./health.ts";
import type { HealthModel } from "./health-model.ts";
import type {
  AccountHistory,
  BandMemory,
  CompanyFacts,
  DayNumber,
  HealthScore,
  Instant,
  MetricValue,
  StreamCoverage,
} from "./history.ts";
import { computeMetrics, type MetricPlan } from "./metrics.ts";
import { accountAsOf } from "./record-state.ts";

/** Everything that turns a history into a score, compiled once. */
export interface Scorer {
  readonly model: HealthModel;
  readonly plan: MetricPlan;
  readonly company: CompanyFacts;
}

/** The score of one account as of a moment, with all that explains it. */
export interface AccountScore {
  readonly modelId: string;
  readonly modelRevision: number;
  /** The account's local day at that moment. */
  readonly localDay: DayNumber;
  readonly metrics: ReadonlyMap<string, MetricValue>;
  readonly health: HealthScore;
  /** When time alone makes a new score due: the next local midnight, or the end of a dwell before it. */
  readonly dueAt: Instant;
}

/** Computes an account's score from what was known at `now`: metrics → health model → score, band, drivers, coverage. */
export function scoreAccount(
  scorer: Scorer,
  history: AccountHistory,
  coverage: StreamCoverage,
  memory: BandMemory | null,
  now: Instant,
): AccountScore {
  const metrics = computeMetrics(scorer.plan, history, coverage, scorer.company, now);
  const account = accountAsOf(history, now);
  const facts = factsOf({ key: history.key, ...account }, metrics, null);
  const { dueAt: dwellEndsAt, ...health } = scoreHealth(scorer.model, metrics, facts, memory, now);
  const zone = account.zone ?? scorer.company.zone;
  const midnight = nextLocalMidnight(zone, now);
  return {
    modelId: scorer.model.id,
    modelRevision: scorer.model.revision,
    localDay: dayOfInstant(zone, now),
    metrics,
    health,
    dueAt: dwellEndsAt === null ? midnight : Math.min(midnight, dwellEndsAt),
  };
}
