import { startHttpStub } from "../http-stub.ts";
import { capture } from "./capture.ts";

/** An event as PostHog keeps it. `day` is one of the project's zone. */
export interface CapturedEvent {
  readonly group: string;
  readonly event: string;
  readonly day: string;
  readonly person: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

export interface CapturedGroup {
  readonly key: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly updatedAt: string;
}

/** What the project holds; tests change it between pulls. */
export interface Project {
  readonly events: CapturedEvent[];
  readonly groups: CapturedGroup[];
}

export interface PosthogFake {
  readonly url: string;
  readonly project: Project;
  /** Every query that was asked. */
  readonly queries: string[];
  close(): Promise<void>;
}

export const projectId = 7;
const apiKeyOf = (authorization: string | undefined) => /^Bearer (.+)$/.exec(authorization ?? "")?.[1] ?? null;

/**
 * A project's query endpoint, and the one that clients send events to. It reads the forms of HogQL that the source writes, by what they mean, and refuses every other; the form of
 * its answers is that of the public documentation: no recording of a live project was at hand.
 */
export async function startPosthogFake(project: Project): Promise<PosthogFake> {
  const queries: string[] = [];
  const stub = await startHttpStub((response, request) => {
    const say = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.method === "POST" && request.url === "/batch/") {
      capture(project, request);
      return say(200, { status: "Ok" });
    }
    if (request.method !== "POST" || request.url !== `/api/projects/${projectId}/query/`) {
      return say(404, { type: "invalid_request", code: "not_found", detail: "Not found." });
    }
    if (apiKeyOf(request.headers.authorization) === null) {
      return say(401, { type: "authentication_error", code: "not_authenticated", detail: "No credentials." });
    }
    const query = queryIn(request.body.toString("utf8"));
    queries.push(query ?? "");
    const results = query === null ? null : answerTo(query, project);
    if (results === null) return say(400, { type: "validation_error", code: "hogql", detail: "Cannot be read." });
    say(200, { results, columns: [], types: [], hasMore: false, is_cached: false, timezone: "UTC" });
  });
  return { url: `http://127.0.0.1:${stub.port}`, project, queries, close: stub.close };
}

/** The things with the same key, together. */
export function groupBy<T>(things: readonly T[], keyOf: (thing: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) groups.set(keyOf(thing), [...(groups.get(keyOf(thing)) ?? []), thing]);
  return groups;
}

function queryIn(body: string): string | null {
  const { query } = JSON.parse(body);
  return query?.kind === "HogQLQuery" && typeof query.query === "string" ? query.query : null;
}

const text = String.raw`'((?:[^'\\]|\\.)*)'`;
const usage = new RegExp(
  String.raw`^SELECT \$group_(\d) AS account, (.+) FROM events WHERE timestamp >= toDateTime\('(.+?)'\) AND timestamp < toDateTime\('(.+?)'\) AND toDate\(timestamp\) = toDate\('(.+?)'\) AND \$group_\1 > ${text} AND \((.+)\) GROUP BY account ORDER BY account(?: LIMIT (\d+))?$`,
);
const groups = new RegExp(
  String.raw`^SELECT key, properties, updated_at FROM groups WHERE index = (\d) AND key > ${text} ORDER BY key(?: LIMIT (\d+))?$`,
);

/** Without a limit PostHog answers a hundred rows. */
const rowsWithoutLimit = 100;

function answerTo(query: string, { events, groups: all }: Project): unknown[][] | null {
  if (query === "SELECT 1") return [[1]];
  const asked = usage.exec(query);
  if (asked !== null) {
    const [, , columns = "", from = "", to = "", day = "", after = "", condition = "", limit] = asked;
    const isIn = (each: CapturedEvent) => each.day === day && `${day} 00:00:00` >= from && `${day} 23:59:59` < to;
    const wanted = events.filter((each) => isIn(each) && each.group > unescaped(after) && holds(condition, each));
    const byGroup = groupBy(wanted, ({ group }) => group);
    const rows = [...byGroup].map(([group, ofGroup]) => [
      group,
      ...columns.split(/ AS c\d+(?:, |$)/).flatMap((column) => (column === "" ? [] : [numberOf(column, ofGroup)])),
    ]);
    return limited(rows, limit);
  }
  const listed = groups.exec(query);
  if (listed === null) return null;
  const [, , after = "", limit] = listed;
  const rows = all.filter(({ key }) => key > unescaped(after));
  return limited(
    rows.map(({ key, properties, updatedAt }) => [key, JSON.stringify(properties), updatedAt]),
    limit,
  );
}

function limited(rows: readonly unknown[][], limit: string | undefined): unknown[][] {
  const inOrder = [...rows].sort(([one], [other]) => (String(one) < String(other) ? -1 : 1));
  return inOrder.slice(0, limit === undefined ? rowsWithoutLimit : Number(limit));
}

function numberOf(column: string, events: readonly CapturedEvent[]): number | null {
  const counted = /^(countIf|uniqIf|sumIf)\((?:person_id, |toFloat\(properties\.(\w+)\), )?(.+)\)$/.exec(column);
  const [, form, property = "", condition = ""] = counted ?? [];
  const fitting = events.filter((event) => holds(condition, event));
  if (form === "countIf") return fitting.length;
  if (form === "uniqIf") return new Set(fitting.map(({ person }) => person)).size;
  const numbers = fitting.flatMap(({ properties = {} }) => {
    const value = properties[property];
    return typeof value === "number" ? [value] : [];
  });
  return numbers.length === 0 ? null : numbers.reduce((sum, each) => sum + each, 0);
}

/** `event = 'x'`, `event != ''`, `startsWith(event, 'x')`, joined by OR. */
function holds(condition: string, { event }: CapturedEvent): boolean {
  const forms = condition.matchAll(new RegExp(String.raw`event (!?=) ${text}|startsWith\(event, ${text}\)`, "g"));
  return [...forms].some(([, operator, compared = "", beginning]) => {
    if (operator === undefined) return event.startsWith(unescaped(beginning ?? ""));
    return (event === unescaped(compared)) === (operator === "=");
  });
}

function unescaped(literal: string): string {
  return literal.replace(/\\(.)/g, "$1");
}
