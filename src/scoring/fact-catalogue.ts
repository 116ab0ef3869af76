import { type DerivedFact, derivedFact } from "./derived-facts.ts";
import { suggestion } from "./fault.ts";
import { compileMetrics, metricDefinition, metricForms } from "./metrics.ts";

/** What kind of value a fact has; `any` are an account's own fields, whose values decide at run time. */
export type FactType = "number" | "text" | "boolean" | "day" | "any";

/** The facts a condition may name in its place. */
export interface FactCatalogue {
  /** Null when the fact may not be named. */
  typeOf(name: string): FactType | null;
  /** Why `typeOf` is null for this name, in words, with a suggestion where one is near. */
  refusal(name: string): string;
  /** Why no rise or fall of this number may be asked for; null when it may. Left out: of none, as stored scores are not looked at. */
  readonly trendRefusal?: ((name: string) => string | null) | undefined;
}

const fixedFacts: ReadonlyMap<string, FactType> = new Map([
  ["account.key", "text"],
  ["account.name", "text"],
  ["account.industry", "text"],
  ["account.country", "text"],
  ["account.domain", "text"],
  ["account.began_on", "day"],
  ["segment", "text"],
  ["stage", "text"],
  ["owner", "text"],
  ["stage.previous", "text"],
  ["stage.decided_by", "text"],
  ["stage.days", "number"],
  ["journey.status", "text"],
  ["score", "number"],
  ["score.computed", "number"],
  ["band", "text"],
  ["coverage", "number"],
  ["confidence", "number"],
  ["model", "text"],
  ["override", "boolean"],
  ["snoozed", "boolean"],
]);

/** Known when playbooks are judged, and to nobody before. */
const playbookFactNames: readonly string[] = ["snoozed"];
/** Facts that every stored score keeps, beside its metrics. */
const storedFactNames: readonly string[] = ["score", "score.computed", "coverage", "confidence"];

/** The facts that are known only after a health model has scored. */
export const healthFactNames: readonly string[] = [
  ...["score", "score.computed", "band", "coverage", "confidence", "model", "override"],
  ...playbookFactNames,
];

/** Names of the facts whose names do not depend on the data; `account.fields.<name>` and metrics stand beside them. */
export const fixedFactNames: readonly string[] = [...fixedFacts.keys()];

const ownField = /^account\.fields\.[a-z][a-z0-9_]*$/i;
/** Whether a milestone of lifecycle.json is reached, how it stands, and days since it was reached. */
const milestone = /^milestone\.[a-z0-9]+(-[a-z0-9]+)*(\.status|\.days)?$/;
const planned = /^(risk|sentiment)(\.|$)/;

/** The metrics whose names are fixed, so that a slip of the pen finds its neighbour. */
const fixedMetricNames = metricForms.map(({ name }) => name).filter((name) => !name.includes("<"));

/** The type of a fact, or null when there is no such fact. */
function factType(name: string): FactType | null {
  const fixed = fixedFacts.get(name);
  if (fixed !== undefined) return fixed;
  if (ownField.test(name)) return "any";
  if (milestone.test(name)) return milestoneType(name);
  return metricDefinition(name)?.type ?? null;
}

function milestoneType(name: string): FactType {
  if (name.endsWith(".status")) return "text";
  return name.endsWith(".days") ? "number" : "boolean";
}

/** The milestones that `facts` name, each once. */
export function milestonesAmong(facts: Iterable<string>): readonly string[] {
  const named = [...facts].filter((name) => milestone.test(name)).map((name) => name.split(".")[1] ?? "");
  return [...new Set(named)];
}

/** Every fact there is: what segments, triggers and branches may name. */
export const factCatalogue: FactCatalogue = { typeOf: factType, refusal, trendRefusal };

/** Of the others the facts that they derive from decide. */
const derivedTypes: Readonly<Partial<Record<DerivedFact["kind"], FactType>>> = {
  changed: "boolean",
  differs: "boolean",
  apart: "number",
  workdays: "number",
};

/** Every fact there is, and those derived from them: for the conditions that triggers are made of. */
export const derivedCatalogue: FactCatalogue = {
  ...factCatalogue,
  typeOf: (name) => {
    const derived = derivedFact(name);
    if (derived === null) return factType(name);
    return derivedTypes[derived.kind] ?? "any";
  },
};

/** What is judged while an account is scored may name: the catalogue without some facts, each refused for `reason`. */
export function withoutFacts(names: readonly string[], reason: string): FactCatalogue {
  const withheld = new Set([...names, ...playbookFactNames]);
  return {
    typeOf: (name) => (withheld.has(name) ? null : factType(name)),
    refusal: (name) => {
      if (playbookFactNames.includes(name)) return `"${name}" is known to playbooks only`;
      return withheld.has(name) ? reason : refusal(name);
    },
  };
}

/** Stored scores tell how these stood before. */
function trendRefusal(name: string): string | null {
  if (storedFactNames.includes(name) || metricsAmong([name]).length > 0) return null;
  return `how ${name} stood before is not kept: expected ${storedFactNames.join(", ")} or a metric`;
}

/**
 * Those of `facts` that are metrics: what must be computed before a condition can be judged. An account's fields are known anyway, also
 * where a model measures them.
 */
export function metricsAmong(facts: Iterable<string>): readonly string[] {
  const isKnown = (name: string) => fixedFacts.has(name) || ownField.test(name) || name.includes("~");
  return [...new Set(facts)].filter((name) => !isKnown(name) && metricDefinition(name) !== null);
}

/** Why a name is no metric, in words, with a suggestion where one is near. */
export function metricRefusal(name: string): string {
  return `${compileMetrics([name]).faults[0]?.message ?? `unknown metric "${name}"`}${suggestion(name, fixedMetricNames)}`;
}

function refusal(name: string): string {
  if (planned.test(name)) return `the fact "${name}" is not supported yet`;
  if (name.startsWith("usage.")) return metricRefusal(name);
  return `unknown fact "${name}"${suggestion(name, [...fixedFactNames, ...fixedMetricNames])}`;
}
