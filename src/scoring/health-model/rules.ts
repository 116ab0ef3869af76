import { compileCondition } from "../conditions.ts";
import { parseDuration } from "../duration.ts";
import { healthFactNames, metricRefusal, withoutFacts } from "../fact-catalogue.ts";
import { type Fault, faultAt } from "../fault.ts";
import { metricDefinition } from "../metrics.ts";

/**
 * What caps may name: all but what they change. Coverage is known before them.
 */
export const capCatalogue = withoutFacts(
  [...healthFactNames.filter((name) => name !== "coverage"), "risk"],
  "a cap may not name score, band or risk: they follow from it",
);

/** What `appliesTo` may name: what is known before a model scores. */
export const appliesToCatalogue = withoutFacts(
  [...healthFactNames, "risk"],
  "appliesTo may not name what the model itself brings about",
);

/** Groups of drivers that are no measures. */
const keptGroups: ReadonlyMap<string, string> = new Map([
  ["cap", "the drivers of caps"],
  ["override", "the driver of an override"],
  ["children", "the drivers of a parent's children"],
  ["self", "the driver of a parent's own measures"],
]);

/**
 * The faults that are not a matter of shape. Reads the document as it came, and passes over parts whose shape is wrong, so that all
 * faults can be listed at once.
 */
export function ruleFaults(document: unknown): readonly Fault[] {
  const groups = listAt(document, "groups");
  return [
    ...bandFaults(document),
    ...duplicates(groups, "groups", "group"),
    ...weightFaults(groups, "groups"),
    ...groups.flatMap((group, index) => groupFaults(group, `groups[${index}]`)),
    ...appliesToFaults(document),
    ...listAt(document, "caps").flatMap((cap, index) => capFaults(cap, `caps[${index}]`)),
  ];
}

function bandFaults(document: unknown): readonly Fault[] {
  const bands = listAt(document, "bands");
  const faults = [...duplicates(bands, "bands", "band")];
  const points = fieldOf(fieldOf(document, "hysteresis"), "points");
  bands.forEach((band, index) => {
    const from = fieldOf(band, "from");
    if (typeof from !== "number") return;
    const before = fieldOf(bands[index - 1], "from");
    const path = `bands[${index}].from`;
    if (index === 0 && from !== 0) faults.push(faultAt(path, from, "expected 0: the first band begins at 0"));
    if (typeof before === "number" && from <= before) {
      faults.push(faultAt(path, from, `expected more than ${before}, where the band before it begins`));
    }
    if (index > 0 && typeof points === "number" && from + points > 100) {
      faults.push(
        faultAt(path, from, `can never be entered again: ${from} + ${points} points of hysteresis are above 100`),
      );
    }
  });
  return faults;
}

function groupFaults(group: unknown, path: string): readonly Fault[] {
  const measures = listAt(group, "measures");
  const id = fieldOf(group, "id");
  const kept = typeof id === "string" ? keptGroups.get(id) : undefined;
  return [
    ...(kept === undefined ? [] : [faultAt(`${path}.id`, id, `"${id}" is kept for ${kept}: expected another id`)]),
    ...duplicates(measures, `${path}.measures`, "measure"),
    ...weightFaults(measures, `${path}.measures`),
    ...measures.flatMap((measure, index) => measureFaults(measure, `${path}.measures[${index}]`)),
  ];
}

function measureFaults(measure: unknown, path: string): readonly Fault[] {
  const faults: Fault[] = [];
  const types: (string | null)[] = [];
  for (const field of ["metric", "per"]) {
    const name = fieldOf(measure, field);
    if (typeof name !== "string") continue;
    const definition = metricDefinition(name);
    types.push(definition?.type ?? null);
    if (definition === null) faults.push(faultAt(`${path}.${field}`, name, metricRefusal(name)));
  }
  const [metricType, perType] = types;
  if (perType === "text")
    faults.push(faultAt(`${path}.per`, fieldOf(measure, "per"), "expected a metric that is a number"));
  return [...faults, ...curveFaults(measure, metricType ?? null, types.length > 1, path), ...ageFaults(measure, path)];
}

function curveFaults(measure: unknown, type: string | null, isRatio: boolean, path: string): readonly Fault[] {
  const curve = fieldOf(measure, "curve");
  const isTable = typeof curve === "object" && !Array.isArray(curve);
  if (type === "text" && isRatio) {
    return [faultAt(`${path}.per`, fieldOf(measure, "per"), "a text cannot be divided: expected no per")];
  }
  if (type === "text" && Array.isArray(curve)) {
    return [faultAt(`${path}.curve`, curve, 'the metric is a text: expected points by text, such as {"gold": 100}')];
  }
  if (type === "number" && isTable) {
    return [
      faultAt(`${path}.curve`, curve, "the metric is a number: expected a list of points, such as [[0, 0], [10, 100]]"),
    ];
  }
  return [];
}

function ageFaults(measure: unknown, path: string): readonly Fault[] {
  const maxAge = fieldOf(measure, "maxAge");
  const length = typeof maxAge === "string" ? parseDuration(maxAge) : null;
  if (length === null || length % 86_400_000 === 0) return [];
  return [faultAt(`${path}.maxAge`, maxAge, 'expected whole days, such as "7d": ages are counted in days')];
}

function capFaults(cap: unknown, path: string): readonly Fault[] {
  if (fieldOf(cap, "when") === undefined) return [];
  const compiled = compileCondition(fieldOf(cap, "when"), capCatalogue, `${path}.when`);
  return "faults" in compiled ? compiled.faults : [];
}

function appliesToFaults(document: unknown): readonly Fault[] {
  const appliesTo = fieldOf(document, "appliesTo");
  if (appliesTo === undefined) return [];
  const compiled = compileCondition(appliesTo, appliesToCatalogue, "appliesTo");
  return "faults" in compiled ? compiled.faults : [];
}

function weightFaults(parts: readonly unknown[], path: string): readonly Fault[] {
  const weights = parts.map((part) => fieldOf(part, "weight"));
  const isAllZero = weights.length > 0 && weights.every((weight) => weight === 0);
  return isAllZero ? [faultAt(path, weights.length, "all weights are 0: expected at least one above 0")] : [];
}

function duplicates(parts: readonly unknown[], path: string, noun: string): readonly Fault[] {
  const seen = new Set<unknown>();
  return parts.flatMap((part, index) => {
    const id = fieldOf(part, "id");
    if (id === undefined || !seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [faultAt(`${path}[${index}].id`, id, `another ${noun} has this id`)];
  });
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = fieldOf(value, key);
  return Array.isArray(list) ? list : [];
}
