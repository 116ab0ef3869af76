import { beforeAll, describe, expect, test } from "vitest";
import { type SampleStory, sampleStories } from "../../src/integrations/sample/stories.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeTrigger } from "../../src/playbooks/trigger.ts";
import type { AccountScore } from "../../src/scoring/account-score.ts";
import { metricsAmong } from "../../src/scoring/fact-catalogue.ts";
import { type Facts, factsOf, journeyStatus } from "../../src/scoring/facts.ts";
import type { AccountHistory, Driver } from "../../src/scoring/history.ts";
import { accountAsOf } from "../../src/scoring/record-state.ts";
import { sampleHistories, samplePlaybooks, sampleScorer, scoresOver } from "./sample-portfolio.ts";

/** An ordinary week, and the first days after the holidays, before the working day begins. */
const firstStarts = ["2026-03-11T09:30:00Z", "2026-01-05T02:00:00Z"];
const seed = 20240601;
const dayMs = 86_400_000;
/** Eight weeks: what a first start replays. */
const replayedDays = 56;

interface Watched {
  readonly history: AccountHistory;
  /** By day, the newest last. */
  readonly scores: readonly AccountScore[];
}

const playbooks = samplePlaybooks();
const accountsWith = (story: SampleStory) =>
  sampleStories.filter((entry) => entry.story === story).map((entry) => entry.accountKey);

describe.each(firstStarts)("first started at %s", (moment) => {
  const now = new Date(moment);
  const watched = new Map<string, Watched>();

  beforeAll(async () => {
    const scorer = sampleScorer(playbooks.flatMap((playbook) => metricsAmong(playbook.facts)));
    const { histories, coverage } = await sampleHistories(seed, now);
    for (const history of histories) {
      watched.set(history.key, { history, scores: scoresOver(scorer, history, coverage, replayedDays, now) });
    }
  });

  function scoresOf(key: string): readonly AccountScore[] {
    const found = watched.get(key);
    if (found === undefined) throw new Error(`the sample has no account ${key}`);
    return found.scores;
  }

  function today(key: string): AccountScore {
    return scoreBefore(key, 0);
  }

  function scoreBefore(key: string, days: number): AccountScore {
    const found = scoresOf(key).at(-1 - days);
    if (found === undefined) throw new Error(`${key} was not scored ${days} days ago`);
    return found;
  }

  /** Drivers by the points they cost, the costliest first. */
  function worst(key: string): readonly Driver[] {
    const loss = (driver: Driver) => driver.weight * 100 - driver.contribution;
    return today(key).health.drivers.toSorted((a, b) => loss(b) - loss(a));
  }

  function bandsToday(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const key of watched.keys()) {
      const band = today(key).health.band ?? "none";
      counts[band] = (counts[band] ?? 0) + 1;
    }
    return counts;
  }

  describe("the portfolio of a first start", () => {
    test("is mostly green, a fifth to a quarter yellow, about a tenth red", () => {
      const { red = 0, yellow = 0, green = 0 } = bandsToday();
      expect(red).toBeGreaterThanOrEqual(16);
      expect(red).toBeLessThanOrEqual(24);
      expect(yellow).toBeGreaterThanOrEqual(38);
      expect(yellow).toBeLessThanOrEqual(52);
      expect(green).toBeGreaterThanOrEqual(120);
    });

    test("has accounts that crossed into another band within the last week", () => {
      const crossed = [...watched.keys()].filter((key) => today(key).health.band !== scoreBefore(key, 7).health.band);
      expect(crossed.length).toBeGreaterThanOrEqual(3);
      expect(crossed.length).toBeLessThanOrEqual(20);
    });

    test("explains every score by drivers that add up to it", () => {
      for (const key of watched.keys()) {
        const { score, drivers } = today(key).health;
        const sum = drivers.reduce((total, driver) => total + Math.round(driver.contribution * 10), 0);
        expect([key, sum / 10]).toEqual([key, score]);
      }
    });
  });

  describe("what the stories look like", () => {
    test.each(accountsWith("just stops"))("%s stopped using the product and is red for it", (key) => {
      const { health } = today(key);
      expect(health.band).toBe("red");
      expect(worst(key)[0]?.metric).toMatch(/^usage\./);
      expect(health.score).toBeLessThanOrEqual(30);
    });

    test.each(accountsWith("overdue invoice"))("%s is capped at 39 by its overdue invoice alone", (key) => {
      const { health } = today(key);
      expect([health.band, health.score]).toEqual(["red", 39]);
      expect(worst(key)[0]?.metric).toBe("billing.overdue_days");
      expect(scoreBefore(key, 30).health.band).toBe("green");
    });

    test.each(accountsWith("ticket storm"))("%s loses most by its urgent tickets", (key) => {
      expect(worst(key)[0]?.metric).toBe("tickets.open_urgent");
      expect(today(key).health.score).toBeLessThanOrEqual(45);
      expect(scoreBefore(key, 21).health.score).toBeGreaterThan(75);
    });

    test.each([...accountsWith("champion leaves"), ...accountsWith("quiet decline")])(
      "%s falls steadily, by its usage",
      (key) => {
        const course = [49, 28, 14, 0].map((days) => scoreBefore(key, days).health.score ?? 0);
        expect((course[0] ?? 0) - (course[3] ?? 0)).toBeGreaterThanOrEqual(10);
        expect(course[3]).toBeLessThan(course[2] ?? 0);
        expect(worst(key)[0]?.metric).toMatch(/^usage\./);
      },
    );

    test("one champion's account and one quiet decline have just become red", () => {
      for (const story of ["champion leaves", "quiet decline"] as const) {
        const reds = accountsWith(story).filter((key) => today(key).health.band === "red");
        const fresh = reds.filter((key) => scoreBefore(key, 14).health.band !== "red");
        expect([story, fresh.length]).toEqual([story, 1]);
      }
    });

    test.each(accountsWith("recovery"))("%s was red and is green again", (key) => {
      expect(scoreBefore(key, replayedDays - 6).health.band).toBe("red");
      expect(today(key).health.band).toBe("green");
    });

    test.each(accountsWith("stuck in onboarding"))("%s is red by what it does not use", (key) => {
      expect(today(key).health.band).toBe("red");
      expect(worst(key)[0]?.metric).toBe("usage.active_users.avg_28d");
    });

    test.each(accountsWith("stuck in onboarding"))("%s is stuck in onboarding: it has not gone live in time", (key) => {
      const { stage, milestones } = today(key).lifecycle;
      expect(stage).toBe("onboarding");
      expect(milestones.find(({ id }) => id === "go-live")).toMatchObject({ status: "stuck", reachedAt: null });
    });

    test("the accounts stand in all stages but the last, and every tenth one is stuck", () => {
      const states = [...watched.keys()].map((key) => today(key).lifecycle);
      const stages = new Set(states.map(({ stage }) => stage));
      expect([...stages].sort()).toEqual(["adoption", "advocacy", "onboarding", "renewal", "value"]);
      const stuck = states.filter((state) => journeyStatus(state) === "stuck");
      expect(stuck.length).toBeGreaterThanOrEqual(15);
      expect(stuck.length).toBeLessThanOrEqual(25);
    });

    test.each(accountsWith("never adopted"))("%s has been red for weeks by its usage", (key) => {
      expect(today(key).health.band).toBe("red");
      expect(worst(key)[0]?.metric).toMatch(/^usage\./);
    });
  });

  describe("what fires at a first start", () => {
    function factsOn(key: string, score: AccountScore, at: number): Facts {
      const history = watched.get(key)?.history;
      if (history === undefined) throw new Error(`the sample has no account ${key}`);
      return factsOf({ ...accountAsOf(history, at), key }, score.metrics, score.health);
    }

    /** The accounts whose trigger starts a run when only the last pass may, the states having been judged over `days` before it. */
    function firing(days: number): ReadonlyMap<string, readonly string[]> {
      const fired = new Map<string, readonly string[]>();
      for (const playbook of playbooks) {
        const keys = [...watched.keys()].filter((key) => {
          let state: TriggerState | null = null;
          for (let ago = days; ago >= 0; ago -= 1) {
            const at = now.getTime() - ago * dayMs;
            const facts = factsOn(key, scoreBefore(key, ago), at);
            state = judgeTrigger(playbook, state, facts, { now: at, firstSeen: ago === days }).state;
          }
          return state?.state === "firing";
        });
        fired.set(playbook.id, keys);
      }
      return fired;
    }

    test.each([
      { days: 0, name: "without a replay" },
      { days: replayedDays, name: "after a replay of eight weeks" },
    ])("five to twelve accounts, not sixty: $name", ({ days }) => {
      const fired = firing(days);
      const accounts = new Set([...fired.values()].flat());
      expect(accounts.size).toBeGreaterThanOrEqual(5);
      expect(accounts.size).toBeLessThanOrEqual(12);
      expect(fired.get("ticket-storm")).toEqual(expect.arrayContaining(accountsWith("ticket storm")));
    });

    test("usage that has been falling for longer fires once the replay has counted its two days", () => {
      expect(firing(replayedDays).get("usage-decline")).toEqual(expect.arrayContaining(accountsWith("quiet decline")));
    });
  });
});
