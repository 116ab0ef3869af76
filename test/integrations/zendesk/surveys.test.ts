import { afterEach, expect, test } from "vitest";
import type { PullContext, Source } from "../../../src/integrations/source-port.ts";
import { pullContext } from "../pull-context.ts";
import { mapPages, pullAll } from "../pulled.ts";
import { rating, response } from "./desk.ts";
import { startZendeskFake, type ZendeskFake } from "./fake.ts";
import { openDesk } from "./open.ts";

const now = new Date("2026-06-01T12:00:00Z");

let fake: ZendeskFake;
let source: Source;
let context: PullContext;

async function begin(surveys?: readonly ("ratings" | "responses")[]): Promise<void> {
  fake = await startZendeskFake({ now, ...(surveys !== undefined && { surveys }) });
  source = openDesk(fake.url);
  context = pullContext(source, now);
}

afterEach(() => fake.close());

async function answeredIds(cursor: unknown = null): Promise<{ ids: string[]; cursor: unknown }> {
  const pages = await pullAll(source, "surveys", context, cursor);
  const inputs = mapPages(source, "surveys", pages, now).flatMap(({ inputs = [] }) => inputs);
  const ids = inputs.flatMap((input) => (input.kind === "survey" ? input.id : []));
  return { ids: [...new Set(ids)], cursor: pages.at(-1)?.cursor };
}

test("both ways of asking are read, whichever is in use", async () => {
  await begin();
  expect((await answeredIds()).ids).toEqual(["500", "501", "502", "01A", "01B"]);
});

test.each([
  ["ratings", ["500", "501", "502"]],
  ["responses", ["01A", "01B"]],
] as const)("where only %s are there, the other way is passed over", async (way, expected) => {
  await begin([way]);
  const { ids, cursor } = await answeredIds();
  expect(ids).toEqual(expected);
  expect((await pullAll(source, "surveys", context, cursor)).at(-1)?.done).toBe(true);
});

test("it fails where neither is there", async () => {
  await begin([]);
  await expect(pullAll(source, "surveys", context)).rejects.toMatchObject({ verdict: { kind: "forbidden" } });
});

test("it fails where the way that had answers is refused all at once", async () => {
  await begin();
  const { cursor } = await answeredIds();
  fake.intercept = (path) =>
    path.endsWith("satisfaction_ratings") ? { status: 403, body: { error: "Forbidden", description: "no" } } : null;
  await expect(pullAll(source, "surveys", context, cursor)).rejects.toMatchObject({ verdict: { kind: "forbidden" } });
});

test("it is no sign of another way when Zendesk is down", async () => {
  await begin();
  fake.intercept = () => ({ status: 503, body: {} });
  await expect(pullAll(source, "surveys", context)).rejects.toMatchObject({ verdict: { kind: "retry" } });
});

test("the next sweep takes what was answered since, though it was asked long before", async () => {
  await begin();
  const { cursor } = await answeredIds();
  const later = new Date("2026-06-04T12:00:00Z");
  context = pullContext(source, later);
  fake.data.ratings.push(rating(510, { created_at: "2026-05-12T10:00:00Z", updated_at: "2026-06-03T10:00:00Z" }));
  fake.data.responses.push(response("01Z", 3, { answers: [answeredAt("2026-06-03T10:00:00.000Z")] }));
  expect((await answeredIds(cursor)).ids).toEqual(["510", "01Z"]);
  expect(fake.asked.filter((path) => path.includes("satisfaction_ratings")).at(-1)).toContain("start_time=1777723200");
  expect(fake.asked.filter((path) => path.includes("survey_responses")).at(-1)).toContain(
    "filter[created_at_start]=1777723200000",
  );
});

function answeredAt(at: string): unknown {
  const question = { sub_type: "customer_satisfaction" };
  return { type: "rating_scale", rating: 3, question, created_at: at, updated_at: at };
}
