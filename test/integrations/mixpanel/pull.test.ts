import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type CallRequest, SourceHalt } from "../../../src/integrations/call-port.ts";
import { mixpanelSettings } from "../../../src/integrations/mixpanel/settings.ts";
import { openMixpanelSource } from "../../../src/integrations/mixpanel/source.ts";
import type { Input } from "../../../src/scoring/records.ts";
import { mapContext, pullContext } from "../pull-context.ts";
import { type ExportLine, type MixpanelFake, startMixpanelFake } from "./fake.ts";
import { lineOf, openProject } from "./project.ts";

const now = new Date("2026-03-04T12:00:00Z");

async function withFake(lines: ExportLine[], body: (fake: MixpanelFake) => Promise<void>): Promise<void> {
  const fake = await startMixpanelFake(lines);
  try {
    await body(fake);
  } finally {
    await fake.close();
  }
}

/** Pulls to the end; each page by a source of its own where `anew`, as if another process went on. */
async function pull(
  fake: MixpanelFake,
  from: { cursor?: unknown; at?: Date; zone?: string; anew?: boolean; more?: object } = {},
) {
  const { at = now, zone = "UTC", anew = false, more = {} } = from;
  let source = openProject(fake.url, "mp-secret", more);
  const inputs: Input[] = [];
  let cursor: unknown = from.cursor ?? null;
  for (let pages = 1; ; pages += 1) {
    if (anew) source = openProject(fake.url, "mp-secret", more);
    const page = await source.pull("usage", cursor, { ...pullContext(source, at), zone });
    inputs.push(...page.raw.flatMap((raw) => source.map("usage", raw, { ...mapContext(at), zone }).inputs ?? []));
    cursor = page.cursor;
    if (page.done) return { inputs, cursor, pages, coveredThrough: page.coveredThrough };
  }
}

describe("an export", () => {
  test("comes day by day, an event each time under the same id", async () => {
    await withFake([lineOf("Login", "2026-03-02T10:00:00Z")], async (fake) => {
      const { inputs, coveredThrough, cursor } = await pull(fake);
      expect(coveredThrough).toBe("2026-03-03");
      expect(inputs).toMatchObject([
        { mode: "event", account: "acme", name: "login", day: "2026-03-02", value: 1, user: "u1" },
      ]);
      fake.lines.push(lineOf("Login", "2026-03-02T11:00:00Z"));
      const again = await pull(fake, { cursor, at: new Date("2026-03-05T00:30:00Z") });
      expect(fake.queries.slice(-3).map((query) => query.get("from_date"))).toEqual([
        "2026-03-02",
        "2026-03-03",
        "2026-03-04",
      ]);
      expect(again.inputs).toHaveLength(2);
      expect(again.inputs[0]).toEqual(inputs[0]);
    });
  });

  test.each([false, true])(
    "of thousands of events of one second comes in pages that lose none and double none (process after process: %s)",
    async (anew) => {
      const lines = Array.from({ length: 4_500 }, (_, index) =>
        lineOf("Login", "2026-03-03T10:00:00Z", { $insert_id: `i${index}` }),
      );
      await withFake(lines, async (fake) => {
        const { inputs, pages } = await pull(fake, { anew, more: { startOn: "2026-03-03" } });
        const ids = inputs.map((input) => input.id);
        expect([pages, ids.length, new Set(ids).size]).toEqual([3, 4_500, 4_500]);
        expect(fake.queries).toHaveLength(anew ? 3 : 1);
      });
    },
  );

  test("counts what Mixpanel takes for the same event once", async () => {
    const twin = lineOf("Login", "2026-03-03T10:00:00Z");
    const others = [
      lineOf("Login", "2026-03-03T10:00:00Z", { distinct_id: "u2" }),
      lineOf("Login", "2026-03-03T10:00:01Z", { $insert_id: "Login-2026-03-03T10:00:00Z" }),
      lineOf("Logout", "2026-03-03T10:00:00Z", { $insert_id: "Login-2026-03-03T10:00:00Z" }),
    ];
    await withFake([twin, twin, ...others], async (fake) => {
      expect((await pull(fake)).inputs).toHaveLength(4);
    });
  });

  test("asks for the events of its rules only, where they are named", async () => {
    await withFake([lineOf("Login", "2026-03-03T10:00:00Z"), lineOf("Other", "2026-03-03T10:00:00Z")], async (fake) => {
      const more = { rules: [{ event: "Login" }, { event: "Login", usage: "people", count: "users" }] };
      const { inputs } = await pull(fake, { more });
      expect(fake.queries[0]?.get("event")).toBe('["Login"]');
      expect(inputs).toMatchObject([{ name: "login" }, { name: "people" }]);
      await pull(fake, { more: { rules: [{ event: { startsWith: "Log" } }] } });
      expect(fake.queries.at(-1)?.get("event")).toBeNull();
    });
  });

  test("adds up a property", async () => {
    await withFake([lineOf("Print", "2026-03-03T10:00:00Z", { pages: 7, other: "x" })], async (fake) => {
      const { inputs } = await pull(fake, {
        more: { rules: [{ event: "*", usage: "pages", sum: "properties.pages" }] },
      });
      expect(inputs).toMatchObject([{ name: "pages", value: 7 }]);
    });
  });

  test("covers the company's days only as far as the project's reach", async () => {
    await withFake([lineOf("Login", "2026-03-04T02:00:00Z")], async (fake) => {
      expect((await pull(fake, { zone: "America/New_York" })).coveredThrough).toBe("2026-03-02");
      expect((await pull(fake, { zone: "Asia/Tokyo" })).coveredThrough).toBe("2026-03-03");
    });
  });

  test("passes over a line that is no event, and stops at a page that holds none", async () => {
    await withFake(
      [lineOf("Login", "2026-03-03T10:00:00Z"), { event: "", properties: { time: 1_772_532_000 } }],
      async (fake) => {
        expect((await pull(fake)).inputs).toHaveLength(1);
        fake.lines.shift();
        await expect(pull(fake)).rejects.toBeInstanceOf(SourceHalt);
      },
    );
  });
});

test.each([
  ["us", "https://data.mixpanel.com"],
  ["eu", "https://data-eu.mixpanel.com"],
  ["in", "https://data-in.mixpanel.com"],
])("a project in %s is asked at %s", async (region, host) => {
  expect((await firstRequest({ region })).url.startsWith(`${host}/api/2.0/export?`)).toBe(true);
});

async function firstRequest(more: object): Promise<CallRequest> {
  const settings = mixpanelSettings.parse({
    id: "product",
    kind: "mixpanel",
    projectId: 42,
    login: { user: { env: "U" }, secret: { env: "S" } },
    accountProperty: "company_id",
    ...more,
  });
  const source = openMixpanelSource(settings, () => "secret");
  const asked: CallRequest[] = [];
  const call = async (request: CallRequest) => {
    asked.push(request);
    return { status: 200, headers: {}, text: "" };
  };
  await source.pull("usage", null, { ...pullContext(source, now), call });
  const [first] = asked;
  if (first === undefined) throw new Error("nothing was asked");
  return first;
}

const document = new URL("../../../../shared/specs/mixpanel/export.openapi.yaml", import.meta.url);

describe.skipIf(!existsSync(document))("the published description (skipped where ../shared/specs is absent)", () => {
  test("knows the path and everything that is asked for", async () => {
    const text = readFileSync(document, "utf8");
    const { url } = await firstRequest({ rules: [{ event: "Login" }] });
    const known = [...text.matchAll(/in: query\s+name: (\w+)/g)].map(([, name]) => name);
    expect(text).toContain("\n  /export:\n");
    expect(known).toContain("from_date");
    expect(known).toEqual(expect.arrayContaining([...new URL(url).searchParams.keys()]));
  });
});
