import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Database, openDatabase } from "../../src/store/db.ts";
import { createDatabase, dropDatabase } from "../support/database.ts";
import { look, onGo, runsOf, say, set, trailOf } from "./run-stories.ts";
import { configure } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const hours = (count: number) => new Date(start.getTime() + count * 3_600_000);

const field = (name: string, is: unknown = true) => ({ fact: `account.fields.${name}`, is });
const pause = (id: string, more: object = { for: "2h" }) => ({ id, do: "wait", ...more });
const branch = (when: object, steps: readonly object[], otherwise: readonly object[] = []) => ({
  id: "which",
  do: "branch",
  cases: [{ when, steps }],
  otherwise,
});

interface Version {
  readonly steps: readonly object[];
  readonly parts?: Readonly<Record<string, unknown>>;
}

/** An edit that is applied an hour after the run began; two hours after that beginning the field `later` is set. */
interface Edit {
  readonly edit: string;
  readonly before?: Version;
  /** Null: the playbook is removed. */
  readonly after: Version | null;
  /** What was made by the hour at which the wait of two hours is over, and by that at which a longer one is. */
  readonly made: readonly [atTwo: readonly string[], atFive: readonly string[]];
  /** How the run ends. */
  readonly ends: string;
}

const plain = [say("a"), pause("w"), say("b"), say("c")];
const conditional = [say("a"), pause("w", { until: field("later"), for: "5h" }), say("b")];
const inBranch = [say("a"), branch(field("go"), [pause("w"), say("b")]), say("c")];

/** Every row of the table in docs/playbooks.md. */
const edits: readonly Edit[] = [
  {
    edit: "text, recipient or channel of the step to come",
    after: { steps: [say("a"), pause("w"), { id: "b", do: "webhook", to: "crm" }, say("c")] },
    made: [["a", "b (webhook)", "c"], []],
    ends: "done",
  },
  {
    edit: "a step added behind the one to come",
    after: { steps: [...plain.slice(0, 3), say("new"), say("c")] },
    made: [["a", "b", "new", "c"], []],
    ends: "done",
  },
  {
    edit: "a step added before the one to come",
    after: { steps: [say("a"), pause("w"), say("new"), say("b"), say("c")] },
    made: [["a", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "a step added in a branch that is to come",
    before: { steps: [say("a"), pause("w"), branch(field("go"), [say("b")])] },
    after: { steps: [say("a"), pause("w"), branch(field("go"), [say("new"), say("b")])] },
    made: [["a", "which", "new", "b"], []],
    ends: "done",
  },
  {
    edit: "another duration of a wait",
    after: { steps: [say("a"), pause("w", { for: "9d" }), say("b"), say("c")] },
    made: [["a", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "a wait removed",
    after: { steps: [say("a"), say("b"), say("c")] },
    made: [["a", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "another condition of a wait",
    before: { steps: conditional },
    after: { steps: [say("a"), pause("w", { until: field("never"), for: "5h" }), say("b")] },
    made: [["a"], ["a", "w", "b"]],
    ends: "done",
  },
  {
    edit: "another longest time of a wait for a condition",
    before: { steps: [say("a"), pause("w", { until: field("never"), for: "9d" }), say("b")] },
    after: { steps: [say("a"), pause("w", { until: field("never"), for: "2h" }), say("b")] },
    made: [["a", "w", "b"], []],
    ends: "done",
  },
  {
    edit: "a wait for a condition removed",
    before: { steps: [say("a"), pause("w", { until: field("never"), for: "9d" }), say("b")] },
    after: { steps: [say("a"), say("b")] },
    made: [["a", "b"], []],
    ends: "done",
  },
  {
    edit: "steps moved",
    after: { steps: [say("b"), say("c"), pause("w"), say("a")] },
    made: [
      ["a", "b", "c"],
      ["a", "b", "c"],
    ],
    ends: "done",
  },
  {
    edit: "the step to come removed",
    after: { steps: [say("a"), pause("w"), say("c")] },
    made: [["a"], []],
    ends: 'stopped: the step "b" no longer exists',
  },
  {
    edit: "the condition of a case that is to come",
    before: { steps: [say("a"), pause("w"), branch(field("go"), [say("b")], [say("c")])] },
    after: { steps: [say("a"), pause("w"), branch(field("never"), [say("b")], [say("c")])] },
    made: [["a", "which", "c"], []],
    ends: "done",
  },
  {
    edit: "the condition of the case it is in",
    before: { steps: inBranch },
    after: { steps: [say("a"), branch(field("never"), [pause("w"), say("b")]), say("c")] },
    made: [["a", "which", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "the step to come moved into a branch",
    after: { steps: [say("a"), pause("w"), branch(field("never"), [say("b"), say("new")]), say("c")] },
    made: [["a", "b", "new", "c"], []],
    ends: "done",
  },
  {
    edit: "the step to come moved out of its branch",
    before: { steps: inBranch },
    after: { steps: [say("a"), branch(field("go"), [pause("w"), say("new")]), say("b"), say("c")] },
    made: [["a", "which", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "the branch it is in removed with its steps",
    before: { steps: inBranch },
    after: { steps: [say("a"), say("c")] },
    made: [["a", "which"], []],
    ends: 'stopped: the step "b" no longer exists',
  },
  {
    edit: "another `if` or `skipAfter` of a step to come",
    after: { steps: [say("a"), pause("w"), say("b", { if: field("never") }), say("c")] },
    made: [["a", "b skipped", "c"], []],
    ends: "done",
  },
  {
    edit: "`exit` added",
    after: { steps: plain, parts: { exit: field("go") } },
    made: [["a"], []],
    ends: "exited: account.fields.go is true",
  },
  {
    edit: "another condition of `goal`",
    before: { steps: plain, parts: { goal: { when: field("never"), within: "30d" } } },
    after: { steps: plain, parts: { goal: { when: field("go"), within: "30d" } } },
    made: [["a"], []],
    ends: "reached its goal: account.fields.go is true",
  },
  {
    edit: "`goal` added",
    after: { steps: plain, parts: { goal: { when: field("go"), within: "30d" } } },
    made: [["a", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "`within` of a goal shortened",
    before: { steps: plain, parts: { goal: { when: field("later"), within: "30d" } } },
    after: { steps: plain, parts: { goal: { when: field("later"), within: "1h" } } },
    made: [["a"], []],
    ends: "reached its goal: account.fields.later is true",
  },
  {
    edit: "the playbook disabled",
    after: { steps: plain, parts: { enabled: false } },
    made: [["a"], []],
    ends: "stopped: the playbook is not enabled",
  },
  { edit: "the playbook removed", after: null, made: [["a"], []], ends: "stopped: the playbook is not enabled" },
  {
    edit: "trigger or audience",
    after: {
      steps: plain,
      parts: { audience: field("never"), trigger: { on: "threshold", when: field("never") } },
    },
    made: [["a", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "entry, guards or priority",
    after: {
      steps: plain,
      parts: {
        priority: "info",
        entry: { mode: "once" },
        guards: { window: "owner-working-hours", maxPerAccount: { runs: 1, per: "30d" } },
      },
    },
    made: [["a", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "the share of `holdout`",
    after: { steps: plain, parts: { holdout: { percent: 50 } } },
    made: [["a", "b", "c"], []],
    ends: "done",
  },
  {
    edit: "`onRecover` added",
    after: { steps: plain, parts: { onRecover: [say("over")] } },
    made: [
      ["a", "b", "c"],
      ["a", "b", "c", "over"],
    ],
    ends: "done",
  },
];

const rows = edits.map((edit, index) => ({ ...edit, id: `p-${index}` }));
type Trails = ReadonlyMap<string, readonly string[]>;

let url: string;
let database: Database;
let atTwo: Trails;
let atFive: Trails;

/** All edits at once: each is of a playbook of its own. */
beforeAll(async () => {
  url = await createDatabase(inject("postgresTemplate"));
  database = openDatabase(url);
  const { db } = database;
  const before = configure(rows.map(({ id, before: version }) => versionOf(id, version ?? { steps: plain })));
  const after = configure(
    rows.flatMap(({ id, after: version }) => (version === null ? [] : [versionOf(id, version)])),
    2,
  );
  await set(db, before, { go: true, later: false, never: false }, start);
  await look(db, before, hours(1));
  await set(db, after, { later: true }, hours(2));
  atTwo = await trails();
  await set(db, after, { go: false }, hours(5));
  atFive = await trails();
});

afterAll(async () => {
  await database.close();
  await dropDatabase(url);
});

test.each(rows)("of a run that is waiting: $edit", async ({ id, made, ends }) => {
  expect(atTwo.get(id)).toEqual(made[0]);
  expect(atFive.get(id)).toEqual(made[1].length === 0 ? made[0] : made[1]);
  const [run, ...others] = await runsOf(database.db, id);
  expect(others).toEqual([]);
  const [state] = ends.split(/[: ]/);
  expect(run?.state).toBe(state);
  if (ends !== "done") expect(run?.reason).toContain(`; ${ends}`);
});

test("the table in docs/playbooks.md has these rows, in this order", async () => {
  const page = await readFile(new URL("../../docs/playbooks.md", import.meta.url), "utf8");
  const [, table = ""] = page.split(/\| edit +\| run that is waiting +\|\n/);
  const told = table.split("\n\n")[0]?.split("\n").slice(1) ?? [];
  expect(told.map((row) => row.split("|")[1]?.trim())).toEqual(edits.map(({ edit }) => edit));
});

function versionOf(id: string, { steps, parts = {} }: Version) {
  return onGo(id, steps, parts);
}

async function trails(): Promise<Trails> {
  const made = new Map<string, readonly string[]>();
  for (const { id } of rows) {
    const kinds = await database.db
      .selectFrom("actions")
      .select(["stepId", "kind"])
      .where("playbookId", "=", id)
      .orderBy("id")
      .execute();
    const trail = await trailOf(database.db, id);
    made.set(
      id,
      trail.map((one, index) =>
        kinds[index]?.kind === "webhook" ? `${one} (webhook)` : one.replace(/ skipped: .*/, " skipped"),
      ),
    );
  }
  return made;
}
