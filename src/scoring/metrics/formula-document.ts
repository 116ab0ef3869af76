import { z } from "zod";
import { suggestion } from "../fault.ts";
import { type Formula, type FormulaOperator, formulaOperators } from "./settings.ts";

/** Nesting beyond this is refused: nobody reads it, and unbounded recursion would end the process. */
export const deepestFormula = 20;
const mostParts = 50;
const mostDigits = 10;

/** A formula as a document writes it: a number, a metric's name, or one operator over a list. */
export type FormulaDocument = number | string | { readonly [operator: string]: readonly FormulaDocument[] };

/** What is wrong with the shape, with the keys that lead there. */
interface ShapeFault {
  readonly keys: readonly (string | number)[];
  readonly met: unknown;
  readonly message: string;
}

/** A metric a formula names, with the keys that lead there. */
export interface FormulaName {
  readonly keys: readonly (string | number)[];
  readonly name: string;
}

/** A metric's name within a formula; which names there are is the compiler's matter. */
export const formulaNameSchema = z
  .string()
  .describe("The name of a metric, such as tickets.open or custom.tickets-per-user");

const part: z.ZodType<FormulaDocument> = z.lazy(() => treeSchema);
const some = z.array(part).min(1).max(mostParts);
const two = z.tuple([part, part]);
const treeSchema: z.ZodType<FormulaDocument> = z
  .union([
    z.number(),
    formulaNameSchema,
    z.strictObject({ add: some }),
    z.strictObject({ subtract: two }),
    z.strictObject({ multiply: some }),
    z.strictObject({ divide: two }),
    z.strictObject({ min: some }),
    z.strictObject({ max: some }),
    z.strictObject({ coalesce: some }),
    z.strictObject({ round: z.tuple([part, z.int().min(0).max(mostDigits)]) }),
    z.strictObject({ log1p: z.tuple([part]) }),
  ])
  .meta({ id: "formula", description: "a number, the name of a metric, or one operator over a list of such" });

/**
 * A formula's shape, for the document and for the published JSON Schema. It is read by hand before zod sees it: a union cannot say what
 * is wrong, and a recursive schema cannot bear a document nested 20,000 deep.
 */
export const formulaSchema = z.preprocess((document, context) => {
  const { faults } = readFormula(document);
  for (const { keys, met, message } of faults) {
    context.addIssue({ code: "custom", input: met, path: [...keys], message });
  }
  return faults.length === 0 ? document : z.NEVER;
}, treeSchema);

/** What a formula's document says, its faults, and the metrics it names. Never recurses deeper than the depth cap. */
export function readFormula(document: unknown): {
  readonly formula: Formula;
  readonly faults: readonly ShapeFault[];
  readonly names: readonly FormulaName[];
} {
  const reader = new FormulaReader();
  const formula = reader.read(document, [], 1);
  return { formula, faults: reader.faults, names: reader.names };
}

type Keys = readonly (string | number)[];

/** Stands where a part is at fault. */
const nothing: Formula = { kind: "number", value: 0 };

class FormulaReader {
  readonly faults: ShapeFault[] = [];
  readonly names: FormulaName[] = [];

  read(value: unknown, keys: Keys, depth: number): Formula {
    if (depth > deepestFormula) return this.#refuse(value, keys, `nested too deeply: at most ${deepestFormula} levels`);
    if (typeof value === "number") {
      return Number.isFinite(value) ? { kind: "number", value } : this.#refuse(value, keys, "expected a finite number");
    }
    if (typeof value === "string") {
      this.names.push({ keys, name: value });
      return { kind: "metric", name: value };
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return this.#refuse(value, keys, "expected a number, the name of a metric, or an operator over a list");
    }
    const [name, ...others] = Object.keys(value);
    const operator = formulaOperators.find((one) => one === name);
    if (name === undefined || others.length > 0) {
      return this.#refuse(value, keys, `expected one operator of ${formulaOperators.join(", ")}`);
    }
    const inner: unknown = Reflect.get(value, name);
    if (operator === undefined) {
      const known = `expected one of ${formulaOperators.join(", ")}${suggestion(name, formulaOperators)}`;
      return this.#refuse(inner, [...keys, name], `unknown operator "${name}", ${known}`);
    }
    return this.#call(operator, inner, [...keys, name], depth);
  }

  #call(operator: FormulaOperator, value: unknown, keys: Keys, depth: number): Formula {
    const [least, most] = arity(operator);
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      const count = least === most ? `${least}` : `${least} to ${most}`;
      return this.#refuse(value, keys, `expected a list of ${count}: ${operator} takes that many`);
    }
    const digits: unknown = value[1];
    if (operator === "round" && !(isInteger(digits) && digits >= 0 && digits <= mostDigits)) {
      this.#refuse(digits, [...keys, 1], `expected how many digits to keep, 0 to ${mostDigits}`);
    }
    const parts = value.map((each, index) => this.read(each, [...keys, index], depth + 1));
    return { kind: "call", operator, parts };
  }

  #refuse(met: unknown, keys: Keys, message: string): Formula {
    this.faults.push({ keys, met, message });
    return nothing;
  }
}

function arity(operator: FormulaOperator): readonly [number, number] {
  if (operator === "subtract" || operator === "divide" || operator === "round") return [2, 2];
  return operator === "log1p" ? [1, 1] : [1, mostParts];
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}
