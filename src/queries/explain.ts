import type { Configuration } from "../playbooks/configuration.ts";
import type { AskGuards } from "../playbooks/guard.ts";
import { heldFacts, withoutHeld } from "../playbooks/held-facts.ts";
import { playbookFacts } from "../playbooks/known-facts.ts";
import { ownerCalendar } from "../playbooks/owners.ts";
import { snoozeGuard, snoozeNotice } from "../playbooks/snooze.ts";
import { type Scorer, scoreAccount } from "../scoring/account-score.ts";
import { overrideAsOf, snoozeAsOf } from "../scoring/by-hand.ts";
import { dayOfInstant, formatDay, parseDay, startOfDay } from "../scoring/days.ts";
import { derivedAmong } from "../scoring/derived-facts.ts";
import { dayMs } from "../scoring/duration.ts";
import { failingMetrics } from "../scoring/held-metrics.ts";
import type {
  AccountHistory,
  ChildScore,
  DayNumber,
  Instant,
  LifecycleState,
  MetricValue,
  Override,
  StreamCoverage,
} from "../scoring/history.ts";
import { historyScope } from "../scoring/history-scope.ts";
import { adoptionMetricNames } from "../scoring/metrics/adoption.ts";
import { usageMetricNames } from "../scoring/metrics/usage.ts";
import { compileMetrics, computeMetrics, fixedMetricNames, type MetricPlan } from "../scoring/metrics.ts";
import { accountAsOf } from "../scoring/record-state.ts";
import { scoringScope, widestScope } from "../scoring/scoring-scope.ts";
import { findAccountByKey } from "../store/account-list.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Db } from "../store/db.ts";
import { loadHistory } from "../store/histories.ts";
import { readTriggerStates } from "../store/playbook-state.ts";
import { readTrendSpans } from "../store/score-trends.ts";
import { readChildScores } from "../store/scores/children.ts";
import { memoryOf, readScores, type StoredScore } from "../store/scores.ts";
import { readUsageNamesOf } from "../store/usage-names.ts";
import { readArchival } from "./archival.ts";
import { explainChange, type KeptScore } from "./explain/change.ts";
import type { Explanation } from "./explain/explanation.ts";
import { guardsOf } from "./explain/guards.ts";
import { explainPlaybook } from "./explain/playbook.ts";

export interface ExplainQuestion {
  readonly key: string;
  /** A local day; null for the newest score. */
  readonly day: string | null;
  /** The local day to compare with; null for four weeks before. */
  readonly since?: string | null;
}

/** Metrics of every usage name are told as long as there are no more names than this; beyond, those the score rests on. */
const mostUsageNames = 200;
/** Four weeks: the same weekdays on both sides. */
const usualSinceDays = 28;
/** Days of years before 0 are not written as people write days. */
const firstDayOfAll = parseDay("0000-01-01");
/** Old scores are thinned to one a week. */
const thinnedDays = 7;

/**
 * Why an account scores what it scores: the stored score where there is one for that day, else computed from what was known in the last
 * moment of it; and why it moved since an earlier day. Null when there is no such account.
 */
export async function explainAccount(
  db: Db,
  configuration: Configuration,
  question: ExplainQuestion,
  now: Date,
): Promise<{ explanation: Explanation; isStored: boolean } | null> {
  const account = await findAccountByKey(db, question.key);
  if (account === null) return null;
  const { scorer } = configuration;
  const coverage = await readCoverage(db);
  const newest = await readNewest(db, account.accountId, question.day);
  const isExact = newest !== null && (question.day === null || newest.day === question.day);
  const askedAt = isExact ? newest.at.getTime() : lastMoment(scorer.company.zone, question.day, now);
  const sinceDay = question.since ?? usualSince(dayOfInstant(scorer.company.zone, askedAt));
  const plan = mergePlans(await cataloguePlan(db, account.accountId, scorer.plan), scorer.plan);
  const history = await loadHistory(db, account, reachOf(scorer, plan, coverage, askedAt));
  const known = { db, configuration, history, coverage };
  const after = isExact ? kept(newest) : computed(await compute(known, newest, question.day, now));
  const before = await scoreBefore(known, sinceDay, now);
  const { score } = after;
  const at = score.at.getTime();
  const values = computeMetrics(plan, history, coverage, scorer.company, at);
  const metrics = sortedByName(new Map([...values, ...Object.entries(score.metrics)]));
  const fields = accountAsOf(history, at);
  const zone = fields.zone ?? scorer.company.zone;
  const judgedAt = question.day === null ? now : score.at;
  const situation = await playbookSituation(known, { metrics, score, zone }, judgedAt);
  const archived = await readArchival(db, account.accountId);
  const owner = fields.owner ?? null;
  const playbooks = await explainPlaybooks(known, { ...situation, zone, ownerId: owner }, question.day !== null, now);
  return {
    isStored: after.isStored,
    explanation: {
      account: account.key,
      name: fields.name ?? account.name,
      owner,
      segment: fields.segment ?? null,
      stage: score.lifecycle?.stage ?? fields.stage ?? null,
      archived,
      asOf: score.at.toISOString(),
      model: score.modelId,
      revision: score.modelRevision,
      modelReason: score.modelReason,
      score: score.score,
      band: score.band,
      computed: score.computed,
      suggestedBand: score.suggestedBand,
      confidence: score.confidence,
      lifecycle: score.lifecycle === null ? null : plainLifecycle(score.lifecycle),
      override: plainOverride(overrideAsOf(history, at)),
      coverage: Math.round(score.coverage * 1000) / 1000,
      reason: score.reason,
      change: await explainChange(db, scorer, before, after),
      drivers: [...score.drivers],
      metrics: Object.fromEntries(metrics),
      playbooks: archived === null ? playbooks : inArchive(playbooks, question),
    },
  };
}

/** The score of an account as it is computed from what was known in the last moment of a day, or now; with every metric of the configuration. */
export async function scoreOfDay(
  db: Db,
  configuration: Configuration,
  account: { readonly accountId: number; readonly key: string },
  day: string | null,
  now: Date,
): Promise<StoredScore> {
  const { scorer } = configuration;
  const newest = await readNewest(db, account.accountId, day);
  const coverage = await readCoverage(db);
  const at = lastMoment(scorer.company.zone, day, now);
  const history = await loadHistory(db, account, reachOf(scorer, scorer.plan, coverage, at));
  return compute({ db, configuration, history, coverage }, newest, day, now);
}

function usualSince(day: DayNumber): string {
  return formatDay(Math.max(firstDayOfAll, day - usualSinceDays));
}

/** The last moment of a day, not after now; now itself where no day is asked for. */
function lastMoment(zone: string, day: string | null, now: Date): Instant {
  return Math.min(now.getTime(), day === null ? Infinity : startOfDay(zone, parseDay(day) + 1) - 1);
}

/** What the plan needs around a moment; an account's own zone may be a day away from the company's. */
function reachOf(scorer: Scorer, plan: MetricPlan, coverage: StreamCoverage, at: Instant) {
  const scope = widestScope([
    scoringScope({ ...scorer, plan }, coverage, at),
    historyScope(plan, coverage, at - dayMs),
  ]);
  return { ...scope, toDay: scope.toDay + 1, forPast: true };
}

/** Every metric there is of an account: those that depend on no usage, one's own, and all forms of the usage names it has. */
async function cataloguePlan(db: Db, accountId: number, { settings }: MetricPlan): Promise<MetricPlan> {
  const names = await readUsageNamesOf(db, accountId, mostUsageNames + 1);
  const usageNames = names.length > mostUsageNames ? [] : names;
  // Without a list of features adoption looks at every name there is.
  const adoption = usageNames === names || settings.features.length > 0 ? adoptionMetricNames : [];
  const own = [...settings.formulas.keys()];
  return compileMetrics([...fixedMetricNames, ...adoption, ...own, ...usageNames.flatMap(usageMetricNames)], settings)
    .plan;
}

/** The newest stored score of an account, up to and including a day. */
async function readNewest(db: Db, accountId: number, day: string | null): Promise<StoredScore | null> {
  return (await readScores(db, [accountId], day === null ? null : parseDay(day))).get(accountId) ?? null;
}

function kept(score: StoredScore): KeptScore {
  return { score, isStored: true };
}

function computed(score: StoredScore): KeptScore {
  return { score, isStored: false };
}

/** What an account is scored by for a question. */
interface Known {
  readonly db: Db;
  readonly configuration: Configuration;
  readonly history: AccountHistory;
  readonly coverage: StreamCoverage;
}

/**
 * The score to compare with: the stored one of that day, or of the week before it; else computed as of its last moment, from a history of
 * its own, as the two moments may be centuries apart.
 */
async function scoreBefore(known: Known, day: string, now: Date): Promise<KeptScore> {
  const { db, configuration, coverage } = known;
  const { accountId, key } = known.history;
  const newest = await readNewest(db, accountId, day);
  if (newest !== null && parseDay(day) - parseDay(newest.day) < thinnedDays) return kept(newest);
  const { scorer } = configuration;
  const scope = reachOf(scorer, scorer.plan, coverage, lastMoment(scorer.company.zone, day, now));
  const history = await loadHistory(db, { accountId, key }, scope);
  return computed(await compute({ ...known, history }, newest, day, now));
}

const noChildren: ReadonlyMap<number, readonly ChildScore[]> = new Map();

async function compute(
  { db, configuration, history, coverage }: Known,
  before: StoredScore | null,
  day: string | null,
  now: Date,
): Promise<StoredScore> {
  const { scorer } = configuration;
  const zone = accountAsOf(history, now.getTime()).zone ?? scorer.company.zone;
  const at = lastMoment(zone, day, now);
  const { accountId } = history;
  const rollsUp = scorer.models.some((model) => model.rollUp !== null);
  const children = rollsUp ? await readChildScores(db, [accountId], dayOfInstant(zone, at)) : noChildren;
  const known = { history, coverage, memory: memoryOf(before), children: children.get(accountId) ?? [] };
  const score = scoreAccount(scorer, known, at);
  return {
    ...score.health,
    accountId,
    day: formatDay(score.localDay),
    at: new Date(at),
    origin: "replayed",
    modelId: score.modelId,
    modelRevision: score.modelRevision,
    modelReason: score.modelReason,
    lifecycle: score.lifecycle,
    metrics: Object.fromEntries(score.metrics),
  };
}

function plainLifecycle(state: LifecycleState): NonNullable<Explanation["lifecycle"]> {
  return {
    stage: state.stage,
    decidedBy: state.decidedBy,
    since: momentOf(state.since),
    previous: state.previous,
    reason: state.reason,
    milestones: state.milestones.map(({ id, status, reachedAt, by, expectedAt }) => {
      return { id, status, reachedAt: momentOf(reachedAt), by, expectedAt: momentOf(expectedAt) };
    }),
  };
}

function plainOverride(override: Override | null): Explanation["override"] {
  return override === null ? null : { ...override, until: momentOf(override.until) };
}

function momentOf(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

function mergePlans(one: MetricPlan, other: MetricPlan): MetricPlan {
  const byName = new Map([...one.metrics, ...other.metrics].map((metric) => [metric.name, metric]));
  return { ...other, metrics: [...byName.values()] };
}

function sortedByName(metrics: ReadonlyMap<string, MetricValue>): Map<string, MetricValue> {
  return new Map([...metrics].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What playbooks know of the account at a moment, as when they are judged. */
async function playbookSituation(
  {
    db,
    configuration,
    history,
    coverage,
  }: {
    readonly db: Db;
    readonly configuration: Configuration;
    readonly history: AccountHistory;
    readonly coverage: StreamCoverage;
  },
  judged: { readonly metrics: ReadonlyMap<string, MetricValue>; readonly score: StoredScore; readonly zone: string },
  at: Date,
) {
  const { accountId } = history;
  const wanted = derivedAmong(configuration.playbooks.flatMap(({ facts }) => facts));
  const trends = wanted.filter((fact) => fact.kind === "trend");
  const today = dayOfInstant(judged.zone, at.getTime());
  const spans = (await readTrendSpans(db, [{ accountId, today }], trends, at)).get(accountId) ?? new Map();
  const owner = accountAsOf(history, at.getTime()).owner ?? null;
  const calendar = ownerCalendar(configuration.owners, owner, configuration.scorer.company.calendarOf);
  const known = playbookFacts({ ...judged, history, spans, calendar }, wanted, at.getTime());
  const { plan, models } = configuration.scorer;
  const { score, zone } = judged;
  const failing = failingMetrics(plan, coverage, { scoredAt: score.at.getTime(), zone }, at.getTime());
  const held = heldFacts(
    failing,
    models.find(({ id }) => id === score.modelId),
  );
  const snooze = snoozeNotice(snoozeAsOf(history, at.getTime()), judged.zone);
  return { ...withoutHeld(known, held), held, snooze, surroundings: { history, zone } };
}

/** All playbooks; of a day that is past only the account's snooze is known to have kept runs from beginning. */
async function explainPlaybooks(
  { db, configuration, history: { accountId } }: Known,
  judged: Awaited<ReturnType<typeof playbookSituation>> & { readonly zone: string; readonly ownerId: string | null },
  isPast: boolean,
  now: Date,
): Promise<Explanation["playbooks"]> {
  const states = isPast ? null : await readTriggerStates(db, [accountId]);
  const tell = (guards: AskGuards) =>
    configuration.playbooks.map((playbook) => explainPlaybook(playbook, states, { ...judged, guards }, now));
  if (isPast) return tell(snoozeGuard(judged.snooze));
  return tell(await guardsOf(db, configuration, { ...judged, accountId }, tell, now));
}

function inArchive(playbooks: Explanation["playbooks"], { day }: ExplainQuestion): Explanation["playbooks"] {
  if (day !== null) return playbooks;
  return playbooks.map((playbook) => ({ ...playbook, reason: "judged no more: the account is archived" }));
}
