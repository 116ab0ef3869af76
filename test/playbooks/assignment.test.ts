import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assign, noWorkload, type Workload } from "../../src/playbooks/assignment.ts";
import { compilePlaybook } from "../../src/playbooks/compile.ts";
import { type Owners, resolveOwner } from "../../src/playbooks/owners.ts";
import { advanceRun } from "../../src/playbooks/plan.ts";
import type { Assignee } from "../../src/playbooks/playbook.ts";
import { faultText } from "../../src/scoring/fault.ts";
import { context, document, playbook, run, scene, subject } from "./build.ts";

const now = Date.parse("2026-05-04T10:00:00Z");
const today = "2026-05-04";
const away = [{ from: "2026-05-01", to: "2026-05-09", cover: "dora" }];

function team(awayIds: readonly string[] = [], parts: Partial<Owners> = {}): Owners {
  const ids = ["ada", "bo", "cy", "dora"];
  const owners = ids.map((id) => ({
    id,
    name: id,
    email: `${id}@example.com`,
    ...(id === "ada" && { manager: "bo" }),
    ...(awayIds.includes(id) && { away }),
  }));
  return { owners, fallback: "dora", onOwnerChange: "move", ...parts };
}

function assigned(assignee: Assignee, owners = team(), workload: Workload = noWorkload, turns = 0, owner = "ada") {
  const onDuty = (id: string) => resolveOwner(owners, id, today);
  return assign(assignee, subject({}, { ...onDuty(owner), onDuty }), workload, turns);
}

const leastLoaded = (...among: string[]): Assignee => ({ kind: "least-loaded", among });
const roundRobin = (...among: string[]): Assignee => ({ kind: "round-robin", among });
const loads = (open: Readonly<Record<string, number>>): Workload => ({
  openTasks: new Map(Object.entries(open)),
  turns: new Map(),
});

describe("a task", () => {
  test("for the owner belongs to whoever owns the account, unless somebody stands in", () => {
    expect(assigned("owner")).toMatchObject({ assignee: "ada", asOwner: true, why: "" });
    expect(assigned("owner", team(["ada"]))).toMatchObject({
      assignee: "dora",
      asOwner: false,
      standsInFor: { owner: { id: "ada" } },
    });
  });

  test("for the manager goes to the manager of who is on duty, and does not move with the account", () => {
    expect(assigned("manager")).toMatchObject({ assignee: "bo", asOwner: false, why: "the manager of ada" });
    expect(assigned("manager", team(["bo"]))).toMatchObject({ assignee: "dora", standsInFor: { owner: { id: "bo" } } });
  });

  test("for the manager of an owner who has none stays with the owner", () => {
    expect(assigned("manager", team(), noWorkload, 0, "cy")).toMatchObject({
      assignee: "cy",
      asOwner: true,
      why: "cy has no manager",
    });
  });

  test("for nobody, where there is neither owner nor fallback, goes to nobody", () => {
    const nobody: Owners = { owners: [], onOwnerChange: "move" };
    expect(assigned("owner", nobody)).toMatchObject({ assignee: null });
    expect(assigned("manager", nobody)).toMatchObject({ assignee: null });
  });

  test.each([
    { open: { ada: 4, bo: 2, cy: 3 }, to: "bo", why: "least loaded of 3: bo has 2 open tasks" },
    { open: { ada: 1, bo: 1 }, to: "cy", why: "least loaded of 3: cy has 0 open tasks" },
    { open: { ada: 1, bo: 1, cy: 1 }, to: "ada", why: "least loaded of 3: ada has 1 open task" },
  ])("by load goes to $to where open tasks are $open", ({ open, to, why }) => {
    expect(assigned(leastLoaded("ada", "bo", "cy"), team(), loads(open))).toMatchObject({ assignee: to, why });
  });

  test("by load passes over who is away, and says so", () => {
    expect(assigned(leastLoaded("ada", "bo"), team(["ada"]), loads({ bo: 9 }))).toMatchObject({
      assignee: "bo",
      why: "least loaded of 2: bo has 9 open tasks; ada away",
    });
  });

  test("by turn goes round, and past who is away", () => {
    const given = (owners: Owners) => {
      let turns = 0;
      return Array.from({ length: 5 }, () => {
        const one = assigned(roundRobin("ada", "bo", "cy"), owners, noWorkload, turns);
        turns = one.turns ?? turns;
        return one.assignee;
      });
    };
    expect(given(team())).toEqual(["ada", "bo", "cy", "ada", "bo"]);
    expect(given(team(["bo"]))).toEqual(["ada", "cy", "ada", "cy", "ada"]);
  });

  test("for one of several who are all away goes to who stands in", () => {
    for (const assignee of [leastLoaded("ada", "bo"), roundRobin("ada", "bo")]) {
      expect(assigned(assignee, team(["ada", "bo"]))).toMatchObject({
        assignee: "dora",
        standsInFor: { owner: { id: "ada" } },
      });
    }
  });

  test("by turn comes to everybody who is there equally often, whoever is away", () => {
    const ids = ["ada", "bo", "cy", "dora"];
    fc.assert(
      fc.property(fc.subarray(ids, { maxLength: 3 }), fc.nat(50), (awayIds, first) => {
        const present = ids.filter((id) => !awayIds.includes(id));
        const owners = team(awayIds, { fallback: present[0] });
        const counts = new Map<string | null, number>();
        let turns = first;
        for (let count = 0; count < present.length * 3; count += 1) {
          const one = assigned(roundRobin(...ids), owners, noWorkload, turns);
          counts.set(one.assignee, (counts.get(one.assignee) ?? 0) + 1);
          turns = one.turns ?? turns;
        }
        expect([...counts].sort()).toEqual(present.map((id) => [id, 3]).sort());
      }),
    );
  });

  test("says in its reason how it came to somebody", () => {
    const steps = [{ id: "call", do: "task", title: "Call", assignee: { roundRobin: ["ada"] }, dueInDays: 2 }];
    const { actions } = advanceRun(playbook({ steps }), run("call"), scene(), now);
    expect(actions).toMatchObject([
      {
        reason: "task for ada, due on 2026-05-06; the turn of ada among 1",
        turns: 1,
        message: { assignee: "ada", asOwner: false },
      },
    ]);
  });
});

describe("an assignee is refused", () => {
  const refusalsOf = (assignee: unknown) => {
    const compiled = compilePlaybook(document({ steps: [{ id: "call", do: "task", title: "Call", assignee }] }), {
      ...context,
      owners: [{ id: "ada" }, { id: "bo" }],
    });
    return "faults" in compiled ? compiled.faults.map(faultText) : [];
  };

  test.each([
    {
      what: "an owner nobody knows",
      assignee: "eve",
      fault: 'steps[0].assignee: expected "owner" or "manager" or "ada"',
    },
    {
      what: "one of several whom nobody knows",
      assignee: { leastLoaded: ["ada", "eve"] },
      fault: 'steps[0].assignee.leastLoaded[1]: expected "ada" or "bo"',
    },
    {
      what: "one who is named twice",
      assignee: { roundRobin: ["ada", "bo", "ada"] },
      fault: "steps[0].assignee.roundRobin[2]: this owner is named twice",
    },
    { what: "a word in the list", assignee: { roundRobin: ["owner"] }, fault: "steps[0].assignee.roundRobin[0]" },
    { what: "nobody", assignee: { roundRobin: [] }, fault: "steps[0].assignee" },
  ])("that is $what", ({ assignee, fault }) => {
    expect(refusalsOf(assignee).join("\n")).toContain(fault);
  });

  test.each(["owner", "manager", "bo", { leastLoaded: ["ada", "bo"] }, { roundRobin: ["bo"] }])(
    "but not %j",
    (assignee) => {
      expect(refusalsOf(assignee)).toEqual([]);
    },
  );
});
