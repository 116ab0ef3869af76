import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, onTestFinished } from "vitest";
import type { Db } from "../../src/store/db.ts";
import { listInbox } from "../../src/store/inbox/list.ts";
import { addRefusals } from "../../src/store/inbox/refusals.ts";
import { claimPendingItems, settleItems, storeItems } from "../../src/store/inbox.ts";
import { test } from "../support/database.ts";
import { keepwell } from "./command-line.ts";

/** Two that have failed, of different sources, and one that waits; answers their ids. */
async function furnish(db: Db): Promise<readonly number[]> {
  await storeItems(db, [
    { source: "crm", dedupeKey: "one", occurredAt: new Date("2026-03-10T11:00:00Z"), body: '{"a":1}' },
    { source: "desk", dedupeKey: "two", occurredAt: null, body: "{}" },
  ]);
  const ids = (await claimPendingItems(db, { items: 10, bytes: 1_000 }, 60)).map(({ id }) => id);
  await settleItems(
    db,
    ids.map((id) => ({ id, state: "failed" as const, reason: "account: path $.a is empty" })),
  );
  await storeItems(db, [{ source: "crm", dedupeKey: "three", occurredAt: null, body: "{}" }]);
  await addRefusals(db, [{ source: "crm", reason: "bad signature", deliveries: 3 }]);
  const all = await listInbox(db, { limit: 10 });
  return all.map(({ id }) => id).reverse();
}

test("inbox list shows deliveries with their state, and what was refused today", async ({ database, db }) => {
  await furnish(db);
  const { stdout, code } = await keepwell(["inbox", "list", "--state", "failed", "--source", "crm"], database);
  expect(code).toBe(0);
  expect(stdout).toContain("account: path $.a is empty");
  expect(stdout).not.toContain("desk");
  expect(stdout).toMatch(/Refused in the last 24 hours:[\s\S]*crm +bad signature +3 /);
  expect((await keepwell(["inbox", "list", "--source", "nobody"], database)).stdout).toBe(
    "There are no such deliveries.\n",
  );
});

test("inbox show prints what came", async ({ database, db }) => {
  const [one] = await furnish(db);
  const { stdout } = await keepwell(["inbox", "show", String(one)], database);
  expect(stdout).toContain('{"a":1}');
  expect(stdout).toContain("occurred  2026-03-10T11:00:00.000Z");
  expect(stdout).toContain("state     failed: account: path $.a is empty");
  expect(await keepwell(["inbox", "show", "999"], database)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("There is no delivery 999."),
  });
});

test("inbox retry makes failed deliveries due at once, some or all of a source", async ({ database, db }) => {
  const [one, two] = await furnish(db);
  expect((await keepwell(["inbox", "retry", String(one)], database)).stdout).toContain("One delivery is applied again");
  expect((await keepwell(["inbox", "retry", "--failed", "--source", "crm"], database)).stdout).toContain("nothing");
  expect((await keepwell(["inbox", "retry", "--failed", "--json"], database)).stdout).toContain(String(two));
  expect(new Set((await listInbox(db, { limit: 10 })).map(({ state }) => state))).toEqual(new Set(["pending"]));
});

test.for([
  { words: ["retry"], says: "Say which deliveries" },
  { words: ["retry", "1", "--failed"], says: "Say which deliveries" },
  { words: ["retry", "one"], says: "Expected a whole number from 1." },
  { words: ["retry", "1", "--source", "crm"], says: "--source goes with --failed" },
  { words: ["retry", "4711"], says: "Not retried, as there is no such delivery or it is done: 4711." },
])("inbox $words ends with 2 and says why", async ({ words, says }, { database }) => {
  const { code, stderr } = await keepwell(["inbox", ...words], database);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) });
});

test("what inbox prints with --json fits its published shapes", async ({ database, db }) => {
  const folder = await mkdtemp(join(tmpdir(), "keepwell-schemas-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await keepwell(["config", "schema", "--general", "--out", folder]);
  const [one] = await furnish(db);
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  for (const words of [["list"], ["show", String(one)], ["retry", String(one)]]) {
    const { stdout } = await keepwell(["inbox", ...words, "--json"], database);
    const schema: unknown = JSON.parse(await readFile(join(folder, "outputs", `inbox-${words[0]}.json`), "utf8"));
    const isFitting = ajv.validate(Object(schema), JSON.parse(stdout));
    expect({ words, isFitting, errors: ajv.errors }).toEqual({ words, isFitting: true, errors: null });
  }
});
