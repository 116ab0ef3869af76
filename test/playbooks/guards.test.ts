import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePlaybook } from "../../src/playbooks/compile.ts";
import type { GuardQuestion } from "../../src/playbooks/guard.ts";
import { capVerdict } from "../../src/playbooks/guards/cap.ts";
import { holdoutVerdict } from "../../src/playbooks/guards/holdout.ts";
import { inhibitionVerdict } from "../../src/playbooks/guards/inhibition.ts";
import type { AskedRun, AskingAccount, BegunRun, GuardKnowledge } from "../../src/playbooks/guards/knowledge.ts";
import { loopVerdict, originOf } from "../../src/playbooks/guards/loop.ts";
import { judgeRound } from "../../src/playbooks/guards/round.ts";
import { nextOpening, windowVerdict } from "../../src/playbooks/guards/window.ts";
import { type HouseGuards, houseGuardsSchema, parseHouseGuards } from "../../src/playbooks/guards-document.ts";
import type { Owners } from "../../src/playbooks/owners.ts";
import { workCalendar } from "../../src/scoring/calendar.ts";
import { parseDay } from "../../src/scoring/days.ts";
import { context, document, playbook } from "./build.ts";

const now = Date.parse("2026-03-10T12:00:00Z");
const hour = 3_600_000;
const day = 24 * hour;
const weekdaysOnly = workCalendar(["mon", "tue", "wed", "thu", "fri"], () => null);

function house(parts: Readonly<Record<string, unknown>> = {}): HouseGuards {
  return houseGuardsSchema.parse(parts);
}

function question(parts: Readonly<Record<string, unknown>> = {}, asked: Partial<GuardQuestion> = {}): GuardQuestion {
  const subject = playbook(parts);
  return { playbook: subject, episode: 1, round: 1, priority: subject.priority, waitingFor: null, ...asked };
}

function account(parts: Partial<AskingAccount> = {}): AskingAccount {
  return {
    ...{ zone: "Europe/Vienna", ownerId: "ada", snooze: null, underWay: [], begun: [], pauses: [], setFacts: [] },
    ...{ brakeVerdicts: [], rootId: 1, budget: null },
    ...parts,
  };
}

function knowledge(parts: Partial<GuardKnowledge> = {}): GuardKnowledge {
  return {
    house: house(),
    owners: {
      owners: [{ id: "ada", name: "Ada", email: "ada@example.com", zone: "Europe/Vienna" }],
      onOwnerChange: "move",
    },
    company: { zone: "Europe/Vienna", calendarOf: () => weekdaysOnly },
    salt: "salt",
    accounts: new Map([[1, account()]]),
    storms: new Map(),
    names: new Map([["save-at-risk", "Save"]]),
    ...parts,
  };
}

function begun(hoursAgo: number, parts: Partial<BegunRun> = {}): BegunRun {
  return { playbookId: "save-at-risk", priority: "warning", startedAt: now - hoursAgo * hour, ...parts };
}

describe("the next opening", () => {
  const office =
    (zone: string, from = 9 * 60, to = 17 * 60, calendar = weekdaysOnly) =>
    () => ({ zone, from, to, calendar });

  test.each([
    { at: "2026-03-10T12:00:00Z", zone: "Europe/Vienna", opens: "2026-03-10T12:00:00Z", name: "now, within hours" },
    { at: "2026-03-10T07:59:00Z", zone: "Europe/Vienna", opens: "2026-03-10T08:00:00Z", name: "the same morning" },
    { at: "2026-03-10T16:00:00Z", zone: "Europe/Vienna", opens: "2026-03-11T08:00:00Z", name: "the end is outside" },
    { at: "2026-03-13T20:00:00Z", zone: "Europe/Vienna", opens: "2026-03-16T08:00:00Z", name: "over a weekend" },
    {
      at: "2026-03-27T20:00:00Z",
      zone: "Europe/Vienna",
      opens: "2026-03-30T07:00:00Z",
      name: "over the change to summer time",
    },
    {
      at: "2026-10-23T20:00:00Z",
      zone: "Europe/Vienna",
      opens: "2026-10-26T08:00:00Z",
      name: "over the change to winter time",
    },
    {
      at: "2026-03-06T23:30:00Z",
      zone: "America/New_York",
      opens: "2026-03-09T13:00:00Z",
      name: "where clocks change on another day",
    },
    { at: "2026-03-10T21:30:00Z", zone: "Pacific/Kiritimati", opens: "2026-03-10T21:30:00Z", name: "far ahead of UTC" },
    { at: "2026-03-10T03:00:00Z", zone: "Pacific/Pago_Pago", opens: "2026-03-10T03:00:00Z", name: "far behind UTC" },
  ])("$name", ({ at, zone, opens }) => {
    expect(new Date(nextOpening(office(zone), Date.parse(at)))).toEqual(new Date(opens));
  });

  test("hours that begin in the gap of a change of clocks begin behind it", () => {
    const daily = workCalendar(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], () => null);
    const opens = nextOpening(office("Europe/Vienna", 2.5 * 60, 10 * 60, daily), Date.parse("2026-03-28T22:00:00Z"));
    expect(new Date(opens)).toEqual(new Date("2026-03-29T01:30:00Z"));
  });

  test("holidays are passed over", () => {
    const easter = workCalendar(["mon", "tue", "wed", "thu", "fri"], () => new Set([parseDay("2026-04-06")]));
    const opens = nextOpening(office("Europe/Vienna", 540, 1020, easter), Date.parse("2026-04-04T10:00:00Z"));
    expect(new Date(opens)).toEqual(new Date("2026-04-07T07:00:00Z"));
  });

  test("never lies in the past, and asking again at it finds it open", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: now, max: now + 2000 * day }),
        fc.constantFrom(
          "Europe/Vienna",
          "America/New_York",
          "Australia/Lord_Howe",
          "Africa/Casablanca",
          "Asia/Kathmandu",
        ),
        (at, zone) => {
          const opens = nextOpening(office(zone), at);
          expect(opens).toBeGreaterThanOrEqual(at);
          expect(nextOpening(office(zone), opens)).toBe(opens);
        },
      ),
    );
  });
});

describe("the window", () => {
  const saturday = Date.parse("2026-03-14T10:00:00Z");

  test("says whose hours it waits for, and until when", () => {
    const verdict = windowVerdict(
      question({ guards: { window: "owner-working-hours" } }),
      account(),
      knowledge(),
      saturday,
    );
    expect(verdict).toMatchObject({
      kind: "defer",
      words: "waiting for working hours of the owner until Mon 16 March 2026 at 09:00 (Europe/Vienna)",
    });
  });

  test("of guards.json holds no escalation; its own does", () => {
    const office = knowledge({ house: house({ window: "account-working-hours" }) });
    expect(windowVerdict(question(), account(), office, saturday)).toMatchObject({ guard: "window" });
    expect(windowVerdict(question({ priority: "escalation" }), account(), office, saturday)).toEqual({ kind: "go" });
    const own = question({ priority: "escalation", guards: { window: "account-working-hours" } });
    expect(windowVerdict(own, account(), office, saturday)).toMatchObject({ guard: "window" });
  });

  test("is that of whoever stands in, with hours of their own", () => {
    const owners: Owners = {
      owners: [
        {
          id: "ada",
          name: "Ada",
          email: "ada@example.com",
          away: [{ from: "2026-03-09", to: "2026-03-13", cover: "bo" }],
        },
        {
          id: "bo",
          name: "Bo",
          email: "bo@example.com",
          zone: "America/New_York",
          workingHours: { from: "10:00", to: "16:00" },
        },
      ],
      onOwnerChange: "move",
    };
    const verdict = windowVerdict(
      question({ guards: { window: "owner-working-hours" } }),
      account(),
      knowledge({ owners }),
      now,
    );
    expect(verdict).toMatchObject({ until: Date.parse("2026-03-10T14:00:00Z") });
  });
});

describe("the caps", () => {
  const capped = { guards: { maxPerAccount: { runs: 2, per: "30d" } } };
  const zone = "Europe/Vienna";

  test("hold a run until the oldest leaves the time, with the numbers", () => {
    const runs = [begun(1), begun(24), begun(31 * 24)];
    expect(capVerdict(question(capped), { begun: runs, zone }, house(), now)).toEqual({
      kind: "defer",
      guard: "account-cap",
      until: now - day + 30 * day,
      words: "2 of 2 runs of this playbook within 30 days, the next from 8 April 2026 at 14:00 (Europe/Vienna) on",
    });
    expect(capVerdict(question(capped), { begun: runs.slice(1), zone }, house(), now)).toEqual({ kind: "go" });
  });

  test("of all playbooks do not count runs of a lower priority", () => {
    const all = house({ maxPerAccount: { runs: 1, per: "7d" } });
    const runs = [begun(1, { playbookId: "other" })];
    expect(capVerdict(question(), { begun: runs, zone }, all, now)).toMatchObject({ guard: "account-cap" });
    expect(capVerdict(question({}, { priority: "escalation" }), { begun: runs, zone }, all, now)).toEqual({
      kind: "go",
    });
  });

  test("never let more begin within any such time, whatever is asked when", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 60 }), (gaps) => {
        let at = now;
        const runs: BegunRun[] = [];
        for (const gap of gaps) {
          at += gap * day;
          const verdict = capVerdict(question(capped), { begun: runs, zone }, house(), at);
          if (verdict.kind === "go") runs.push(begun(0, { startedAt: at }));
          else expect(verdict).toMatchObject({ until: expect.toSatisfy((until: number) => until > at) });
        }
        for (const { startedAt } of runs) {
          const within = runs.filter((one) => one.startedAt > startedAt - 30 * day && one.startedAt <= startedAt);
          expect(within.length).toBeLessThanOrEqual(2);
        }
      }),
    );
  });
});

test("inhibition names who mutes: by priority, or by the playbook's own list", () => {
  const names = new Map([["urgent", "Enterprise escalation"]]);
  const underWay = [{ playbookId: "urgent", priority: "escalation" }] as const;
  const byPriority = house({ inhibition: "priority" });
  const muted = { kind: "defer", guard: "inhibition", until: null, words: 'muted by "Enterprise escalation"' };
  expect(inhibitionVerdict(question(), underWay, byPriority, names)).toEqual(muted);
  expect(inhibitionVerdict(question({ priority: "escalation" }), underWay, byPriority, names)).toEqual({ kind: "go" });
  expect(inhibitionVerdict(question(), underWay, house(), names)).toEqual({ kind: "go" });
  expect(inhibitionVerdict(question({ guards: { inhibitedBy: ["urgent"] } }), underWay, house(), names)).toEqual(muted);
  const deaf = question({ guards: { inhibitedBy: false } });
  expect(inhibitionVerdict(deaf, underWay, byPriority, names)).toEqual({ kind: "go" });
});

describe("the holdout", () => {
  const drawn = (percent: number, id = "save-at-risk", salt = "salt") => {
    const asked = question({ id, holdout: { percent } });
    return (root: number) => holdoutVerdict(asked, root, salt).kind === "holdout";
  };
  const roots = Array.from({ length: 4000 }, (_, index) => index + 1);

  test("takes about as many as it says, of each playbook others", () => {
    const of = (id: string) => roots.filter(drawn(10, id));
    for (const id of ["one", "two"]) expect(Math.abs(of(id).length - 400)).toBeLessThan(80);
    expect(of("one").filter(drawn(10, "two")).length).toBeLessThan(80);
  });

  test("keeps those who are in when the percentage grows", () => {
    const small = roots.filter(drawn(5));
    expect(small.every(drawn(20))).toBe(true);
    expect(small.every(drawn(5, "save-at-risk", "other salt"))).toBe(false);
  });
});

describe("loops", () => {
  const setter = { fact: "segment", playbookId: "ping", depth: 2, chain: ["one", "two"] };
  const watching = question({ trigger: { on: "threshold", when: { fact: "segment", is: "smb" } } });

  test("a run is behind the deepest of those that set what its trigger names", () => {
    const other = { ...setter, depth: 5, fact: "owner" };
    expect(originOf(watching.playbook, [{ ...setter, depth: 0 }, setter, other])).toEqual({
      depth: 3,
      chain: ["one", "two", "ping"],
    });
    expect(originOf(question().playbook, [setter])).toEqual({ depth: 0, chain: [] });
  });

  test("is dropped beyond the depth, or where it goes round", () => {
    const origin = originOf(watching.playbook, [setter]);
    expect(loopVerdict(watching, origin, 3, new Map())).toEqual({ kind: "go" });
    expect(loopVerdict(watching, origin, 2, new Map())).toMatchObject({
      kind: "drop",
      words: 'loop: behind 3 runs that brought each other about, more than 2: "one", "two", "ping", "save-at-risk"',
    });
    const round = { depth: 1, chain: ["save-at-risk"] };
    expect(loopVerdict(watching, round, 3, new Map())).toMatchObject({ kind: "drop", guard: "loop" });
  });
});

describe("runs that are asked together", () => {
  const ask = (accountId: number, parts: Readonly<Record<string, unknown>>): AskedRun => ({
    accountId,
    question: question(parts),
  });

  test("whoever mutes another by name is asked before it", () => {
    const quiet = ask(1, { id: "a-quiet", priority: "escalation", guards: { inhibitedBy: ["b-loud"] } });
    const loud = ask(1, { id: "b-loud" });
    const { of } = judgeRound([quiet, loud], knowledge(), now);
    expect(of(1).ask(loud.question)).toEqual({ kind: "go" });
    expect(of(1).ask(quiet.question)).toMatchObject({ guard: "inhibition" });
  });

  test("a storm is seen before anything of it begins, and what it stops mutes nobody", () => {
    const ids = Array.from({ length: 10 }, (_, index) => index + 1);
    const brake = { share: 0.1, per: "1h", atLeast: 5 };
    const stormy = ids.map((id) => ask(id, { id: "stormy", priority: "escalation", guards: { stormBrake: brake } }));
    const mild = ids.map((id) => ask(id, { id: "mild", guards: { inhibitedBy: "priority" } }));
    const known = knowledge({
      accounts: new Map(ids.map((id) => [id, account()])),
      storms: new Map([["stormy", { begun: 0, audience: 50, brake: null }]]),
    });
    const { of, pulled } = judgeRound([...mild, ...stormy], known, now);
    expect([...pulled]).toEqual([["stormy", { begun: 0, wanted: 10, audience: 50 }]]);
    for (const [index, id] of ids.entries()) {
      expect(of(id).ask((stormy[index] ?? ask(0, {})).question)).toMatchObject({
        guard: "storm-brake",
        words: "storm brake: 10 of 50 accounts within 1 hour, more than 10 %",
      });
      expect(of(id).ask((mild[index] ?? ask(0, {})).question)).toEqual({ kind: "go" });
    }
  });
});

test("guards.json tells what is wrong with it, by name", () => {
  const told = parseHouseGuards({ workingHours: { from: "17:00", to: "09:00" }, maxPerAcount: {} });
  expect("faults" in told ? told.faults.map(({ path, message }) => `${path}: ${message}`) : []).toEqual([
    expect.stringContaining("workingHours.to"),
    expect.stringContaining("maxPerAccount"),
  ]);
});

test("a playbook that is muted by one there is none of is refused", () => {
  const body = document({ guards: { inhibitedBy: ["urgnt"] } });
  const compiled = compilePlaybook(body, { ...context, playbooks: ["save-at-risk", "urgent"] });
  expect("faults" in compiled ? compiled.faults : []).toMatchObject([
    { path: "guards.inhibitedBy[0]", message: 'there is no playbook "urgnt"; did you mean "urgent"?' },
  ]);
});
