import { z } from "zod";
import { metricRefusal } from "./fact-catalogue.ts";
import { type Fault, faultAt, faultsOf, joinPath, suggestion, type Vocabulary } from "./fault.ts";
import { deepestFormula, type FormulaName, formulaSchema, readFormula } from "./metrics/formula-document.ts";
import {
  type Formula,
  formulaOperators,
  type MetricSettings,
  type OwnMetric,
  plainSettings,
} from "./metrics/settings.ts";
import { metricDefinition } from "./metrics.ts";
import { usageNameSchema } from "./records.ts";

const mostMetrics = 500;
const mostFeatures = 2_000;

const ownMetricSchema = z.strictObject({
  id: z
    .string()
    .max(60, "expected at most 60 characters")
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "expected lower-case letters and digits, joined by -")
    .describe("The metric is named custom.<id>"),
  name: z.string().min(1, "expected a name").max(200, "expected at most 200 characters"),
  unit: z.string().min(1, "expected a unit, such as count").max(40, "expected at most 40 characters"),
  formula: formulaSchema,
});

/** `metrics.json`: what this company counts as active users and as features, and metrics of its own. */
export const metricSettingsSchema = z.strictObject({
  $schema: z.string().optional(),
  activeUsers: usageNameSchema
    .describe("The usage name that counts active users, for seat use")
    .default(plainSettings.activeUsers),
  features: z
    .array(usageNameSchema)
    .max(mostFeatures, `expected at most ${mostFeatures} features`)
    .describe("The usage names whose adoption is measured")
    .default([]),
  metrics: z.array(ownMetricSchema).max(mostMetrics, `expected at most ${mostMetrics} metrics`).default([]),
});

const vocabulary: Vocabulary = {
  keys: [...Object.keys(metricSettingsSchema.shape), ...Object.keys(ownMetricSchema.shape), ...formulaOperators],
  planned: [],
};

/** An own metric as written, and what its formula names. */
interface Draft extends OwnMetric {
  readonly path: string;
  readonly names: readonly FormulaName[];
}

/** Compiles `metrics.json`, or lists everything wrong with the document. */
export function compileMetricSettings(
  document: unknown,
): { readonly settings: MetricSettings } | { readonly faults: readonly Fault[] } {
  const parsed = metricSettingsSchema.safeParse(document);
  if (!parsed.success) return { faults: faultsOf(parsed.error, document, vocabulary) };
  const { activeUsers, features, metrics } = parsed.data;
  const drafts = metrics.map(({ formula, ...own }, index): Draft => {
    const read = readFormula(formula);
    return { ...own, formula: read.formula, names: read.names, path: `metrics[${index}]` };
  });
  const byName = new Map(drafts.map((draft) => [`custom.${draft.id}`, draft]));
  const faults = [
    ...twice(
      features,
      (feature) => feature,
      (index) => `features[${index}]`,
      "this feature is listed twice",
    ),
    ...twice(
      drafts,
      (draft) => draft.id,
      (index) => `metrics[${index}].id`,
      "another metric has this id",
    ),
    ...drafts.flatMap((draft) => nameFaults(draft, byName)),
  ];
  if (faults.length === 0) faults.push(...nestingFaults(byName));
  if (faults.length > 0) return { faults };
  const formulas = new Map(
    [...byName].map(([metric, { id, name, unit, formula }]) => [metric, { id, name, unit, formula }]),
  );
  return { settings: { activeUsers, features, formulas } };
}

function twice<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  pathOf: (index: number) => string,
  message: string,
): Fault[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const name = nameOf(item);
    if (seen.has(name)) return [faultAt(pathOf(index), name, message)];
    seen.add(name);
    return [];
  });
}

function nameFaults({ path, names }: Draft, byName: ReadonlyMap<string, Draft>): Fault[] {
  return names.flatMap(({ keys, name }) => {
    const refusal = refusalOf(name, byName);
    return refusal === null ? [] : [faultAt(joinPath(`${path}.formula`, ...keys), name, refusal)];
  });
}

/** Why a formula may not name this, or null when it may. */
function refusalOf(name: string, byName: ReadonlyMap<string, Draft>): string | null {
  if (byName.has(name)) return null;
  const definition = metricDefinition(name);
  if (definition?.source === "metrics") {
    return `"${name}" is not a metric: this document has none of that name${suggestion(name, byName.keys())}`;
  }
  if (definition === null) return metricRefusal(name);
  return definition.type === "text" ? `${name} is a text: expected a metric that is a number` : null;
}

/** Formulas that name each other in a circle, or that come to more levels than one formula may have. */
function nestingFaults(byName: ReadonlyMap<string, Draft>): Fault[] {
  const depths = new Map<string, number>();
  const faults: Fault[] = [];
  const depthOf = (name: string, trail: readonly string[]): number => {
    const draft = byName.get(name);
    if (draft === undefined) return 1;
    const known = depths.get(name);
    if (known !== undefined) return known;
    // Too deep already: a chain of hundreds would end the process.
    if (trail.length > deepestFormula && !trail.includes(name)) return deepestFormula;
    if (trail.includes(name)) {
      const circle = [...trail.slice(trail.indexOf(name)), name];
      faults.push(faultAt(`${draft.path}.formula`, undefined, `it is made of itself: ${circle.join(" → ")}`));
      return 0;
    }
    const depth = levels(draft.formula, (inner) => depthOf(inner, [...trail, name]));
    depths.set(name, depth);
    return depth;
  };
  for (const [name, { path }] of byName) {
    const depth = depthOf(name, []);
    if (depth <= deepestFormula) continue;
    const message = `with the metrics of one's own that it names it is ${depth} levels deep: at most ${deepestFormula}`;
    faults.push(faultAt(`${path}.formula`, undefined, message));
  }
  return faults;
}

function levels(formula: Formula, depthOf: (name: string) => number): number {
  if (formula.kind === "number") return 1;
  if (formula.kind === "metric") return depthOf(formula.name);
  return 1 + Math.max(...formula.parts.map((part) => levels(part, depthOf)));
}
