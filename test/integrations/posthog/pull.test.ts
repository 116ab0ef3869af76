import { PostHog } from "posthog-node";
import { describe, expect, test } from "vitest";
import { posthogSettings } from "../../../src/integrations/posthog/settings.ts";
import type { Input } from "../../../src/scoring/records.ts";
import { mapContext, pullContext } from "../pull-context.ts";
import { type PosthogFake, type Project, startPosthogFake } from "./fake.ts";
import { openProject, smallProject } from "./project.ts";

const now = new Date("2026-03-10T12:00:00Z");

async function withFake(project: Project, body: (fake: PosthogFake) => Promise<void>): Promise<void> {
  const fake = await startPosthogFake(project);
  try {
    await body(fake);
  } finally {
    await fake.close();
  }
}

/** Pulls a stream to its end: what it came to, its cursor, and how far it is covered. */
async function pull(fake: PosthogFake, stream: string, from: { cursor?: unknown; at?: Date; more?: object } = {}) {
  const { at = now, more = {} } = from;
  const source = openProject(fake.url, "phx_a-key", more);
  const inputs: Input[] = [];
  let cursor: unknown = from.cursor ?? null;
  for (let pages = 1; ; pages += 1) {
    const page = await source.pull(stream, cursor, pullContext(source, at));
    inputs.push(...page.raw.flatMap((raw) => source.map(stream, raw, mapContext(at)).inputs ?? []));
    cursor = page.cursor;
    if (page.done) return { inputs, cursor, pages, coveredThrough: page.coveredThrough };
  }
}

const days = ["2026-03-07", "2026-03-08", "2026-03-09"];

const usageOn = (inputs: readonly Input[], day: string, name: string) =>
  Object.fromEntries(
    inputs.flatMap((input) =>
      input.kind === "usage" && input.day === day && input.name === name ? [[input.account, input.value]] : [],
    ),
  );

describe("usage", () => {
  test("comes day by day up to yesterday, and is covered so far", async () => {
    await withFake(smallProject(), async (fake) => {
      const { inputs, coveredThrough, pages } = await pull(fake, "usage");
      expect([coveredThrough, pages]).toEqual(["2026-03-09", 9]);
      expect(usageOn(inputs, "2026-03-09", "pages")).toEqual({ acme: 2, "back\\slash": 4, "o'neil": 3, umbrella: 5 });
    });
  });

  test("is exactly what the official client has sent, by group and day", async () => {
    await withFake({ events: [], groups: [] }, async (fake) => {
      const client = new PostHog("phc_project-key", { host: fake.url });
      const sent = days.flatMap((day, index) =>
        ["acme", "umbrella"].flatMap((company, at) =>
          Array.from({ length: index + at + 1 }, (_, n) => ({ day, company, person: `u${n % 3}` })),
        ),
      );
      for (const { day, company, person } of sent) {
        const timestamp = new Date(`${day}T23:30:00Z`);
        client.capture({ distinctId: person, event: "Report Created", groups: { company }, timestamp });
      }
      client.capture({ distinctId: "u1", event: "Report Created", timestamp: new Date("2026-03-09T10:00:00Z") });
      client.groupIdentify({ groupType: "company", groupKey: "acme", properties: { name: "Acme" } });
      await client.shutdown();
      const { inputs } = await pull(fake, "usage");
      for (const [index, day] of days.entries()) {
        expect(usageOn(inputs, day, "reports")).toEqual({ acme: index + 1, umbrella: index + 2 });
        const users = { acme: Math.min(3, index + 1), umbrella: Math.min(3, index + 2) };
        expect(usageOn(inputs, day, "active_users")).toEqual(users);
      }
      expect((await pull(fake, "groups")).inputs).toMatchObject([
        { kind: "account", id: "acme", set: { name: "Acme" } },
      ]);
    });
  });

  test("of thousands of groups comes in pages that lose none and double none", async () => {
    const events = Array.from({ length: 2_500 }, (_, index) => ({
      group: `group-${String(index).padStart(5, "0")}`,
      event: "Report Created",
      day: "2026-03-09",
      person: "p",
    }));
    await withFake({ events, groups: [] }, async (fake) => {
      const { inputs, pages } = await pull(fake, "usage", { more: { startOn: "2026-03-09" } });
      expect(pages).toBe(3);
      expect(Object.keys(usageOn(inputs, "2026-03-09", "reports"))).toHaveLength(2_500);
      expect(inputs).toHaveLength(7_500);
    });
  });

  test("of the last three days is asked for again, as events come late", async () => {
    await withFake(smallProject(), async (fake) => {
      const { cursor } = await pull(fake, "usage");
      fake.queries.length = 0;
      const { coveredThrough } = await pull(fake, "usage", { cursor, at: new Date("2026-03-11T01:00:00Z") });
      expect(coveredThrough).toBe("2026-03-10");
      const days = fake.queries.map((query) => /toDate\('(.+?)'\)/.exec(query)?.[1]);
      expect(days).toEqual(["2026-03-08", "2026-03-09", "2026-03-10"]);
    });
  });

  test("of days without a pull is made up for", async () => {
    await withFake(smallProject(), async (fake) => {
      const { cursor } = await pull(fake, "usage");
      expect((await pull(fake, "usage", { cursor, at: new Date("2026-03-20T12:00:00Z") })).pages).toBe(10);
    });
  });

  test("ends with yesterday in the project's zone", async () => {
    await withFake(smallProject(), async (fake) => {
      const more = { zone: "America/Los_Angeles" };
      const { coveredThrough } = await pull(fake, "usage", { at: new Date("2026-03-10T05:00:00Z"), more });
      expect(coveredThrough).toBe("2026-03-08");
    });
  });

  test("that a rule adds up is zero where nothing was there to add", async () => {
    const events = [{ group: "acme", event: "Report Sent", day: "2026-03-09", person: "p" }];
    await withFake({ events, groups: [] }, async (fake) => {
      const { inputs } = await pull(fake, "usage", { more: { startOn: "2026-03-09" } });
      expect(usageOn(inputs, "2026-03-09", "pages")).toEqual({ acme: 0 });
    });
  });
});

test("groups are accounts with their properties, at the time of their own change", async () => {
  await withFake(smallProject(), async (fake) => {
    const { inputs } = await pull(fake, "groups");
    expect(inputs).toHaveLength(4);
    expect(inputs[0]).toEqual({
      kind: "account",
      id: "acme",
      at: "2026-02-01T10:00:00.000Z",
      set: { name: "The acme", fields: { seats: 5 } },
    });
  });
});

test.each([
  [
    { key: "acme", properties: { name: "Acme" }, updatedAt: "2026-02-01 10:00:00" },
    "inputs",
    "2026-02-01T10:00:00.000Z",
  ],
  [{ key: "acme", properties: "{", updatedAt: null }, "states", now.toISOString()],
] as const)("a group that reads %j is among the %s", (raw, among, at) => {
  const mapped = openProject("http://127.0.0.1:9").map("groups", raw, mapContext(now));
  expect(mapped[among]).toMatchObject([{ id: "acme", at }]);
  expect(mapped.claims).toMatchObject([{ externalId: "acme", ourKey: "acme" }]);
});

describe("an answer", () => {
  const classify = (status: number, detail: string, headers: object = {}) =>
    openProject("http://127.0.0.1:9", "phx_a-key").classify(
      { status, headers: { ...headers }, text: JSON.stringify({ detail }) },
      now,
    );

  test("names the scope that is missing", () => {
    const detail = "API key missing required scope 'query:read'";
    expect(classify(403, detail)).toMatchObject({ kind: "forbidden", missing: "query:read" });
  });

  test("of a limit says how long to wait, in a header or in words", () => {
    const detail = "Request was throttled. Expected available in 23 seconds.";
    expect(classify(429, detail)).toMatchObject({ kind: "retry", scope: "bucket", afterMs: 23_000 });
    expect(classify(429, detail, { "retry-after": "40" })).toMatchObject({ afterMs: 40_000 });
  });

  test("that refuses a query is final, in its own words and without the key", () => {
    const verdict = classify(400, "Unknown function foo (asked with phx_a-key)");
    expect(verdict).toMatchObject({ kind: "fatal" });
    expect(JSON.stringify(verdict)).toContain("Unknown function foo");
    expect(JSON.stringify(verdict)).not.toContain("phx_a-key");
  });
});

const refusedRules: readonly [Readonly<Record<string, string>>, string][] = [
  [{ event: "a", usage: "x", sum: "properties.a b" }, "a property that would need quoting"],
  [{ event: "a", usage: "x", sum: "person.email" }, "a sum of no property"],
  [{ event: "a" }, "a rule without a usage"],
];

test.each(refusedRules)("%j is refused: %s", (rule) => {
  const settings = { id: "p", kind: "posthog", projectId: 7, apiKey: { env: "K" }, rules: [rule] };
  expect(posthogSettings.safeParse(settings).success).toBe(false);
});
