/** A row of an object; moments as Salesforce writes them. */
export type Row = Readonly<Record<string, unknown>>;

/** A query, understood by itself: it shares nothing with what writes queries. Throws for what is no SOQL. */
export interface Soql {
  readonly fields: readonly string[];
  readonly object: string;
  readonly orderBy: readonly string[];
  readonly limit: number | null;
  readonly matches: (row: Row) => boolean;
}

export function parseSoql(text: string): Soql {
  const form = /^SELECT (.+?) FROM (\w+)(?: WHERE (.+?))?(?: ORDER BY ([\w, ]+?))?(?: LIMIT (\d+))?$/.exec(text);
  if (form === null) throw new Error(`unexpected token in ${text}`);
  const [, fields = "", object = "", where, orderBy, limit] = form;
  return {
    fields: fields.split(", "),
    object,
    orderBy: orderBy === undefined ? [] : orderBy.split(", "),
    limit: limit === undefined ? null : Number(limit),
    matches: where === undefined ? () => true : parseCondition(where),
  };
}

/** Rows in the order of some fields, ties by the next one. */
export function sorted(rows: readonly Row[], orderBy: readonly string[]): readonly Row[] {
  return [...rows].sort((one, other) => {
    for (const field of orderBy) {
      const difference = compare(one[field], other[field]);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

type Condition = (row: Row) => boolean;

function parseCondition(text: string): Condition {
  const tokens = text.match(/'(?:[^'\\]|\\.)*'|!=|>=|<=|[()=<>,]|[^\s()=<>!,]+/g) ?? [];
  let at = 0;
  const peek = (): string | undefined => tokens[at];
  const take = (expected?: string): string => {
    const token = tokens[at];
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new Error(`unexpected token '${token}'`);
    at += 1;
    return token;
  };
  const group = (): Condition => {
    const parts = [single()];
    const word = peek();
    while (word !== undefined && ["AND", "OR"].includes(word) && peek() === word) {
      take();
      parts.push(single());
    }
    // Salesforce refuses both at one level.
    if (peek() === "AND" || peek() === "OR") throw new Error(`unexpected token '${peek()}'`);
    return word === "OR" ? (row) => parts.some((part) => part(row)) : (row) => parts.every((part) => part(row));
  };
  const single = (): Condition => {
    if (peek() !== "(") return comparison();
    take("(");
    const inner = group();
    take(")");
    return inner;
  };
  const comparison = (): Condition => {
    const field = take();
    const operator = take();
    if (operator === "IN") return membership(field);
    const value = literal(take());
    return (row) => holds(operator, row[field] ?? null, value);
  };
  const membership = (field: string): Condition => {
    take("(");
    const values = [literal(take())];
    while (peek() === ",") {
      take(",");
      values.push(literal(take()));
    }
    take(")");
    return (row) => values.includes(row[field]);
  };
  const condition = group();
  if (at < tokens.length) throw new Error(`unexpected token '${peek()}'`);
  return condition;
}

function literal(token: string): unknown {
  if (token === "null") return null;
  if (token.startsWith("'")) return token.slice(1, -1).replace(/\\(.)/g, "$1");
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(token)) return new Date(token);
  throw new Error(`unexpected token '${token}'`);
}

function holds(operator: string, value: unknown, wanted: unknown): boolean {
  if (wanted === null) return operator === "!=" ? value !== null : value === null;
  const difference = compare(value, wanted);
  const answers: Readonly<Record<string, boolean>> = {
    "=": difference === 0,
    ">": difference > 0,
    ">=": difference >= 0,
    "!=": difference !== 0,
  };
  const answer = answers[operator];
  if (answer === undefined) throw new Error(`unexpected token '${operator}'`);
  return answer;
}

function compare(one: unknown, other: unknown): number {
  const [left, right] = [orderOf(one), orderOf(other)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Moments by when they are, whatever their offset; everything else as text. */
function orderOf(value: unknown): number | string {
  if (value instanceof Date) return value.getTime();
  const text = String(value ?? "");
  return /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : text;
}
