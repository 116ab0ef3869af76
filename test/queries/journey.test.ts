import { describe, expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { journeySchema, readJourney } from "../../src/queries/journey.ts";
import type { Db } from "../../src/store/db.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const dayMs = 86_400_000;
const log = createSilentLog();
const lifecycle = {
  stages: [
    { id: "onboarding", name: "Onboarding" },
    {
      id: "adoption",
      name: "Adoption",
      when: { fact: "usage.logins.sum_7d", atLeast: 1 },
      from: ["onboarding"],
    },
    { id: "value", name: "Value", when: { fact: "milestone.go-live", is: true }, from: ["adoption"] },
  ],
  milestones: [
    { id: "go-live", name: "Go-live", stage: "adoption", event: { name: "went_live" }, expected: { within: "14d" } },
    { id: "first-referral", name: "First referral" },
  ],
};
const configuration = configure([], 1, {}, false, [{ kind: "lifecycle", id: "lifecycle", body: lifecycle }]);
const week = (value: number) => Array.from({ length: 7 }, () => value);

/** Scores what is due after so many days, with usage delivered up to the day before. */
async function scoreAfter(db: Db, days: number): Promise<Date> {
  const moment = new Date(now.getTime() + days * dayMs);
  await cover(db, new Date(moment.getTime() - dayMs).toISOString().slice(0, 10), moment);
  await scoreDue({ db, configuration, log }, moment);
  return moment;
}

describe("the journey of an account", () => {
  test("tells its stages and milestones in the days of its own zone", async ({ db }) => {
    const begin = { beganOn: "2026-03-01", zone: "Asia/Kolkata", owner: "anna" };
    await take(db, [{ kind: "account", id: "acme", at: "2026-03-01T00:00:00Z", set: { name: "Acme", ...begin } }], now);
    await scoreAfter(db, 0);
    const second = new Date(now.getTime() + 2 * dayMs);
    await take(db, account("acme", "2026-03-11", week(5)).slice(1), second);
    await scoreAfter(db, 2);
    const event = {
      kind: "event" as const,
      id: "e1",
      account: "acme",
      at: "2026-03-13T20:00:00Z",
      set: { name: "went_live" },
    };
    await take(db, [event], new Date(now.getTime() + 4 * dayMs));
    const last = await scoreAfter(db, 4);
    const journey = await readJourney(db, configuration, "acme", new Date(last.getTime() + 1000));
    expect(journeySchema.parse(journey)).toEqual({
      account: "acme",
      name: "Acme",
      archived: null,
      zone: "Asia/Kolkata",
      asOf: last.toISOString(),
      stage: {
        id: "value",
        name: "Value",
        decidedBy: "conditions",
        since: last.toISOString(),
        sinceDay: "2026-03-14",
        reason: "milestone.go-live is true",
      },
      status: "on-track",
      stages: [
        { id: "onboarding", name: "Onboarding", enteredDay: "2026-03-10", leftDay: "2026-03-12" },
        { id: "adoption", name: "Adoption", enteredDay: "2026-03-12", leftDay: "2026-03-14" },
        { id: "value", name: "Value", enteredDay: "2026-03-14", leftDay: null },
      ],
      milestones: [
        {
          id: "go-live",
          name: "Go-live",
          stage: "adoption",
          status: "reached",
          reachedAt: "2026-03-13T20:00:00.000Z",
          // Half past one in the morning there.
          reachedDay: "2026-03-14",
          by: "event",
          expectedAt: "2026-03-14T18:30:00.000Z",
          expectedDay: "2026-03-15",
        },
        {
          id: "first-referral",
          name: "First referral",
          stage: null,
          status: "open",
          reachedAt: null,
          reachedDay: null,
          by: null,
          expectedAt: null,
          expectedDay: null,
        },
      ],
    });
  });

  test("is judged on the spot for an account that was not scored yet", async ({ db }) => {
    await take(db, account("acme", "2026-03-09", week(5)), now);
    await cover(db, "2026-03-09", now);
    const journey = await readJourney(db, configuration, "acme", now);
    expect(journey).toMatchObject({
      asOf: now.toISOString(),
      stage: { id: "adoption" },
      status: "stuck",
      stages: [{ id: "adoption", enteredDay: "2026-03-10", leftDay: null }],
    });
  });

  test("of an account that came with a CRM's past begins with the stage before", async ({ db }) => {
    const begin = account("acme", "2026-03-09", week(0));
    const changes = ["Onboarding", "Adoption"].map((stage, index) => ({
      kind: "account" as const,
      id: "acme",
      at: `2026-0${index + 1}-15T00:00:00Z`,
      set: { stage },
    }));
    await take(db, [...begin, ...changes], now);
    await scoreAfter(db, 0);
    expect((await readJourney(db, configuration, "acme", now))?.stages).toEqual([
      { id: "onboarding", name: "Onboarding", enteredDay: null, leftDay: "2026-02-15" },
      { id: "adoption", name: "Adoption", enteredDay: "2026-02-15", leftDay: null },
    ]);
  });

  test("is null for an account nobody knows, and empty without a lifecycle and a stage", async ({ db }) => {
    expect(await readJourney(db, configuration, "acme", now)).toBeNull();
    await take(db, account("acme", "2026-03-09", week(5)), now);
    expect(await readJourney(db, configure(), "acme", now)).toMatchObject({
      stage: { id: null, name: null, since: null, reason: "nothing names a stage" },
      status: null,
      stages: [],
      milestones: [],
    });
  });
});
