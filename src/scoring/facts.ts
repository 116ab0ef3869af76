import type { MetricValue } from "./history.ts";
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
  for (const [name, metric] of metrics) put(facts, name, metricFact(metric));
  if (health !== null) {
    put(facts, "score", health.score);
    put(facts, "band", health.band);
    put(facts, "coverage", health.coverage);
  }
  return facts;
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
