export const formulaOperators = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "min",
  "max",
  "coalesce",
  "round",
  "log1p",
] as const;
export type FormulaOperator = (typeof formulaOperators)[number];

/** Arithmetic over metrics, read and checked. */
export type Formula =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "metric"; readonly name: string }
  | { readonly kind: "call"; readonly operator: FormulaOperator; readonly parts: readonly Formula[] };

/** A metric of the company's own, `custom.<id>`. */
export interface OwnMetric {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly formula: Formula;
}

/** What metrics need to know of the company's ways: `metrics.json`, compiled. */
export interface MetricSettings {
  /** The usage name that counts active users. */
  readonly activeUsers: string;
  /** The usage names of features whose adoption is measured; empty where none are listed. */
  readonly features: readonly string[];
  /** By metric name, `custom.<id>`. */
  readonly formulas: ReadonlyMap<string, OwnMetric>;
}

/** The settings of a company without a `metrics.json`. */
export const plainSettings: MetricSettings = { activeUsers: "active_users", features: [], formulas: new Map() };
