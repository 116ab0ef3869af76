import type { MetricValue } from "../history.ts";
import type { AccountView } from "./account-view.ts";
import { type Metric, type MetricNeeds, measured, needsOf, noData, valueIn } from "./metric.ts";
import type { Formula, FormulaOperator, OwnMetric } from "./settings.ts";

/** What an operand of a formula came to. `ageDays` is null for plain numbers, which are of no day. */
type Operand =
  | { readonly kind: "number"; readonly value: number; readonly ageDays: number | null }
  | { readonly kind: "missing"; readonly missing: MetricValue };

type Evaluate = (view: AccountView) => Operand;

/** The metric that an own formula makes; `operands` are the metrics it names, by name. */
export function formulaMetric(own: OwnMetric, operands: ReadonlyMap<string, Metric>): Metric {
  const { name, unit, formula } = own;
  const evaluate = compile(formula, operands);
  return {
    name: `custom.${own.id}`,
    unit,
    type: "number",
    source: "metrics",
    formula: `${name}: ${formulaText(formula)}`,
    missing: "an operand is missing, a divisor is 0, or the result is not a finite number",
    needs: (settings) => together([...operands.values()].map((operand) => needsOf(operand, settings))),
    compute: (view) => {
      const result = evaluate(view);
      if (result.kind === "missing") return { ...result.missing, unit };
      if (!Number.isFinite(result.value)) return noData(unit, "the result is not a finite number");
      // A product may be -0, which nobody wants to see.
      return measured(unit, result.value + 0, result.ageDays ?? 0);
    },
  };
}

/** The metrics a formula names, each once. */
export function operandsOf(formula: Formula): readonly string[] {
  if (formula.kind === "number") return [];
  if (formula.kind === "metric") return [formula.name];
  return [...new Set(formula.parts.flatMap(operandsOf))];
}

/** A formula as people write it: `divide(tickets.open, contract.seats)`. */
function formulaText(formula: Formula): string {
  if (formula.kind === "number") return String(formula.value);
  if (formula.kind === "metric") return formula.name;
  return `${formula.operator}(${formula.parts.map(formulaText).join(", ")})`;
}

function compile(formula: Formula, operands: ReadonlyMap<string, Metric>): Evaluate {
  if (formula.kind === "number") {
    const number = { kind: "number", value: formula.value, ageDays: null } as const;
    return () => number;
  }
  if (formula.kind === "metric") {
    const metric = operands.get(formula.name);
    if (metric === undefined) throw new RangeError(`The formula names ${formula.name}, which is no metric.`);
    return (view) => operandOf(valueIn(view, metric), metric.name);
  }
  const { operator } = formula;
  const parts = formula.parts.map((part) => compile(part, operands));
  if (operator === "coalesce") return (view) => firstKnown(parts, view);
  const first = formula.parts[1];
  const divisor = operator === "divide" && first !== undefined ? formulaText(first) : "";
  const apply = operations[operator];
  return (view) => {
    const found = parts.map((part) => part(view));
    const missing = worst(found);
    if (missing !== null) return missing;
    const numbers = found.map((one) => (one.kind === "number" ? one.value : 0));
    if (operator === "divide" && numbers[1] === 0) return { kind: "missing", missing: noData("", `${divisor} is 0`) };
    return { kind: "number", value: apply(numbers), ageDays: oldest(found) };
  };
}

const operations: Readonly<Record<Exclude<FormulaOperator, "coalesce">, (numbers: readonly number[]) => number>> = {
  add: (numbers) => numbers.reduce((sum, each) => sum + each, 0),
  subtract: ([first = 0, second = 0]) => first - second,
  multiply: (numbers) => numbers.reduce((product, each) => product * each, 1),
  divide: ([first = 0, second = 0]) => first / second,
  min: (numbers) => Math.min(...numbers),
  max: (numbers) => Math.max(...numbers),
  round: ([value = 0, digits = 0]) => roundTo(value, digits),
  log1p: ([value = 0]) => Math.log1p(value),
};

/** Half up, by the decimal the number is shown as: 1.005 to two digits is 1.01. */
function roundTo(value: number, digits: number): number {
  const shifted = Number(`${Math.abs(value)}e${digits}`);
  if (!Number.isFinite(shifted)) return Number.isNaN(shifted) ? Number(value.toFixed(digits)) : value;
  return Math.sign(value) * Number(`${Math.round(shifted)}e${-digits}`);
}

function operandOf(metric: MetricValue, name: string): Operand {
  if (metric.state === "value" && typeof metric.value === "number") {
    return { kind: "number", value: metric.value, ageDays: metric.ageDays };
  }
  if (metric.state === "value") return { kind: "missing", missing: noData("", `${name} is not a number`) };
  const reason = `${name}: ${metric.reason ?? "no value"}`;
  return { kind: "missing", missing: { ...metric, value: null, ageDays: null, reason } };
}

/** The first operand that has a value; without any, the worst of what is missing. */
function firstKnown(parts: readonly Evaluate[], view: AccountView): Operand {
  const missing: Operand[] = [];
  for (const part of parts) {
    const found = part(view);
    if (found.kind === "number") return found;
    missing.push(found);
  }
  return worst(missing) ?? { kind: "missing", missing: noData("", "nothing to choose from") };
}

/** Nothing known is worse than a question that does not arise; of two that are as bad the first tells its reason. */
function worst(operands: readonly Operand[]): Operand | null {
  let found: Operand | null = null;
  for (const operand of operands) {
    if (operand.kind !== "missing") continue;
    if (operand.missing.state !== "not-applicable") return operand;
    found ??= operand;
  }
  return found;
}

function oldest(operands: readonly Operand[]): number | null {
  let age: number | null = null;
  for (const operand of operands) {
    if (operand.kind === "number" && operand.ageDays !== null) age = Math.max(age ?? 0, operand.ageDays);
  }
  return age;
}

function together(all: readonly MetricNeeds[]): MetricNeeds {
  const days = all.flatMap(({ everyUsageDays }) => everyUsageDays ?? []);
  return {
    kinds: [...new Set(all.flatMap(({ kinds }) => kinds ?? []))],
    usage: all.flatMap(({ usage }) => usage ?? []),
    users: all.flatMap(({ users }) => users ?? []),
    everyUsageDays: days.length === 0 ? undefined : Math.max(...days),
  };
}
