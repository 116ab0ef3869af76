import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { walkInLanes } from "../../src/cli/playbooks/backtest/lanes.ts";
import { readCandidates } from "../../src/queries/backtest/candidates.ts";
import { walkAccounts } from "../../src/queries/backtest/walk.ts";
import { backtestSchema } from "../../src/queries/backtest.ts";
import { parseDay } from "../../src/scoring/days.ts";
import type { Input } from "../../src/scoring/records.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { test as base } from "../support/database.ts";
import { account, cover, playbook, scenarioDocuments, take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const early = new Date("2026-01-01T00:00:00Z");
const days = ["--from", "2026-02-10", "--to", "2026-03-05"];
const channels = { channels: [{ id: "alerts", kind: "slack", transport: "outbox" }] };

const test = base.extend<{ readonly folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures a fixture needs from this pattern.
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "keepwell-backtest-"));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

/** Two accounts, of which the one whose use has ended churns a while later, and a playbook in force beside the one that is tried. */
async function begin(db: Db): Promise<void> {
  const beside = playbook({ id: "beside", entry: { mode: "episode", onActivate: "baseline" } });
  const documents = [
    ...scenarioDocuments,
    { kind: "channels", id: "channels", body: channels },
    { kind: "playbook", id: "beside", body: beside },
  ];
  await db.transaction().execute((tx) => applyDocuments(tx, documents, { author: "anna", note: null, now: early }));
  const falling = [...Array.from({ length: 20 }, () => 8), ...Array.from({ length: 20 }, () => 0)];
  const steady = Array.from({ length: 40 }, () => 9);
  const contract = (key: string, endsOn: string | null): Input => ({
    kind: "subscription",
    id: `${key}-plan`,
    account: key,
    at: "2025-01-01T00:00:00Z",
    set: { status: "active", startsOn: "2025-01-01", endsOn, amountMinor: 100, currency: "EUR", interval: "month" },
  });
  await take(db, [...account("acme", "2026-03-08", falling), contract("acme", "2026-03-12")], early);
  await take(db, [...account("beta", "2026-03-08", steady), contract("beta", null)], early);
  await cover(db, "2026-03-08", early);
}

async function written(folder: string, changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const file = join(folder, "save.json");
  const body = playbook({ enabled: false, entry: { mode: "episode", onActivate: "baseline" }, ...changes });
  await writeFile(file, JSON.stringify(body, null, 2));
  return file;
}

describe("keepwell playbooks backtest", () => {
  test("tells runs, CSMs, who fires beside it and who churned, of a playbook that is not in force", async ({
    database,
    db,
    folder,
  }) => {
    await begin(db);
    const words = ["playbooks", "backtest", await written(folder), ...days];
    const { code, stdout, stderr } = await keepwell(words, database);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain('"Save" from 2026-02-10 to 2026-03-05: 2 accounts, 48 days of accounts.\n');
    expect(stdout).toContain("1 runs for 1 accounts, 0.3 a week; 0 accounts matched at first");
    expect(stdout).toMatch(/anna +1 +1 +0.3 +1\n/);
    expect(stdout).toMatch(/2026-02-16 +1\n/);
    expect(stdout).toMatch(/30 days +100 % \(1\/1\)/);
    expect(stdout).toContain("1 of 1 runs (100 %) within 7 days of a run of beside.");
    expect(stdout).toMatch(/2026-02-21 +acme Ltd +anna +warning +2026-03-12 +score 34.3 is below 40/);
    expect(stdout).toContain("Nothing was written and nothing was sent.");
  });

  test("compares the values of a sweep in a table, and draws them", async ({ database, db, folder }) => {
    await begin(db);
    const svg = join(folder, "sweep.svg");
    const sweep = ["--sweep", "trigger.when.below=30..50:10", "--svg", svg, "--within", "30"];
    const words = ["playbooks", "backtest", await written(folder), ...days, ...sweep];
    const { code, stdout } = await keepwell(words, database);
    expect(code).toBe(0);
    expect(stdout).toMatch(/trigger.when.below +runs +accounts/);
    for (const value of [30, 40, 50])
      expect(stdout).toMatch(new RegExp(`^ +${value} +1 +1 +0.3 +100 % \\(1/1\\)`, "m"));
    const drawn = await readFile(svg, "utf8");
    for (const text of ["Save", "trigger.when.below", "precision", "recall", "alerts a week", ">30<", ">50<"]) {
      expect(drawn).toContain(text);
    }
    const json = await keepwell([...words, "--json"], database);
    const report = backtestSchema.parse(JSON.parse(json.stdout));
    expect(report.versions.map(({ value, fires }) => [value, fires])).toEqual([
      [30, 1],
      [40, 1],
      [50, 1],
    ]);
  });

  test("refuses faults with file and line, numbers that are not there, and days that are not over", async ({
    database,
    db,
    folder,
  }) => {
    await begin(db);
    const broken = await written(folder, { trigger: { on: "threshold", when: { fact: "scor", below: 40 } } });
    const faulty = await keepwell(["playbooks", "backtest", broken, ...days], database);
    expect(faulty.code).toBe(2);
    expect(faulty.stderr).toMatch(/save\.json:\d+:\d+ trigger\.when\.fact: .*did you mean "score"/);
    const file = await written(folder);
    const missing = await keepwell(
      ["playbooks", "backtest", file, ...days, "--sweep", "trigger.when.bellow=1..3:1"],
      database,
    );
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('did you mean "trigger.when.below"?');
    const future = ["playbooks", "backtest", file, "--from", "2026-02-10", "--to", "2999-01-01"];
    expect((await keepwell(future, database)).stderr).toContain("the last day can be yesterday");
    const lonely = ["playbooks", "backtest", file, ...days, "--svg", "x.svg"];
    expect((await keepwell(lonely, database)).stderr).toContain("give --sweep");
  });

  test("comes to the same in several threads", { timeout: 120_000 }, async ({ database, db, url, folder }) => {
    await begin(db);
    const trial = await readCandidates(db, await written(folder), null);
    if ("faults" in trial) throw new Error(JSON.stringify(trial.faults));
    const now = Date.parse("2026-07-01T00:00:00Z");
    const range = { fromDay: parseDay("2026-02-10"), toDay: parseDay("2026-03-05"), now, isFresh: true };
    const units = unitsOf(await readAllAccounts(database.db), []);
    const alone = await walkAccounts(db, trial, range, units);
    const { revisionKey } = trial.configuration;
    let told = 0;
    const together = await walkInLanes({ url, revisionKey, tried: trial.tried, range }, units, (accounts) => {
      told += accounts;
    });
    // One of the two has a run: there is no order to differ.
    expect(together).toEqual(alone);
    expect(told).toBe(2);
    const other = { url, revisionKey: "another", tried: trial.tried, range };
    await expect(walkInLanes(other, units, () => undefined)).rejects.toThrow("The live documents changed");
  });
});
