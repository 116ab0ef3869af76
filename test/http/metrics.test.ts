import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { account, configure, cover, playbook, take } from "../worker/scenario.ts";
import { type Api, test } from "./api.ts";

const now = new Date("2026-03-10T12:00:00Z");
const log = createSilentLog();
const configuration = configure([playbook()]);

async function scrape(api: Api): Promise<string> {
  const answer = await api.call("GET", "/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return String(answer.body);
}

const samples = (text: string, name: string) =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .toSorted();

test("the first scrape tells the accounts by band, the work that waits, and the actions by state", async ({
  api,
  db,
}) => {
  const week = (value: number) => Array.from({ length: 7 }, () => value);
  for (const [key, value] of [
    ["a", 1],
    ["b", 2],
    ["c", 9],
  ] as const) {
    await take(db, account(key, "2026-03-09", week(value)), now);
  }
  await cover(db, "2026-03-09", now);
  await scoreDue({ db, configuration, log }, now);
  await respondDue({ db, configuration, log }, now);
  await take(db, account("new", "2026-03-09", []), now);
  await db.updateTable("accountWork").set({ failures: 2 }).where("accountId", "=", 3).execute();
  const text = await scrape(api);
  expect(samples(text, "keepwell_accounts")).toEqual([
    'keepwell_accounts{band="green"} 1',
    'keepwell_accounts{band="red"} 2',
    'keepwell_accounts{band="unknown"} 1',
  ]);
  expect(samples(text, "keepwell_actions")).toEqual(['keepwell_actions{kind="slack",state="pending"} 2']);
  expect(text).toMatch(/^keepwell_accounts_waiting\{stage="score"\} \d$/m);
  expect(samples(text, "keepwell_accounts_failing")).toEqual(["keepwell_accounts_failing 1"]);
  expect(samples(text, "keepwell_database_up")).toEqual(["keepwell_database_up 1"]);
});

test("numbers are those of this scrape, not of the one before", async ({ api, db }) => {
  await take(db, account("a", "2026-03-09", []), now);
  expect(samples(await scrape(api), "keepwell_accounts")).toEqual(['keepwell_accounts{band="unknown"} 1']);
  await take(db, account("b", "2026-03-09", []), now);
  expect(samples(await scrape(api), "keepwell_accounts")).toEqual(['keepwell_accounts{band="unknown"} 2']);
  await db.deleteFrom("records").execute();
  await db.deleteFrom("accounts").execute();
  expect(samples(await scrape(api), "keepwell_accounts")).toEqual([]);
});

test("requests are counted by route and status, and no id or name becomes a label", async ({ api }) => {
  const token = await api.token();
  for (const key of ["secret-account", "other%2Faccount"]) await api.call("GET", `/api/v1/accounts/${key}`, { token });
  await api.call("GET", "/api/v1/accounts?owner=secret-owner", { token });
  await api.call("POST", "/api/v1/records", { token, body: "{" });
  await api.call("DELETE", "/api/v1/records");
  await api.call("GET", "/secret-path");
  const text = await scrape(api);
  expect(samples(text, "keepwell_http_requests_total")).toEqual([
    'keepwell_http_requests_total{method="DELETE",route="/api/v1/records",status="405"} 1',
    'keepwell_http_requests_total{method="GET",route="/api/v1/accounts",status="200"} 1',
    'keepwell_http_requests_total{method="GET",route="/api/v1/accounts/:id",status="404"} 2',
    'keepwell_http_requests_total{method="GET",route="none",status="404"} 1',
    'keepwell_http_requests_total{method="POST",route="/api/v1/records",status="400"} 1',
  ]);
  expect(text).not.toMatch(/secret|other|kw_/);
});

test("every line is of the text format, each name is declared once, before its samples", async ({ api }) => {
  await api.call("GET", "/healthz");
  const text = await scrape(api);
  const declared = new Set<string>();
  const label = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*"`;
  // prom-client writes "Nan" (a lag nobody has sampled yet); Prometheus reads a number's name in any case.
  const sample = new RegExp(
    String.raw`^([a-zA-Z_:][\w:]*?)(?:_bucket|_sum|_count)?(?:\{${label}(?:,${label})*\})? (?:[-+]?[\d.eE+-]+|[Nn]a[Nn]|[+-]Inf)$`,
  );
  for (const line of text.split("\n").filter((one) => one !== "")) {
    if (line.startsWith("# HELP ")) continue;
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)?.[1];
    if (type !== undefined) {
      expect(declared).not.toContain(type);
      declared.add(type);
      continue;
    }
    expect(line).toMatch(sample);
    const whole = /^[\w:]+/.exec(line)?.[0] ?? "";
    const bare = sample.exec(line)?.[1] ?? "";
    expect([...declared].some((name) => name === whole || name === bare)).toBe(true);
  }
  expect(text.endsWith("\n")).toBe(true);
});
