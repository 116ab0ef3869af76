import { joinPath, suggestion } from "../../scoring/fault.ts";

/** Values that one number of a document takes in turn. */
export interface Sweep {
  /** Such as `trigger.when.below`. */
  readonly path: string;
  readonly values: readonly number[];
}

/** More would make a table that nobody reads. */
const mostValues = 50;
const number = "-?\\d+(?:\\.\\d+)?";
const form = new RegExp(`^([^=]+)=(${number})\\.\\.(${number}):(${number})$`);

/** Reads `trigger.when.below=30..60:5`, or says what is wrong with it. */
export function parseSweep(text: string): { readonly sweep: Sweep } | { readonly refusal: string } {
  const [, path = "", ...bounds] = form.exec(text.trim()) ?? [];
  if (path === "") return { refusal: "expected <path>=<from>..<to>:<step>, such as trigger.when.below=30..60:5" };
  const [from = 0, to = 0, step = 0] = bounds.map(Number);
  if (step <= 0) return { refusal: `expected a step above 0, met ${step}` };
  if (to < from) return { refusal: `expected a range that goes up, met ${from}..${to}` };
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (count > mostValues) return { refusal: `expected at most ${mostValues} values, met ${count}` };
  // 0.1 + 0.2 is 0.30000000000000004 to a computer.
  const values = Array.from({ length: count }, (_, index) => Number((from + index * step).toPrecision(12)));
  return { sweep: { path: path.trim(), values } };
}

/** The document once for each value, or why it has no such number. */
export function sweptBodies(
  body: unknown,
  { path, values }: Sweep,
): { readonly bodies: readonly unknown[] } | { readonly refusal: string } {
  const numbers = new Map(numbersIn(body, []).map((keys) => [joinPath("", ...keys), keys]));
  const keys = numbers.get(path);
  if (keys === undefined) {
    const known = numbers.size === 0 ? "there is none in it" : `there is ${[...numbers.keys()].join(", ")}`;
    return { refusal: `the document has no number at ${path}${suggestion(path, numbers.keys())} (${known})` };
  }
  return { bodies: values.map((value) => withNumber(body, keys, value)) };
}

type Keys = readonly (string | number)[];

function numbersIn(value: unknown, keys: Keys): readonly Keys[] {
  if (typeof value === "number") return [keys];
  if (Array.isArray(value)) return value.flatMap((member, index) => numbersIn(member, [...keys, index]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => numbersIn(member, [...keys, key]));
}

function withNumber(value: unknown, keys: Keys, number: number): unknown {
  const [key, ...others] = keys;
  if (key === undefined) return number;
  if (Array.isArray(value)) {
    return value.map((member, index) => (index === key ? withNumber(member, others, number) : member));
  }
  const members = Object.entries(Object(value));
  return Object.fromEntries(
    members.map(([name, member]) => [name, name === key ? withNumber(member, others, number) : member]),
  );
}
