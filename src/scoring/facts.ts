import type { Confidence, Instant, LifecycleState, MetricValue, MilestoneStatus } from "./history.ts";
import type { FieldsOf } from "./records.ts";

/** What a condition can compare. Days are `YYYY-MM-DD` texts. */
export type FactValue = string | number | boolean;

/** The facts of one account as of a moment. A fact that is not in the map is missing, which is not the same as zero. */
export type Facts = ReadonlyMap<string, FactValue>;

/** An account's own fields as of a moment. */
export interface AccountFields extends FieldsOf<"account"> {
  readonly key: string;
}

/** What a health model says of an account, as far as conditions can name it. */
export interface HealthFacts {
  readonly score: number | null;
  readonly band: string | null;
  readonly coverage: number;
  readonly computed?: number | null;
  readonly confidence?: Confidence | null;
  readonly modelId?: string;
}

/**
 * Everything a condition can name of one account. A metric is a fact only in the state `value`: one that is stale, has no data or
 * does not apply is missing, and so is a score or a band that is unknown.
 */
export function factsOf(
  account: AccountFields,
  metrics: ReadonlyMap<string, MetricValue>,
  health: HealthFacts | null,
): Map<string, FactValue> {
  const facts = accountFacts(account);
  for (const [name, metric] of metrics) {
    // A field that a model measures is one fact: the field as it stands, a yes or no too.
    if (!facts.has(name)) put(facts, name, metricFact(metric));
  }
  if (health !== null) {
    put(facts, "score", health.score);
    put(facts, "band", health.band);
    put(facts, "coverage", health.coverage);
    put(facts, "score.computed", health.computed);
    put(facts, "confidence", health.confidence?.value);
    put(facts, "model", health.modelId);
  }
  return facts;
}

/** Adds the facts of a lifecycle; the stage that was judged stands for the CRM's. */
export function lifecycleFacts(facts: Map<string, FactValue>, state: LifecycleState, now: Instant): void {
  facts.delete("stage");
  put(facts, "stage", state.stage);
  put(facts, "stage.previous", state.previous);
  put(facts, "stage.decided_by", state.decidedBy);
  if (state.stage !== null && state.since !== null) facts.set("stage.days", wholeDays(now - state.since));
  for (const { id, status, reachedAt } of state.milestones) {
    facts.set(`milestone.${id}`, status === "reached");
    facts.set(`milestone.${id}.status`, status);
    if (reachedAt !== null) facts.set(`milestone.${id}.days`, wholeDays(now - reachedAt));
  }
  put(facts, "journey.status", journeyStatus(state));
}

/** The worst status of the milestones that are still to come; null where there are none. */
export function journeyStatus(state: LifecycleState): MilestoneStatus | null {
  const statuses = state.milestones.map(({ status }) => status);
  const order = ["stuck", "behind", "on-track"] as const;
  return order.find((status) => statuses.includes(status)) ?? (statuses.includes("reached") ? "on-track" : null);
}

function wholeDays(ms: number): number {
  return Math.floor(ms / 86_400_000);
}

/** The facts an account's own fields give; a field that is null or not given is missing. */
function accountFacts(account: AccountFields): Map<string, FactValue> {
  const facts = new Map<string, FactValue>([["account.key", account.key]]);
  put(facts, "account.name", account.name);
  put(facts, "segment", account.segment);
  put(facts, "stage", account.stage);
  put(facts, "owner", account.owner);
  put(facts, "account.industry", account.industry);
  put(facts, "account.country", account.country);
  put(facts, "account.domain", account.domain);
  put(facts, "account.began_on", account.beganOn);
  for (const [name, value] of Object.entries(account.fields ?? {})) put(facts, `account.fields.${name}`, value);
  return facts;
}

/** The fact a metric gives, or null while it has no fresh value. */
export function metricFact(metric: MetricValue): FactValue | null {
  return metric.state === "value" ? metric.value : null;
}

function put(facts: Map<string, FactValue>, name: string, value: FactValue | null | undefined): void {
  if (value === null || value === undefined) return;
  if (typeof value === "number" && !Number.isFinite(value)) return;
  facts.set(name, value);
}
