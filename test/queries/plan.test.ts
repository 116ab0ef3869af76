import { describe, expect, test as pureTest } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { documentDifferences } from "../../src/queries/plan/document-difference.ts";
import { planSchema, planScores } from "../../src/queries/plan.ts";
import { compileLifecycle } from "../../src/scoring/lifecycle/compile.ts";
import type { Db } from "../../src/store/db.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { keepwell } from "../cli/command-line.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, take } from "../worker/scenario.ts";
import { folderOf, soundDocuments } from "./company-folder.ts";

const now = new Date("2026-03-10T12:00:00Z");
const later = new Date("2026-03-10T12:00:01Z");
const log = createSilentLog();
const logins = { lazy: 1, fair: 5, keen: 9 } as const;
const live = configure();
const measure = (metric: string, top: number) => ({
  groups: [
    {
      id: "usage",
      weight: 1,
      measures: [
        {
          id: "logins",
          metric,
          weight: 1,
          curve: [
            [0, 0],
            [top, 100],
          ],
        },
      ],
    },
  ],
});

/** Three accounts with 10, 50 and 90 points under the documents in force. */
async function scorePortfolio(db: Db): Promise<void> {
  for (const [key, count] of Object.entries(logins)) {
    await take(
      db,
      account(
        key,
        "2026-03-09",
        Array.from({ length: 7 }, () => count),
      ),
      now,
    );
  }
  await cover(db, "2026-03-09", now);
  await scoreDue({ db, configuration: live, log }, now);
}

async function plan(db: Db, after: Configuration, before = live, isReusable = () => true) {
  const question = { before: before.scorer, after: after.scorer, isReusable, listed: 20 };
  return planSchema.parse(await planScores(db, question, later));
}

async function storedScores(db: Db) {
  const rows = await db
    .selectFrom("scores as s")
    .innerJoin("accounts as a", "a.id", "s.accountId")
    .select(["a.key", "s.score", "s.band"])
    .orderBy("a.key")
    .execute();
  return rows.map(({ key, score, band }) => ({ key, score, band }));
}

test("a plan foretells, for every account, the score and the band that applying it brings", async ({ db }) => {
  await scorePortfolio(db);
  const edited = configure([], 2, measure("usage.logins.avg_7d", 20));
  const foretold = await plan(db, edited);
  await db.updateTable("accountWork").set({ dirtySeq: 99 }).execute();
  await scoreDue({ db, configuration: edited, log }, later);
  const moved = foretold.moves.map(({ account: key, after: { score, band } }) => ({ key, score, band }));
  expect(moved.sort((one, other) => (one.key < other.key ? -1 : 1))).toEqual(await storedScores(db));
  expect(foretold).toMatchObject({
    accounts: 3,
    compared: 3,
    scores: { up: 0, down: 3, same: 0, gained: 0, lost: 0, meanChange: -25 },
    warnings: [],
  });
  const bands = foretold.bands.map(({ from, to, accounts }) => ({ from, to, accounts }));
  expect(bands).toContainEqual({ from: "green", to: "yellow", accounts: 1 });
  expect(bands).toContainEqual({ from: "yellow", to: "red", accounts: 1 });
});

test("a plan writes nothing", async ({ db }) => {
  await scorePortfolio(db);
  const before = await storedScores(db);
  await plan(db, configure([], 2, measure("usage.logins.avg_7d", 20)));
  expect(await storedScores(db)).toEqual(before);
  expect(
    await db.selectFrom("accountWork").select("accountId").whereRef("dirtySeq", ">", "scoredSeq").execute(),
  ).toEqual([]);
});

test("a metric that no score has kept is computed from the history", async ({ db }) => {
  await scorePortfolio(db);
  const { moves } = await plan(db, configure([], 2, measure("usage.logins.sum_7d", 100)));
  expect(moves.map(({ account: key, after }) => [key, after.score])).toContainEqual(["keen", 63]);
});

test("a metric whose meaning changes is computed anew", async ({ db }) => {
  await scorePortfolio(db);
  await db.updateTable("usageDaily").set({ value: 2 }).execute();
  const kept = await plan(db, live);
  expect(kept.scores).toMatchObject({ same: 3 });
  const anew = await plan(db, live, live, () => false);
  expect(anew.moves.map(({ after }) => after.score)).toEqual([20, 20, 20]);
});

test("rules that would lead accounts round and round are counted, with the stages and one account", async ({ db }) => {
  await scorePortfolio(db);
  const busy = { fact: "usage.logins.avg_7d", atLeast: 4 };
  const stages = [
    { id: "first", name: "First" },
    { id: "one", name: "One", when: busy, from: ["first", "other"] },
    { id: "other", name: "Other", when: { fact: "usage.logins.avg_7d", atLeast: 3 }, from: ["one"] },
  ];
  const compiled = compileLifecycle({ stages, milestones: [] }, { revision: 2, zone: "Etc/UTC" });
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
  const planned = { ...live, scorer: { ...live.scorer, lifecycle: compiled.lifecycle } };
  const { warnings } = await plan(db, planned);
  expect(warnings).toEqual([
    "the stage rules oscillate for 2 of 3 accounts, fair for one, between one, other: these keep the stage they have",
  ]);
});

test("without a difference nothing moves, and an account without a score is not compared", async ({ db }) => {
  await scorePortfolio(db);
  await take(db, account("newcomer", "2026-03-09", [1]), now);
  expect(await plan(db, live)).toMatchObject({
    accounts: 4,
    compared: 3,
    scores: { up: 0, down: 0, same: 3, meanChange: 0 },
    bands: [],
    moves: [],
  });
});

describe("differences of a document", () => {
  pureTest("are told leaf by leaf, parts with an id by it", () => {
    const from = {
      id: "m",
      groups: [
        { id: "a", weight: 1 },
        { id: "b", weight: 2 },
      ],
      gone: true,
    };
    const to = {
      id: "m",
      groups: [
        { id: "new", weight: 5 },
        { id: "a", weight: 1 },
        { id: "b", weight: 3 },
      ],
    };
    expect(documentDifferences(from, to)).toEqual([
      { path: "groups.b.weight", from: 2, to: 3 },
      { path: "groups.new", from: undefined, to: { id: "new", weight: 5 } },
      { path: "gone", from: true, to: undefined },
    ]);
  });

  pureTest("name the members of a list without ids that came and went, and a mere change of places as one", () => {
    const [first, second, third] = [{ max: 1 }, { max: 2 }, { max: 3 }];
    expect(documentDifferences({ caps: [first, second] }, { caps: [second, third] })).toEqual([
      { path: "caps[0]", from: first, to: undefined },
      { path: "caps[1]", from: undefined, to: third },
    ]);
    expect(documentDifferences({ caps: [first, second] }, { caps: [second, first] })).toEqual([
      { path: "caps", from: [first, second], to: [second, first] },
    ]);
  });

  pureTest("take a list of points as one value", () => {
    const [from, to] = [
      {
        curve: [
          [0, 0],
          [1, 100],
        ],
      },
      {
        curve: [
          [0, 0],
          [2, 100],
        ],
      },
    ];
    expect(documentDifferences(from, to)).toEqual([{ path: "curve", from: from.curve, to: to.curve }]);
  });
});

describe("config plan", () => {
  test("tells what a folder would change and applies nothing", async ({ database, db }) => {
    const before = await folderOf(soundDocuments);
    await keepwell(["config", "apply", before], database);
    const model = soundDocuments["health-models/default.json"];
    const niche = { ...model, id: "niche", appliesTo: { fact: "segment", is: "nobody" } };
    const folder = await folderOf({
      ...soundDocuments,
      "health-models/default.json": { ...model, minimumCoverage: 0.1 },
      "health-models/niche.json": niche,
    });
    const { code, stdout } = await keepwell(["config", "plan", folder], database);
    expect(code).toBe(0);
    expect(stdout).toContain("changed  health-model default\n           minimumCoverage: (none) → 0.1\n");
    expect(stdout).toContain("created  health-model niche\n");
    expect(stdout).toContain("Nothing is applied.");
    expect(await db.selectFrom("documents").select("id").where("id", "=", "niche").execute()).toEqual([]);
    expect((await keepwell(["config", "plan", before], database)).stdout).toContain("nothing would change");
  });

  test("warns of a model that applies to nobody, with the count", async ({ db }) => {
    await scorePortfolio(db);
    const niche = configure([], 2, { id: "niche", appliesTo: { fact: "segment", is: "nobody" } }, true);
    const planned = { ...live, scorer: { ...live.scorer, models: [...niche.scorer.models] } };
    const { warnings, models } = await plan(db, planned);
    expect(warnings).toEqual(['the health model "niche" applies to nobody: 0 of 3 accounts']);
    expect(models).toEqual([
      { id: "niche", before: 0, after: 0 },
      { id: "default", before: 3, after: 3 },
    ]);
  });

  test("without documents in force says what to do", async ({ database }) => {
    const { code, stderr } = await keepwell(["config", "plan", await folderOf(soundDocuments)], database);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("keepwell config apply") });
  });
});
