import { sql } from "kysely";
import { expect } from "vitest";
import type { Db } from "../../src/store/db.ts";
import { tryPlaybook } from "../../src/worker/trial.ts";
import { test } from "../support/database.ts";
import { onGo, say, set } from "./run-stories.ts";
import { configure } from "./scenario.ts";

const start = new Date("2026-03-10T12:00:00Z");
const field = (name: string, is: unknown = true) => ({ fact: `account.fields.${name}`, is });
const wait = { id: "pause", do: "wait", for: "2d" };
const branch = {
  id: "ways",
  do: "branch",
  cases: [{ when: field("calm"), steps: [say("thanks")] }],
  otherwise: [say("again")],
};
const save = onGo("save", [say("first"), wait, branch], { entry: {} });

/** Everything that a run would leave behind. */
async function counts(db: Db): Promise<unknown> {
  const { rows } = await sql`
    select (select count(*)::integer from runs) as runs, (select count(*)::integer from actions) as actions,
      (select count(*)::integer from tasks) as tasks, (select count(*)::integer from trigger_states) as states`.execute(
    db,
  );
  return rows[0];
}

test("a playbook that is tried says what it would do and when, and leaves nothing behind", async ({ db }) => {
  const configuration = configure([save]);
  await set(db, configuration, { go: false, calm: false }, start);
  const [playbook] = configuration.playbooks;
  if (playbook === undefined) throw new Error("there is no playbook");
  const before = await counts(db);
  const { accountId } = await db.selectFrom("accounts").select("id as accountId").executeTakeFirstOrThrow();
  const trial = await tryPlaybook(db, { configuration }, { accountId, playbook, score: null }, start);
  expect(trial).toMatchObject({ wouldFire: false, reason: "account.fields.go false is not true" });
  expect(trial?.effects.map(({ at, action }) => [(at - start.getTime()) / 3_600_000, action.stepId])).toEqual([
    [0, "first"],
    [48, "ways"],
    [48, "again"],
  ]);
  expect(trial?.end).toBe("every step was reached");
  expect(await counts(db)).toEqual(before);
});

test("a playbook whose account matches already would fire, whatever its state is", async ({ db }) => {
  const configuration = configure([save]);
  await set(db, configuration, { go: true, calm: true }, start);
  const [playbook] = configuration.playbooks;
  if (playbook === undefined) throw new Error("there is no playbook");
  const { accountId } = await db.selectFrom("accounts").select("id as accountId").executeTakeFirstOrThrow();
  const trial = await tryPlaybook(db, { configuration }, { accountId, playbook, score: null }, start);
  expect(trial).toMatchObject({ wouldFire: true, reason: "account.fields.go is true" });
  expect(trial?.effects.map(({ action }) => action.stepId)).toContain("thanks");
});
