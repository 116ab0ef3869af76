import { type Intercom, IntercomClient } from "intercom-client";
import { afterEach, expect, test } from "vitest";
import { openApi } from "../../../src/integrations/intercom/api.ts";
import { withCompanies } from "../../../src/integrations/intercom/search.ts";
import { intercomSettings } from "../../../src/integrations/intercom/settings.ts";
import type { Mapped } from "../../../src/integrations/mapped-port.ts";
import { mapContext, pullContext } from "../pull-context.ts";
import { mapPages, pullAll } from "../pulled.ts";
import { type IntercomFake, startIntercomFake } from "./fake.ts";
import { openWorkspace } from "./open.ts";

const now = new Date("2026-06-01T12:00:00Z");

type SearchRequest = Intercom.SearchRequest;

let fake: IntercomFake;
afterEach(() => fake.close());

/** What somebody reads who uses Intercom's own library, mapped as ours is. */
test("Intercom's own client reads the same", async () => {
  fake = await startIntercomFake();
  const source = openWorkspace(fake.url);
  const context = pullContext(source, now);
  const client = new IntercomClient({ token: "a-token", environment: fake.url, maxRetries: 0 });
  const companies = await all(await client.companies.scroll());
  const contacts = await found((request) => client.contacts.search(request));
  const conversations = await found((request) => client.conversations.search(request));
  const settings = intercomSettings.parse({ id: "chat", kind: "intercom", token: { env: "T" }, baseUrl: fake.url });
  const whole = await withCompanies(openApi(settings, "a-token"), conversations, context);

  const ours = async (stream: string) => inOrder(mapPages(source, stream, await pullAll(source, stream, context), now));
  const theirs = (stream: string, raw: readonly unknown[]) =>
    inOrder(raw.map((each) => source.map(stream, JSON.parse(JSON.stringify(each)), mapContext(now))));
  expect(companies.length + contacts.length + conversations.length).toBe(14);
  expect(await ours("companies")).toEqual(theirs("companies", companies));
  expect(await ours("contacts")).toEqual(theirs("contacts", contacts));
  expect(await ours("conversations")).toEqual(theirs("conversations", whole));
});

interface SearchPage {
  readonly data: readonly unknown[];
  readonly response: { readonly pages?: { readonly next?: { readonly starting_after?: string | null } | null } | null };
}

/** All pages of a search, asked for one by one: the client's own paging puts the place where no search reads it. */
async function found(search: (request: SearchRequest) => Promise<SearchPage>): Promise<unknown[]> {
  const since = { field: "updated_at", operator: ">", value: "0" } as const;
  const things: unknown[] = [];
  let after: string | null = null;
  do {
    const pagination = { per_page: 2, ...(after !== null && { starting_after: after }) };
    const page = await search({ query: { operator: "AND", value: [since] }, pagination });
    things.push(...page.data);
    after = page.response.pages?.next?.starting_after ?? null;
  } while (after !== null);
  return things;
}

async function all(page: AsyncIterable<unknown>): Promise<unknown[]> {
  const things: unknown[] = [];
  for await (const thing of page) things.push(thing);
  return things;
}

function inOrder(mapped: readonly Mapped[]): string[] {
  return mapped.map((each) => JSON.stringify(each)).sort();
}
