import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { openHttpJsonSource } from "../../../src/integrations/http-json/source.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import { parseSources } from "../../../src/integrations/sources-schema.ts";
import { type StubRequest, startHttpStub } from "../http-stub.ts";
import type { SourceFake } from "../source-suite.ts";
import type { VendorTruth } from "../source-tables.ts";

/** The source of a file of examples/sources, as it stands there but for its host. */
export function openExample(name: string, baseUrl: string, secret: string): Source {
  const path = new URL(`../../../examples/sources/${name}.json`, import.meta.url);
  const parsed = parseSources(JSON.parse(readFileSync(path, "utf8")));
  const [settings] = "faults" in parsed ? [] : parsed.sources;
  if (settings?.kind !== "http-json") throw new Error(`${name}: ${JSON.stringify(parsed)}`);
  const own = new URL(settings.baseUrl).pathname.replace(/\/$/, "");
  return openHttpJsonSource({ ...settings, baseUrl: `${baseUrl}${own}`, allowPrivate: true }, () => secret);
}

type Row = Readonly<Record<string, unknown>>;

/** A server that answers each path with JSON. */
async function startFake(truth: VendorTruth, answer: (request: StubRequest) => unknown): Promise<SourceFake> {
  const stub = await startHttpStub((response, request) => respond(response, answer(request)));
  return { url: `http://127.0.0.1:${stub.port}`, truth: () => truth, close: () => stub.close() };
}

function respond(response: ServerResponse, body: unknown): void {
  response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(body ?? { error: "not found" }));
}

const moment = (minute: number) => new Date(Date.UTC(2026, 0, 10, 8, minute)).toISOString().replace(".000", "");

/** Pipedrive: v2 lists with opaque cursors, two things a page, `updated_since` inclusive, everything of one moment among it. */
export function startPipedriveFake(): Promise<SourceFake> {
  const organizations = [1, 2, 3, 4, 5].map((id) => ({
    ...{ id, name: `Organization ${id}`, owner_id: 9, website: `https://org${id}.example/about` },
    ...{ industry: null, address: { country: "Austria" }, update_time: moment(id < 4 ? 0 : id) },
  }));
  const persons = [
    {
      id: 11,
      name: "Ada",
      org_id: 1,
      update_time: moment(1),
      emails: [mail("ada@org1.example"), mail("a@home", false)],
    },
    { id: 12, name: "Nobody's", org_id: null, update_time: moment(2), emails: [] },
  ];
  const deal = (id: number, status: string, more: Row = {}) => ({
    ...{ id, title: `Deal ${id}`, org_id: 2, value: 1200.5, currency: "EUR", status, is_deleted: false },
    ...{ add_time: moment(0), update_time: moment(9), expected_close_date: "2026-03-31", ...more },
  });
  const deals = [deal(21, "open"), deal(22, "won"), deal(23, "new word"), deal(24, "open", { is_deleted: true })];
  const lists: Readonly<Record<string, readonly Row[]>> = {
    "/api/v1/users": [{ id: 9, email: "anna@example.com", name: "Anna" }],
    "/api/v2/organizations": organizations,
    "/api/v2/persons": persons,
    "/api/v2/deals": deals,
  };
  const opportunity = { account: "2", amountMinor: 120_050, currency: "EUR", closesOn: "2026-03-31" };
  const truth: VendorTruth = {
    records: {
      account: Object.fromEntries(
        organizations.map(({ id, name }) => [id, { name, country: "Austria", owner: "anna@example.com" }]),
      ),
      contact: { 11: { account: "1", name: "Ada", email: "ada@org1.example" } },
      opportunity: {
        21: { ...opportunity, outcome: "open" },
        22: { ...opportunity, outcome: "won" },
        23: { ...opportunity, outcome: "lost" },
      },
    },
  };
  return startFake(truth, ({ url }) => {
    const { pathname, searchParams } = new URL(url, "http://fake");
    const since = searchParams.get("updated_since") ?? "";
    const all = (lists[pathname] ?? []).filter(({ update_time: at }) => at === undefined || String(at) >= since);
    const from = Number(Buffer.from(searchParams.get("cursor") ?? "", "base64url").toString() || 0);
    const next = from + 2 < all.length ? Buffer.from(String(from + 2)).toString("base64url") : null;
    return { success: true, data: all.slice(from, from + 2), additional_data: { next_cursor: next } };
  });
}

function mail(value: string, primary = true): Row {
  return { value, primary, label: "work" };
}

/** EngageBay: posted forms, a hundred a page, the cursor in the last record. */
export function startEngageBayFake(): Promise<SourceFake> {
  const owner = { id: 6_192_449_487_634_432, email: "anna@example.com", name: "Anna" };
  const companies = Array.from({ length: 250 }, (_, index) => ({
    ...{ id: 5_670_864_666_230_000 + index, name: `Company ${index}`, url: `www.company${index}.example` },
    ...{ owner_id: owner.id, owner, created_time: 1_535_622_004, updated_time: 0 },
    properties: [{ name: "country", value: "Germany", field_type: "TEXT" }],
  }));
  const first = companies[0]?.id ?? 0;
  const contacts = [
    { id: 71, fullname: "Ada", email: "ada@company0.example", companyIds: [first], updated_time: 0 },
    { id: 72, fullname: "Nobody's", email: "n@example.com", companyIds: [], updated_time: 0 },
  ];
  const lists: Readonly<Record<string, readonly Row[]>> = {
    "/dev/api/panel/companies": companies,
    "/dev/api/panel/subscribers": contacts,
  };
  const truth: VendorTruth = {
    records: {
      account: Object.fromEntries(
        companies.map(({ id, name }) => [id, { name, country: "Germany", owner: "anna@example.com" }]),
      ),
      contact: { 71: { account: String(first), name: "Ada", email: "ada@company0.example" } },
    },
  };
  return startFake(truth, ({ url, method, body }) => {
    if (method !== "POST") return undefined;
    const form = new URLSearchParams(body.toString("utf8"));
    const all = lists[url] ?? [];
    const size = Number(form.get("page_size"));
    const from = Number((form.get("cursor") ?? "c0").slice(1));
    const page = all.slice(from, from + size);
    const isLast = from + size >= all.length;
    return page.map((row, index) =>
      index === page.length - 1 && !isLast ? { ...row, cursor: `c${from + size}` } : row,
    );
  });
}

/** efficy: an array of operations posted to one address, rows of a saved query somewhere in the answer. */
export function startEfficyFake(): Promise<SourceFake> {
  const companies = [1, 2].map((key) => ({
    ...{ K_COMPANY: key, NAME: `Company ${key}`, COUNTRY: "Belgium", F_SECTOR: null, WEBSITE: `company${key}.example` },
  }));
  const opportunity = (key: number, status: string) => ({
    ...{ K_OPPORTUNITY: key, K_COMPANY: 1, NAME: `Opportunity ${key}`, STATUS: status },
    ...{ D_CHANGE: "2026-01-10 08:00:00", D_CLOSE: "2026-04-01" },
  });
  const rows: Readonly<Record<number, readonly Row[]>> = {
    1001: companies,
    1002: [opportunity(31, "0"), opportunity(32, "1")],
  };
  const truth: VendorTruth = {
    records: {
      account: Object.fromEntries(
        companies.map(({ K_COMPANY, NAME }) => [K_COMPANY, { name: NAME, country: "Belgium" }]),
      ),
      opportunity: {
        31: { account: "1", outcome: "open", closesOn: "2026-04-01" },
        32: { account: "1", outcome: "won" },
      },
    },
  };
  return startFake(truth, ({ url, body }) => {
    if (url !== "/crm/json") return undefined;
    const [operation] = JSON.parse(body.toString("utf8"));
    const [query] = operation["@func"];
    const result = { "#data": rows[query.key] ?? [] };
    return [{ "@name": "api", "@func": [{ "@name": "query", "#error": false, "#result": result }] }];
  });
}
