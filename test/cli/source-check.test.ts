import { afterEach, expect, vi } from "vitest";
import { followConfiguration } from "../../src/compose.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { startHubSpotFake } from "../integrations/hubspot/fake.ts";
import { emptyPortal, type Portal } from "../integrations/hubspot/portal.ts";
import { test } from "../support/database.ts";
import { scenarioDocuments } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const now = new Date("2026-03-10T12:00:00Z");
const secret = "pat-of-the-check";

afterEach(() => vi.unstubAllEnvs());

type Parts = Readonly<Record<string, unknown>>;

/** Documents in force that name these sources of HubSpot, all of them one account on loopback. */
async function withHubSpot(
  db: Db,
  sources: readonly Parts[],
  body: (portal: Portal, requests: readonly unknown[]) => Promise<void>,
): Promise<void> {
  const portal = emptyPortal(now);
  const fake = await startHubSpotFake(portal);
  const base = { kind: "hubspot", baseUrl: fake.url, allowPrivate: true };
  const named = { sources: sources.map((parts) => ({ ...base, ...parts })) };
  const documents = [...scenarioDocuments, { kind: "sources", id: "sources", body: named }];
  await db.transaction().execute((tx) => applyDocuments(tx, documents, { author: "anna", note: null, now }));
  try {
    await body(portal, fake.requests);
  } finally {
    await fake.close();
  }
}

const hubspot = { id: "hubspot", token: { env: "CHECKED_TOKEN" } };

test("a source whose credentials and permissions are as they should be is ok", async ({ database, db }) => {
  vi.stubEnv("CHECKED_TOKEN", secret);
  await withHubSpot(db, [hubspot], async (_, requests) => {
    const ran = await keepwell(["sources", "check"], database, { followConfiguration });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/hubspot +hubspot +ok +owners, companies, .* can be read/);
    expect(requests).not.toHaveLength(0);
  });
});

test("scopes that are missing are named as the vendor names them, and the command ends with 1", async ({
  database,
  db,
}) => {
  vi.stubEnv("CHECKED_TOKEN", secret);
  await withHubSpot(db, [hubspot], async (portal) => {
    portal.missingScopes.set("deals", "crm.objects.deals.read");
    portal.missingScopes.set("tickets", "tickets");
    const text = await keepwell(["sources", "check", "hubspot"], database, { followConfiguration });
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(/hubspot +hubspot +fault +scopes are missing +crm\.objects\.deals\.read, tickets/);
    const json = await keepwell(["sources", "check", "--json"], database, { followConfiguration });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toEqual({
      ok: false,
      sources: [
        {
          ...{ id: "hubspot", kind: "hubspot", ok: false, detail: "scopes are missing" },
          missing: ["crm.objects.deals.read", "tickets"],
        },
      ],
    });
  });
});

test("a token that the vendor refuses is a fault in its words, without the token", async ({ database, db }) => {
  vi.stubEnv("CHECKED_TOKEN", "two words");
  await withHubSpot(db, [hubspot], async () => {
    const { code, stdout } = await keepwell(["sources", "check"], database, { followConfiguration });
    expect(code).toBe(1);
    expect(stdout).toMatch(/hubspot +hubspot +fault +.*401/);
    expect(stdout).not.toContain("two words");
  });
});

test("a secret that is not set is named with its source, and nobody is asked", async ({ database, db }) => {
  vi.stubEnv("CHECKED_TOKEN", secret);
  vi.stubEnv("UNSET_TOKEN", "");
  await withHubSpot(db, [hubspot, { id: "other", token: { env: "UNSET_TOKEN" } }], async (_, requests) => {
    expect(await keepwell(["sources", "check"], database, { followConfiguration })).toEqual({
      ...{ code: 1, stdout: "" },
      stderr: 'error: The source "other" needs the environment variable UNSET_TOKEN, which is not set.\n',
    });
    expect(requests).toHaveLength(0);
  });
});

test("a source that no document names is refused", async ({ database, db }) => {
  vi.stubEnv("CHECKED_TOKEN", secret);
  await withHubSpot(db, [hubspot], async () => {
    expect(await keepwell(["sources", "check", "nobody"], database, { followConfiguration })).toMatchObject({
      ...{ code: 2, stderr: "error: sources.json names no source nobody.\n" },
    });
  });
});
