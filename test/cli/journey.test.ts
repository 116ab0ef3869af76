import { expect } from "vitest";
import { folderOf, soundDocuments } from "../queries/company-folder.ts";
import { test } from "../support/database.ts";
import { account, take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const now = new Date("2026-03-10T12:00:00Z");
const lifecycle = {
  stages: [
    { id: "onboarding", name: "Onboarding", crm: ["new"] },
    { id: "live", name: "Live" },
  ],
  milestones: [
    { id: "go-live", name: "Go-live", stage: "onboarding", expected: { within: "30d" } },
    { id: "one-year", name: "A year with us", anniversary: 1 },
  ],
};

test("shows stage and milestones to people, with the days and what is late", async ({ database, db }) => {
  const folder = await folderOf({ ...soundDocuments, "lifecycle.json": lifecycle });
  expect((await keepwell(["config", "apply", folder], database)).code).toBe(0);
  await take(
    db,
    [
      ...account("acme", "2026-03-09", []),
      { kind: "account", id: "acme", at: "2025-01-02T00:00:00Z", set: { stage: "new" } },
    ],
    now,
  );
  const { code, stdout } = await keepwell(["journey", "acme ltd"], database);
  expect(code).toBe(0);
  expect(stdout).toContain("acme Ltd  acme · days in Europe/Vienna\n");
  expect(stdout).toContain("Onboarding since 2025-01-02 by the CRM  the CRM says new\n");
  expect(stdout).toContain("The journey is stuck.\n");
  expect(stdout).toMatch(/Go-live +onboarding +stuck +– +– +2025-01-31/);
  expect(stdout).toMatch(/A year with us +– +reached +2026-01-01 +condition +–/);
});

test("of an account nobody knows ends with 2 and says what is near", async ({ database, db }) => {
  const folder = await folderOf(soundDocuments);
  await keepwell(["config", "apply", folder], database);
  await take(db, account("acme", "2026-03-09", []), now);
  expect(await keepwell(["journey", "acm"], database)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Did you mean acme?"),
  });
});
