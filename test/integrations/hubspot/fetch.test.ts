import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mapContext, pullContext } from "../pull-context.ts";
import { openSource, smallPortal } from "./company.ts";
import { type HubSpotFake, startHubSpotFake } from "./fake.ts";
import { archive, link, merge, type Portal, put } from "./portal.ts";

const now = new Date("2026-02-10T12:00:00.000Z");

let portal: Portal;
let fake: HubSpotFake;

beforeEach(async () => {
  portal = smallPortal(now);
  fake = await startHubSpotFake(portal);
});

afterEach(() => fake.close());

async function fetched(stream: string, ids: readonly string[]) {
  const source = openSource(fake.url);
  const page = await source.fetch?.(stream, ids, pullContext(source, now));
  const inputs = page?.raw.flatMap((raw) => source.map(stream, raw, mapContext(now)).inputs ?? []) ?? [];
  return { inputs, deleted: page?.deleted };
}

describe("looking at single things of HubSpot", () => {
  test("brings them as a pull does, and says which are gone", async () => {
    archive(portal, "deals", "31", now.toISOString());
    put(portal, "deals", "32", { dealname: "More seats", pipeline: "default", dealstage: "closedlost" });
    link(portal, "deals", "32", "companies", "12", true);
    const { inputs, deleted } = await fetched("deals", ["31", "32", "33"]);
    expect(inputs).toMatchObject([{ kind: "opportunity", id: "32", account: "12", set: { outcome: "lost" } }]);
    expect(deleted).toEqual(["31", "33"]);
  });

  test("does not take for gone what lives on in another one", async () => {
    merge(portal, "companies", "12", "11", now.toISOString());
    const { deleted } = await fetched("companies", ["12"]);
    expect(deleted).toEqual([]);
  });

  test("takes more at once than HubSpot does", async () => {
    const ids = Array.from({ length: 250 }, (_, index) => String(500 + index));
    for (const id of ids) put(portal, "companies", id, { name: `Company ${id}` });
    expect((await fetched("companies", ids)).deleted).toEqual([]);
  });

  test("takes nothing for gone when HubSpot could not read it for another reason", async () => {
    const errors = [{ status: "error", category: "INTERNAL", message: "try later" }];
    fake.instead.push({ status: 207, body: { results: [], errors } });
    await expect(fetched("companies", ["11"])).rejects.toThrow(/could not read all of them/);
  });
});

describe("checking HubSpot", () => {
  const check = async (settings: object = {}) => {
    const source = openSource(fake.url, { ...settings });
    return source.check(pullContext(source, now));
  };

  test("is content when everything can be read", async () => {
    expect(await check()).toEqual({
      ok: true,
      detail: "owners, companies, contacts, deals, tickets, feedback_submissions can be read",
      missing: [],
    });
  });

  test("names every scope that is missing, as HubSpot does", async () => {
    portal.missingScopes.set("deals", "crm.objects.deals.read");
    portal.missingScopes.set("owners", "crm.objects.owners.read");
    expect(await check()).toEqual({
      ok: false,
      detail: "scopes are missing",
      missing: ["crm.objects.owners.read", "crm.objects.deals.read"],
    });
    expect(await check({ skip: ["deals"] })).toMatchObject({ missing: ["crm.objects.owners.read"] });
  });

  test("says what is not set up for what goes back", async () => {
    const settings = { tasks: {}, writeFields: { score: "keepwell_score" } };
    portal.properties.get("tasks")?.set("keepwell_key", false);
    const { ok, detail } = await check(settings);
    expect(ok).toBe(false);
    expect(detail).toContain('the task property "keepwell_key" must have unique values');
    expect(detail).toContain('the company property "keepwell_score": the vendor answered 404');
    portal.properties.get("tasks")?.set("keepwell_key", true);
    portal.properties.get("companies")?.set("keepwell_score", false);
    expect(await check(settings)).toMatchObject({ ok: true });
  });
});
