import { describe, expect, test } from "vitest";
import { type Scorer, scoreAccount } from "../../src/scoring/account-score.ts";
import { parseDay } from "../../src/scoring/days.ts";
import { faultText } from "../../src/scoring/fault.ts";
import { compileHealthModel } from "../../src/scoring/health-model.ts";
import { outageBegan } from "../../src/scoring/held-metrics.ts";
import type { AccountHistory, Outage, StreamCoverage } from "../../src/scoring/history.ts";
import { compileMetrics } from "../../src/scoring/metrics.ts";
import { scoringScope } from "../../src/scoring/scoring-scope.ts";
import { at, change, company, coverage, history, series } from "./build-history.ts";

const straight = [
  [0, 0],
  [10, 100],
];
const logins = { id: "logins", metric: "usage.logins.avg_7d", weight: 1, curve: straight };
const tickets = {
  id: "tickets",
  metric: "tickets.open",
  weight: 1,
  curve: [
    [0, 100],
    [10, 0],
  ],
};

function scorer(more: object = {}, measures: readonly object[] = [logins, tickets]): Scorer {
  const compiled = compileHealthModel({
    id: "default",
    name: "Default",
    bands: [{ id: "red", from: 0 }],
    minimumCoverage: 0,
    groups: [{ id: "all", weight: 1, measures }],
    ...more,
  });
  if ("faults" in compiled) throw new Error(compiled.faults.map(faultText).join("\n"));
  const { model } = compiled;
  return { models: [model], plan: compileMetrics(model.metricNames).plan, company: company(), lifecycle: null };
}

/** Ten logins a day until the outage of 3 May, then none were delivered; one ticket is open all the time. */
const account = history({
  account: { beganOn: "2025-01-01" },
  changes: [change("ticket", 2, "2025-04-01", { status: "open" })],
  usage: { logins: series("2025-04-01", new Array(32).fill(10)) },
});

function outages(...spans: readonly (readonly [began: string, ended: string | null])[]): readonly Outage[] {
  return spans.map(([began, ended]) => ({ beganAt: at(began), endedAt: ended === null ? null : at(ended) }));
}

/** Usage is delivered through 2 May, tickets always. */
function failing(spans: readonly Outage[], throughDay = "2025-05-02"): StreamCoverage {
  return coverage({
    usage: { logins: [throughDay] },
    kinds: { ticket: [{ throughDay: parseDay("2030-01-01"), recordedAt: 0, backfilled: true }] },
    usageOutages: { logins: spans },
  });
}

function scored(of: Scorer, covered: StreamCoverage, moment: string, known: AccountHistory = account) {
  return scoreAccount(of, { history: known, coverage: covered, memory: null, children: [] }, at(moment)).health;
}

const open = outages(["2025-05-03T06:00Z", null]);

describe("a measure whose source fails", () => {
  test("stands as it is while no complete day is lacking", () => {
    const health = scored(scorer(), failing(open), "2025-05-03T12:00Z");
    expect(health.drivers[0]).toMatchObject({ state: "value", value: 10, ageDays: 0 });
  });

  test("is held at its last good points, is counted as known, and says since when", () => {
    const late = scorer({}, [{ ...logins, maxAge: "2d" }, tickets]);
    for (const moment of ["2025-05-04T12:00Z", "2025-05-08T12:00Z", "2025-05-10T05:59Z"]) {
      const health = scored(late, failing(open), moment);
      expect(health).toMatchObject({ score: 95, coverage: 1 });
      expect(health.drivers[0]).toMatchObject({
        state: "held",
        value: 10,
        points: 100,
        reason: "held since 2025-05-03: its source fails",
      });
    }
    expect(scored(late, failing(open), "2025-05-08T12:00Z").drivers[0]?.ageDays).toBe(5);
    // Without the outage the same silence is an old value.
    expect(scored(late, failing([]), "2025-05-08T12:00Z").drivers[0]).toMatchObject({ state: "stale", points: null });
  });

  test("is stale once holdFor has passed, and then missing applies", () => {
    const worst = scorer({}, [{ ...logins, missing: "worst" }, tickets]);
    const health = scored(worst, failing(open), "2025-05-10T06:00Z");
    expect(health.drivers[0]).toMatchObject({
      state: "stale",
      points: 0,
      reason: "its source has failed since 2025-05-03, longer than 7 days",
    });
    expect(health).toMatchObject({ score: 45, coverage: 0.5 });
  });

  test("is held as long as the model says, or the measure itself", () => {
    const [brief, long] = [
      scorer({ holdFor: "2d" }),
      scorer({ holdFor: "2d" }, [{ ...logins, holdFor: "30d" }, tickets]),
    ];
    expect(scored(brief, failing(open), "2025-05-06T12:00Z").drivers[0]?.state).toBe("stale");
    expect(scored(long, failing(open), "2025-05-30T12:00Z").drivers[0]?.state).toBe("held");
    expect(scored(scorer({ holdFor: "0d" }), failing(open), "2025-05-04T12:00Z").drivers[0]?.state).toBe("stale");
  });

  test("is scored again when its hold ends", () => {
    const due = (moment: string) => {
      const known = { history: account, coverage: failing(open), memory: null, children: [] };
      return scoreAccount(scorer(), known, at(moment)).dueAt;
    };
    expect(due("2025-05-10T01:00Z")).toBe(at("2025-05-10T06:00Z"));
    expect(due("2025-05-09T12:00Z")).toBe(at("2025-05-10T00:00Z"));
  });

  test("is judged by the outages of that moment alone", () => {
    const past = outages(["2025-04-10T06:00Z", "2025-04-12T06:00Z"], ["2025-05-03T06:00Z", "2025-05-05T06:00Z"]);
    expect(scored(scorer(), failing(past), "2025-05-04T12:00Z").drivers[0]?.state).toBe("held");
    expect(scored(scorer(), failing(past), "2025-05-05T06:00Z").drivers[0]).toMatchObject({
      state: "value",
      ageDays: 2,
    });
    expect(scored(scorer(), failing(past), "2025-04-20T12:00Z").drivers[0]?.state).toBe("value");
  });

  test("takes back what it held when the source comes back", () => {
    const closed = outages(["2025-05-03T06:00Z", "2025-05-06T06:00Z"]);
    const health = scored(scorer(), failing(closed, "2025-05-05"), "2025-05-06T12:00Z");
    expect(health.drivers[0]).toMatchObject({ state: "value", ageDays: 0, reason: undefined });
  });

  test("is held at what was known when the outage began, not at what was corrected since", () => {
    const corrected = history({
      account: { beganOn: "2025-01-01" },
      usage: {
        logins: series(
          "2025-04-01",
          [...new Array(31).fill(10), 80],
          [
            { day: "2025-05-02", value: 10, recorded: "2025-05-03T00:00Z" },
            { day: "2025-05-02", value: 80, recorded: "2025-05-04T00:00Z" },
          ],
        ),
      },
    });
    const health = scored(scorer({}, [logins]), failing(open), "2025-05-05T12:00Z", corrected);
    expect(health.drivers[0]).toMatchObject({ state: "held", value: 10 });
  });

  test("is not held where it had no value before the outage", () => {
    const silent = history({ account: { beganOn: "2025-01-01" } });
    const never = coverage({ usageOutages: { logins: open } });
    expect(scored(scorer({}, [logins]), never, "2025-05-05T12:00Z", silent).drivers[0]).toMatchObject({
      state: "no-data",
      points: null,
    });
  });

  test("by kind of record: open tickets of a failing source are held, those of usage are not", () => {
    const covered = coverage({
      usage: { logins: ["2025-05-07"] },
      kinds: { ticket: ["2025-05-02"] },
      kindOutages: { ticket: open },
    });
    const [usage, support] = scored(scorer(), covered, "2025-05-08T12:00Z").drivers;
    expect(usage?.state).toBe("value");
    expect(support).toMatchObject({ state: "held", value: 1, points: 90 });
  });

  test("of a ratio: the outage of either side counts", () => {
    const seats = { ...logins, per: "contract.seats" };
    const known = history({
      account: { beganOn: "2025-01-01" },
      changes: [change("subscription", 2, "2025-01-01", { status: "active", startsOn: "2025-01-01", seats: 2 })],
      usage: { logins: series("2025-04-01", new Array(60).fill(10)) },
    });
    const [beside, below] = [
      coverage({ usage: { logins: ["2025-05-02"] }, usageOutages: { logins: open } }),
      coverage({ usage: { logins: ["2025-05-02"] }, kindOutages: { subscription: open } }),
    ];
    for (const covered of [beside, below]) {
      expect(scored(scorer({}, [seats]), covered, "2025-05-05T12:00Z", known).drivers[0]).toMatchObject({
        state: "held",
        value: 5,
        points: 50,
      });
    }
  });
});

describe("what is loaded while a source fails", () => {
  test("is nothing more while none fails, or for longer than any measure is held", () => {
    expect(outageBegan(scorer(), failing([]), at("2025-05-04T12:00Z"))).toBeNull();
    expect(outageBegan(scorer(), failing(open), at("2025-05-10T06:00Z"))).toBeNull();
    expect(scoringScope(scorer(), failing([]), at("2025-05-04T12:00Z")).forPast).toBe(false);
  });

  test("reaches as far back as it would have when the outage began, corrections included", () => {
    const moment = at("2025-05-09T12:00Z");
    expect(outageBegan(scorer(), failing(open), moment)).toBe(at("2025-05-03T06:00Z"));
    // A stream that came back in between moves the windows of today on, not those of the outage.
    const [moved, still] = [failing(open, "2025-05-08"), failing([], "2025-05-08")];
    const scope = scoringScope(scorer(), moved, moment);
    expect(scope.forPast).toBe(true);
    expect(scope.fromDay).toBeLessThan(scoringScope(scorer(), still, moment).fromDay);
    expect(scope.toDay).toBe(scoringScope(scorer(), still, moment).toDay);
  });

  test("an outage of what the model does not measure is none", () => {
    const covered = coverage({ usage: { logins: ["2025-05-02"] }, kindOutages: { survey: open } });
    expect(outageBegan(scorer(), covered, at("2025-05-05T12:00Z"))).toBeNull();
  });
});
