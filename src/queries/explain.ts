import { z } from "zod";
import type { Configuration } from "../playbooks/configuration.ts";
import { describeState } from "../playbooks/describe.ts";
import type { CompiledPlaybook } from "../playbooks/playbook.ts";
import { scoreAccount } from "../scoring/account-score.ts";
import { formatDay, parseDay, startOfDay } from "../scoring/days.ts";
import { type Facts, factsOf, lifecycleFacts } from "../scoring/facts.ts";
import type { AccountHistory, MetricValue, StreamCoverage } from "../scoring/history.ts";
import { historyScope } from "../scoring/history-scope.ts";
import { usageMetricNames } from "../scoring/metrics/usage.ts";
import { compileMetrics, computeMetrics, fixedMetricNames, type MetricPlan } from "../scoring/metrics.ts";
import { accountAsOf } from "../scoring/record-state.ts";
import { findAccountByKey } from "../store/account-list.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Db } from "../store/db.ts";
import { loadHistories } from "../store/histories.ts";
import { readTriggerStates, type TriggerStateRow } from "../store/playbook-state.ts";
import { readScores, type StoredScore } from "../store/scores.ts";
import { readUsageNamesOf } from "../store/usage-names.ts";

const stateSchema = z.enum(["value", "no-data", "stale", "not-applicable"]);
const driverStateSchema = z.enum([...stateSchema.options, "held"]);
const valueSchema = z.union([z.number(), z.string()]).nullable();

/** What `explain --json` and `GET /api/v1/accounts/:id` answer. */
export const explanationSchema = z.strictObject({
  /** The account's key. */
  account: z.string(),
  name: z.string(),
  owner: z.string().nullable(),
  segment: z.string().nullable(),
  stage: z.string().nullable(),
  /** The moment the score speaks of. */
  asOf: z.string(),
  model: z.string(),
  revision: z.number(),
  score: z.number().nullable(),
  band: z.string().nullable(),
  /** 0–1. */
  coverage: z.number(),
  reason: z.string(),
  drivers: z.array(
    z.strictObject({
      group: z.string(),
      measure: z.string(),
      metric: z.string(),
      value: valueSchema,
      unit: z.string(),
      ageDays: z.number().nullable(),
      state: driverStateSchema,
      points: z.number().nullable(),
      weight: z.number(),
      contribution: z.number(),
      reason: z.string().optional(),
    }),
  ),
  metrics: z.record(
    z.string(),
    z.strictObject({
      value: valueSchema,
      unit: z.string(),
      ageDays: z.number().nullable(),
      state: stateSchema,
      reason: z.string().optional(),
    }),
  ),
  playbooks: z.array(
    z.strictObject({ id: z.string(), state: z.string(), since: z.string().nullable(), reason: z.string() }),
  ),
});
export type Explanation = z.infer<typeof explanationSchema>;

export interface ExplainQuestion {
  readonly key: string;
  /** A local day; null for the newest score. */
  readonly day: string | null;
}

/** Metrics of every usage name are told as long as there are no more names than this; beyond, those the score rests on. */
const mostUsageNames = 200;
/** Beyond any day on which an account can have been scored. */
const farDay = 1_000_000;

/**
 * Why an account scores what it scores: the stored score where there is one for that day, else computed from what was known in the last
 * moment of it. Null when there is no such account.
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
  const stored = await readStored(db, account.accountId, question);
  const end = question.day === null ? Infinity : startOfDay(scorer.company.zone, parseDay(question.day));
  const asked = Math.min(now.getTime(), end);
  const plan = mergePlans(await cataloguePlan(db, account.accountId, scorer.plan), scorer.plan);
  const scope = historyScope(plan, coverage, Math.min(asked, stored.exact?.at.getTime() ?? asked));
  const [history] = await loadHistories(db, { ...scope, accounts: [account], forPast: true });
  if (history === undefined) throw new Error(`The account ${account.key} went away while it was read.`);
  const score = stored.exact ?? compute(configuration, history, coverage, stored.before, question, now);
  const at = score.at.getTime();
  const computed = computeMetrics(plan, history, coverage, scorer.company, at);
  const metrics = sortedByName(new Map([...computed, ...Object.entries(score.metrics)]));
  const fields = accountAsOf(history, at);
  const facts = factsOf({ key: account.key, ...fields }, metrics, score);
  if (score.lifecycle !== null) lifecycleFacts(facts, score.lifecycle, at);
  const zone = fields.zone ?? scorer.company.zone;
  const states = question.day === null ? await readTriggerStates(db, [account.accountId]) : null;
  return {
    isStored: stored.exact !== null,
    explanation: {
      account: account.key,
      name: fields.name ?? account.name,
      owner: fields.owner ?? null,
      segment: fields.segment ?? null,
      stage: score.lifecycle?.stage ?? fields.stage ?? null,
      asOf: score.at.toISOString(),
      model: score.modelId,
      revision: score.modelRevision,
      score: score.score,
      band: score.band,
      coverage: Math.round(score.coverage * 1000) / 1000,
      reason: score.reason,
      drivers: [...score.drivers],
      metrics: Object.fromEntries(metrics),
      playbooks: configuration.playbooks.map((playbook) =>
        explainPlaybook(playbook, states, facts, metrics, now, zone),
      ),
    },
  };
}

/** Every metric there is of an account: those that depend on no usage, and all forms of the usage names it has. */
async function cataloguePlan(db: Db, accountId: number, { settings }: MetricPlan): Promise<MetricPlan> {
  const usageNames = await readUsageNamesOf(db, accountId, mostUsageNames);
  return compileMetrics([...fixedMetricNames, ...usageNames.flatMap(usageMetricNames)], settings).plan;
}

/** The stored score that answers the question, and the one before it, whose band is remembered. */
async function readStored(
  db: Db,
  accountId: number,
  question: ExplainQuestion,
): Promise<{ readonly exact: StoredScore | null; readonly before: StoredScore | null }> {
  const day = question.day === null ? farDay : parseDay(question.day);
  const newest = (await readScores(db, [accountId], day)).get(accountId) ?? null;
  const isExact = newest !== null && (question.day === null || newest.day === question.day);
  return { exact: isExact ? newest : null, before: newest };
}

function compute(
  configuration: Configuration,
  history: AccountHistory,
  coverage: StreamCoverage,
  before: StoredScore | null,
  question: ExplainQuestion,
  now: Date,
): StoredScore {
  const { scorer } = configuration;
  const zone = accountAsOf(history, now.getTime()).zone ?? scorer.company.zone;
  const end = question.day === null ? Infinity : startOfDay(zone, parseDay(question.day) + 1) - 1;
  const at = Math.min(now.getTime(), end);
  const memory = before === null ? null : { band: before.bandMemory, lifecycle: before.lifecycle };
  const score = scoreAccount(scorer, { history, coverage, memory, children: [] }, at);
  return {
    ...score.health,
    accountId: history.accountId,
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

function mergePlans(one: MetricPlan, other: MetricPlan): MetricPlan {
  const byName = new Map([...one.metrics, ...other.metrics].map((metric) => [metric.name, metric]));
  return { ...other, metrics: [...byName.values()] };
}

function sortedByName(metrics: ReadonlyMap<string, MetricValue>): Map<string, MetricValue> {
  return new Map([...metrics].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function explainPlaybook(
  playbook: CompiledPlaybook,
  states: readonly TriggerStateRow[] | null,
  facts: Facts,
  metrics: ReadonlyMap<string, MetricValue>,
  now: Date,
  zone: string,
): Explanation["playbooks"][number] {
  const missing = (fact: string) => metrics.get(fact)?.reason;
  const state = states?.find((one) => one.playbookId === playbook.id) ?? null;
  return {
    id: playbook.id,
    state: playbook.enabled ? (state?.state ?? "inactive") : "disabled",
    since: state === null ? null : new Date(state.since).toISOString(),
    reason: describeState(playbook, state, facts, { now: now.getTime(), zone, missingReason: missing }),
  };
}
