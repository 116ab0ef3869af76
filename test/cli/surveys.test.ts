import { sql } from "kysely";
import { expect } from "vitest";
import { surveyWords } from "../../src/playbooks/survey/words.ts";
import { answerSurvey } from "../../src/store/survey-answers.ts";
import { insertSurveyRequest } from "../../src/store/survey-requests.ts";
import { insertEmail, insertRun } from "../store/action-rows.ts";
import { test } from "../support/database.ts";
import { account, take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const asked = new Date("2026-03-01T12:00:00Z");
const answered = new Date("2026-03-02T12:00:00Z");

test("surveys are counted and listed, for people and for scripts", async ({ database, db }) => {
  expect(await keepwell(["surveys"], database)).toMatchObject({
    code: 0,
    stdout: "No survey was asked yet: a step of a playbook does that.\n",
  });
  await take(db, account("acme", "2026-02-28", []), asked);
  const { runId } = await insertRun(db, "other");
  const key = { runId, stepId: "ask", visit: 1 };
  await insertEmail(db, { accountId: 1, runId }, "sent", "ask");
  const person = { email: "kim@acme.example.com", contact: "Kim" };
  const span = { askedAt: asked.getTime(), expiresAt: asked.getTime() + 30 * 86_400_000 };
  const question = { type: "nps", question: "Likely?", words: surveyWords("nps") } as const;
  await db
    .transaction()
    .execute((tx) => insertSurveyRequest(tx, { ...key, accountId: 1, ...person, ...span, ...question }));
  const given = { score: 3, comment: "Too slow" };
  await db.transaction().execute((tx) => answerSurvey(tx, key, given, answered));
  await sql`update actions set settled_at = ${asked}`.execute(db);

  const { stdout } = await keepwell(["surveys"], database);
  expect(stdout).toMatch(/^save +ask +nps +1 +1 +100 % +3\.0 +2026-03-02 12:00$/m);
  const shown = await keepwell(["surveys", "show", "--account", "acme"], database);
  expect(shown.stdout).toMatch(/^ *1 +acme +2026-03-01 12:00 +kim@acme\.example\.com +nps +sent +3 +Too slow$/m);
  expect((await keepwell(["surveys", "show", "--playbook", "other"], database)).stdout).toBe(
    "There is no such survey.\n",
  );
  expect(JSON.parse((await keepwell(["surveys", "--json"], database)).stdout)).toEqual({
    surveys: [
      {
        ...{ playbook: "save", step: "ask", type: "nps", asked: 1, waiting: 0, answered: 1, rate: 1, mean: 3 },
        lastAnswerAt: answered.toISOString(),
      },
    ],
  });
  expect(JSON.parse((await keepwell(["surveys", "show", "--json"], database)).stdout)).toMatchObject({
    surveys: [{ id: 1, account: "acme", playbook: "save", mail: "sent", ...person, ...given }],
  });
  expect(await keepwell(["surveys", "show", "--limit", "none"], database)).toMatchObject({ code: 2 });
});
