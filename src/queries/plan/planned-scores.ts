import { type AccountScore, type Scorer, scoreMetrics } from "../../scoring/account-score.ts";
import { formatDay } from "../../scoring/days.ts";
import { factsOf } from "../../scoring/facts.ts";
import { outageBegan } from "../../scoring/held-metrics.ts";
import type {
  AccountHistory,
  ChildScore,
  Confidence,
  Instant,
  LifecycleState,
  MetricValue,
  StreamCoverage,
} from "../../scoring/history.ts";
import { historyScope } from "../../scoring/history-scope.ts";
import { type Lifecycle, oscillates } from "../../scoring/lifecycle.ts";
import { computeMetrics, type MetricPlan } from "../../scoring/metrics.ts";
import { accountAsOf } from "../../scoring/record-state.ts";
import { mrrOf } from "../../scoring/roll-up.ts";
import { type ScoringScope, scoringScope } from "../../scoring/scoring-scope.ts";
import type { Db, Tx } from "../../store/db.ts";
import { loadHistories } from "../../store/histories.ts";
import { type PortfolioAccount, readScoreBases, type ScoreBasis } from "../../store/portfolio.ts";
import { memoryOf } from "../../store/scores.ts";

/** One account under the documents in force and under those that are planned, from the same metrics as of its newest score. */
export interface PlannedScore {
  readonly account: PortfolioAccount;
  readonly history: AccountHistory;
  /** When the score came to be that both sides are compared as of. */
  readonly at: Instant;
  /** In the reporting currency; null when unknown. */
  readonly mrr: number | null;
  readonly before: PlannedSide;
  readonly after: PlannedSide;
  /** The stages between which the planned rules would lead it round and round; null for nearly every account. */
  readonly oscillation: readonly string[] | null;
}

/** What one side says of an account. */
export interface PlannedSide {
  readonly day: string;
  readonly modelId: string;
  /** Null in scores of an older version of the program. */
  readonly lifecycle: LifecycleState | null;
  readonly metrics: ReadonlyMap<string, MetricValue>;
  readonly health: {
    readonly score: number | null;
    readonly band: string | null;
    readonly coverage: number;
    readonly computed: number | null;
    readonly confidence: Confidence | null;
    /** Empty where it was not computed anew. */
    readonly reason: string;
  };
}

/** Two scorers, and which metrics of the newest scores mean the same to both. */
export interface Comparison {
  readonly before: Scorer;
  readonly after: Scorer;
  /** False for a metric whose definition the plan changes: it is computed anew for the planned side. */
  readonly isReusable: (metric: string) => boolean;
  /** Both sides score alike: the newest scores stand for both. */
  readonly scoresAlike?: boolean;
}

const batchSize = 1000;

/**
 * Scores every account that has a score under both sides, children before their parents, and hands them over batch by batch. What the
 * newest score rests on is used again; histories are read only for metrics that are not kept with it. Writes nothing.
 */
export async function comparePortfolio(
  db: Db | Tx,
  accounts: readonly PortfolioAccount[],
  { comparison, coverage, now }: { comparison: Comparison; coverage: StreamCoverage; now: Date },
  onBatch: (scores: readonly PlannedScore[], accounts: number) => Promise<void>,
): Promise<void> {
  const work: Work = { ...comparison, before: atOnce(comparison.before), after: atOnce(comparison.after), coverage };
  const families = new Families(accounts);
  for (const generation of families.generations) {
    let loading = load(db, work, generation.slice(0, batchSize), now);
    for (let start = 0; start < generation.length; start += batchSize) {
      const batch = await loading;
      // The server reads the next batch while this one is computed.
      loading = load(db, work, generation.slice(start + batchSize, start + 2 * batchSize), now);
      // A failure is met where the batch is waited for, should this one fail before.
      loading.catch(() => undefined);
      const scores = batch.flatMap((one) => compare(work, one, families) ?? []);
      for (const score of scores) families.remember(score);
      await onBatch(scores, batch.length);
    }
    await loading;
  }
}

interface Work extends Comparison {
  readonly coverage: StreamCoverage;
}

/** A plan tells where bands lead to, not when: both sides move at once. */
function atOnce(scorer: Scorer): Scorer {
  return { ...scorer, models: scorer.models.map((model) => ({ ...model, bands: { ...model.bands, dwellMs: 0 } })) };
}

interface Loaded {
  readonly account: PortfolioAccount;
  /** Null when it was never scored. */
  readonly basis: ScoreBasis | null;
  readonly history: AccountHistory;
  readonly lacking: { readonly before: MetricPlan; readonly after: MetricPlan };
}

async function load(
  db: Db | Tx,
  work: Work,
  accounts: readonly PortfolioAccount[],
  now: Date,
): Promise<readonly Loaded[]> {
  if (accounts.length === 0) return [];
  const ids = accounts.map(({ accountId }) => accountId);
  const bases = await readScoreBases(db, ids, now);
  const kept = keptByAll(bases);
  const lacking = {
    before: without(work.before.plan, (name) => kept.has(name)),
    after: without(work.after.plan, (name) => kept.has(name) && work.isReusable(name)),
  };
  const oldest = [...bases.values()].reduce((least, { at }) => Math.min(least, at.getTime()), now.getTime());
  const histories = await loadHistories(db, { ...scopeOf(work, lacking, oldest), accounts });
  return histories.map((history, index) => {
    const account = accounts[index];
    if (account === undefined) throw new Error("More histories came than were asked for.");
    return { account, basis: bases.get(account.accountId) ?? null, history, lacking };
  });
}

/** While a source fails, what measures are held at is read anew on both sides. */
function scopeOf(work: Work, lacking: Loaded["lacking"], oldest: number): ScoringScope {
  const models = [...work.before.models, ...work.after.models];
  const whole = { models, plan: together(work.before.plan, work.after.plan) };
  if (outageBegan(whole, work.coverage, oldest) !== null) return scoringScope(whole, work.coverage, oldest);
  return { ...historyScope(together(lacking.before, lacking.after), work.coverage, oldest), forPast: false };
}

function together(before: MetricPlan, after: MetricPlan): MetricPlan {
  return { ...after, metrics: [...before.metrics, ...after.metrics] };
}

/** The metrics that every one of the newest scores has kept. */
function keptByAll(bases: ReadonlyMap<number, ScoreBasis>): ReadonlySet<string> {
  const [first, ...others] = [...bases.values()];
  const names = Object.keys(first?.metrics ?? {});
  return new Set(names.filter((name) => others.every(({ metrics }) => Object.hasOwn(metrics, name))));
}

function without(plan: MetricPlan, isKept: (name: string) => boolean): MetricPlan {
  return { ...plan, metrics: plan.metrics.filter(({ name }) => !isKept(name)) };
}

function compare(work: Work, { account, basis, history, lacking }: Loaded, families: Families): PlannedScore | null {
  if (basis === null) return null;
  const at = basis.at.getTime();
  if (work.scoresAlike === true) return alike(work, { account, basis, history, lacking }, at);
  const memory = memoryOf(basis);
  const measure = (scorer: Scorer, missing: MetricPlan) => metricsOf({ work, basis, history, scorer, missing });
  const score = (scorer: Scorer, metrics: ReadonlyMap<string, MetricValue>, children: readonly ChildScore[]) => {
    return scoreMetrics(scorer, { history, coverage: work.coverage, memory, children }, metrics, at);
  };
  const children = families.childrenOf(account.accountId);
  const measured = measure(work.before, lacking.before);
  const planned = measure(work.after, lacking.after);
  const before = score(
    work.before,
    measured,
    children.map((child) => child.before),
  );
  const after = score(
    work.after,
    planned,
    children.map((child) => child.after),
  );
  return {
    account,
    history,
    at,
    mrr: mrrOf(measured),
    before: sideOf(before),
    after: sideOf(after),
    oscillation: findOscillation(work.after.lifecycle, history, planned, basis.lifecycle, at),
  };
}

interface Measuring {
  readonly work: Work;
  readonly basis: ScoreBasis;
  readonly history: AccountHistory;
  readonly scorer: Scorer;
  readonly missing: MetricPlan;
}

/** What the newest score has kept, and what it lacks. */
function metricsOf({ work, basis, history, scorer, missing }: Measuring): ReadonlyMap<string, MetricValue> {
  const metrics = new Map<string, MetricValue>(Object.entries(basis.metrics));
  if (missing.metrics.length === 0) return metrics;
  const computed = computeMetrics(missing, history, work.coverage, scorer.company, basis.at.getTime());
  for (const [name, metric] of computed) metrics.set(name, metric);
  return metrics;
}

/** The newest score, on both sides; what playbooks name and it has not kept is beside it. */
function alike(
  work: Work,
  { account, basis, history, lacking }: Loaded & { readonly basis: ScoreBasis },
  at: Instant,
): PlannedScore {
  const metrics = metricsOf({ work, basis, history, scorer: work.after, missing: lacking.after });
  const { day, modelId, lifecycle, score, band, coverage, computed, confidence } = basis;
  const health = { score, band, coverage, computed, confidence, reason: "" };
  const side = { day, modelId, lifecycle, metrics, health };
  return { account, history, at, mrr: mrrOf(metrics), before: side, after: side, oscillation: null };
}

function sideOf({ localDay, modelId, lifecycle, metrics, health }: AccountScore): PlannedSide {
  return { day: formatDay(localDay), modelId, lifecycle, metrics, health };
}

function findOscillation(
  lifecycle: Lifecycle | null,
  history: AccountHistory,
  metrics: ReadonlyMap<string, MetricValue>,
  memory: LifecycleState | null,
  at: number,
): readonly string[] | null {
  if (lifecycle === null) return null;
  const account = accountAsOf(history, at);
  const facts = factsOf({ key: history.key, ...account }, metrics, null);
  return oscillates(lifecycle, { history, account, facts, memory }, at);
}

/** Who belongs to whom, in generations: accounts without children first, then their parents, and so on. */
class Families {
  readonly generations: readonly (readonly PortfolioAccount[])[];
  readonly #children = new Map<number, { readonly before: ChildScore; readonly after: ChildScore }[]>();

  constructor(accounts: readonly PortfolioAccount[]) {
    const parents = new Map(accounts.map(({ accountId, parentId }) => [accountId, parentId]));
    const heights = new Map<number, number>();
    for (const { accountId } of accounts) {
      let height = 0;
      // A height is never more than there are accounts: a circle that got in all the same ends here.
      for (
        let id = parents.get(accountId) ?? null;
        id !== null && height <= accounts.length;
        id = parents.get(id) ?? null
      ) {
        height += 1;
        if ((heights.get(id) ?? 0) >= height) break;
        heights.set(id, height);
      }
    }
    const highest = [...heights.values()].reduce((one, other) => Math.max(one, other), 0);
    this.generations = Array.from({ length: highest + 1 }, (_, height) =>
      accounts.filter(({ accountId }) => (heights.get(accountId) ?? 0) === height),
    );
  }

  childrenOf(accountId: number) {
    return this.#children.get(accountId) ?? [];
  }

  remember({ account, mrr, before, after }: PlannedScore): void {
    if (account.parentId === null) return;
    const child = ({ health: { score, band } }: PlannedSide): ChildScore => ({
      key: account.key,
      name: account.name,
      score,
      band,
      mrr,
    });
    const siblings = this.#children.get(account.parentId);
    const both = { before: child(before), after: child(after) };
    if (siblings === undefined) this.#children.set(account.parentId, [both]);
    else siblings.push(both);
  }
}
