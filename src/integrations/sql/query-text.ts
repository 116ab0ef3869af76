/** A query, cut where parameters stand. */
export interface QueryText {
  /** One more than there are parameters: what stands before, between and after them. */
  readonly parts: readonly string[];
  /** The names of the parameters, as they stand one after the other; a name may come twice. */
  readonly parameters: readonly string[];
}

/**
 * Cuts a query at its `:name` parameters and refuses what is not one reading statement. Strings, quoted names, comments, dollar quotes and
 * `::casts` are passed over as the server reads them. This is for a good message; that nothing is written is held by the server.
 */
export function readQuery(query: string, names: readonly string[]): QueryText | { readonly fault: string } {
  const tokens = tokensOf(query);
  const fault = faultOf(tokens, names);
  if (fault !== null) return { fault };
  const parts = [""];
  const parameters: string[] = [];
  for (const { kind, text } of tokens) {
    if (kind === "end") continue;
    if (kind === "parameter") {
      parameters.push(text.slice(1));
      parts.push("");
    } else parts.push((parts.pop() ?? "") + text);
  }
  return { parts, parameters };
}

interface Token {
  readonly kind: "code" | "quoted" | "comment" | "parameter" | "position" | "end" | "open";
  readonly text: string;
}

/** Longest first: what begins like another one and goes further. */
const patterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["comment", /--[^\n]*/y],
  ["quoted", /[eE]'(?:[^'\\]|\\.|'')*'/sy],
  ["quoted", /'(?:[^']|'')*'/y],
  ["quoted", /"(?:[^"]|"")*"/y],
  ["quoted", /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|)\$.*?\$\1\$/sy],
  ["position", /\$\d+/y],
  ["code", /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ["code", /::|:=/y],
  ["parameter", /:[A-Za-z_]\w*/y],
  ["end", /;/y],
  ["open", /['"]|\$\w*\$/y],
];

function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const token = query.startsWith("/*", at) ? commentAt(query, at) : tokenAt(query, at);
    tokens.push(token);
    if (token.kind === "open") return tokens;
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(query: string, at: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(query)?.[0];
    if (text !== undefined) return { kind, text };
  }
  return { kind: "code", text: query.charAt(at) };
}

/** Comments between slashes hold others, as in SQL and unlike in C. */
function commentAt(query: string, from: number): Token {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = from;
  let depth = 0;
  for (let met = edge.exec(query); met !== null; met = edge.exec(query)) {
    depth += met[0] === "/*" ? 1 : -1;
    if (depth === 0) return { kind: "comment", text: query.slice(from, edge.lastIndex) };
  }
  return { kind: "open", text: "/*" };
}

function faultOf(tokens: readonly Token[], names: readonly string[]): string | null {
  const open = tokens.find(({ kind }) => kind === "open");
  if (open !== undefined) return `what begins with ${open.text} does not end`;
  const position = tokens.find(({ kind }) => kind === "position");
  if (position !== undefined) return `${position.text}: parameters have names, ${listed(names)}`;
  const stranger = tokens.find(({ kind, text }) => kind === "parameter" && !names.includes(text.slice(1)));
  if (stranger !== undefined) return `there is no parameter ${stranger.text}, only ${listed(names)}`;
  const words = tokens.filter(({ kind, text }) => kind !== "comment" && text.trim() !== "" && text !== "(");
  const end = words.findIndex(({ kind }) => kind === "end");
  if (end >= 0 && words.slice(end).some(({ kind }) => kind !== "end")) return "expected one statement, met more";
  const first = words[0]?.text.toLowerCase() ?? "";
  return ["select", "with", "table", "values"].includes(first)
    ? null
    : "expected a query that begins with SELECT, WITH, TABLE or VALUES";
}

function listed(names: readonly string[]): string {
  return names.map((name) => `:${name}`).join(" and ");
}
