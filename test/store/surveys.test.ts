import { sql } from "kysely";
import { describe, expect } from "vitest";
import { customerLinks } from "../../src/playbooks/customer-links.ts";
import { surveyWords } from "../../src/playbooks/survey/words.ts";
import { type Db, openDatabase } from "../../src/store/db.ts";
import { erasePerson } from "../../src/store/erasure.ts";
import { openLinkSigner } from "../../src/store/link-signer.ts";
import type { ActionState } from "../../src/store/schema.ts";
import { answerSurvey, recordAsked } from "../../src/store/survey-answers.ts";
import { listSurveys, tallySurveys } from "../../src/store/survey-list.ts";
import { holdAskedContacts, insertSurveyRequest } from "../../src/store/survey-requests.ts";
import { test } from "../support/database.ts";
import { account, take } from "../worker/scenario.ts";
import { insertEmail } from "./action-rows.ts";

const now = new Date("2026-05-03T12:00:00Z");
const dayMs = 86_400_000;
const kim = "kim@acme.example.com";

interface Asked {
  readonly email?: string;
  readonly state?: ActionState;
  readonly agoDays?: number;
  readonly playbookId?: string;
}

/** A survey of a run of an account's, whose mail is in this state; answers how its step is named. */
async function ask(db: Db, key: string, { email = kim, state = "sent", agoDays = 0, playbookId = "save" }: Asked = {}) {
  await take(db, account(key, "2026-04-30", []), now);
  const { id: accountId } = await db
    .selectFrom("accounts")
    .select("id")
    .where("key", "=", key)
    .executeTakeFirstOrThrow();
  const at = new Date(now.getTime() - agoDays * dayMs);
  const { rows } = await sql<{ id: number }>`
    insert into runs (account_id, playbook_id, episode, revision, state, reason, started_at)
    values (${accountId}, ${playbookId}, (select count(*) + 1 from runs), 1, 'done', '', ${at}) returning id`.execute(
    db,
  );
  const runId = rows[0]?.id ?? 0;
  const action = await insertEmail(db, { accountId, runId }, state, "ask");
  await sql`update actions set settled_at = case when state = 'sent' then ${at}::timestamptz end where id = ${action}`.execute(
    db,
  );
  const survey = { runId, stepId: "ask", visit: 1 };
  const asked = { type: "csat", question: "Satisfied?", words: surveyWords("csat"), email, contact: "Kim" } as const;
  const span = { askedAt: at.getTime(), expiresAt: at.getTime() + 30 * dayMs };
  await db.transaction().execute((tx) => insertSurveyRequest(tx, { ...survey, accountId, ...asked, ...span }));
  return survey;
}

const answer = (db: Db, survey: Awaited<ReturnType<typeof ask>>, score: number, comment: string | null = null) =>
  db.transaction().execute((tx) => answerSurvey(tx, survey, { score, comment }, now));

async function records(db: Db): Promise<readonly unknown[]> {
  const { rows } = await sql`
    select r.account_id as account, r.external_id as id, c.occurred_at as at, c.set from record_changes c
    join records r on r.id = c.record_id and r.account_id = c.account_id where r.kind = 'survey'
    order by c.occurred_at, c.recorded_at`.execute(db);
  return rows;
}

describe("a survey whose mail was sent", () => {
  test("becomes a record without a score, once, at the time of its mail; one that was not sent becomes none", async ({
    db,
  }) => {
    await ask(db, "acme", { agoDays: 2 });
    for (const state of ["pending", "failed", "unknown", "cancelled"] as const) await ask(db, "other", { state });
    expect([await recordAsked(db, now), await recordAsked(db, now)]).toEqual([1, 0]);
    const set = { type: "csat", scale: 5, contact: kim };
    expect(await records(db)).toEqual([{ account: 1, id: "1", at: new Date("2026-05-01T12:00:00Z"), set }]);
    await sql`update actions set state = 'sent', settled_at = ${now} where state = 'unknown'`.execute(db);
    expect(await recordAsked(db, now)).toBe(1);
  });

  test("is recorded once by two workers at once, whatever answers come meanwhile", async ({ db, url }) => {
    const other = openDatabase(url);
    try {
      const surveys = [await ask(db, "acme"), await ask(db, "other"), await ask(db, "third")];
      await Promise.all([
        ...[db, other.db].map((each) => recordAsked(each, now)),
        ...surveys.map((survey) => answer(other.db, survey, 4, "fine")),
      ]);
      const { rows } = await sql`
        select account_id as account, count(*)::integer as records from records where kind = 'survey'
        group by 1 order by 1`.execute(db);
      expect(rows).toEqual([1, 2, 3].map((account) => ({ account, records: 1 })));
      expect(await tallySurveys(db)).toMatchObject([{ asked: 3, answered: 3, mean: 4 }]);
    } finally {
      await other.close();
    }
  });

  test("of an account that went up in another one is answered there", async ({ db }) => {
    const survey = await ask(db, "acme", { agoDays: 1 });
    await ask(db, "whole", { email: "ida@whole.example.com" });
    await sql`update accounts set archived_at = now(), merged_into = 2 where id = 1`.execute(db);
    expect(await answer(db, survey, 5)).toEqual({ kind: "kept" });
    expect(await recordAsked(db, now)).toBe(2);
    expect(await records(db)).toMatchObject([{ account: 2 }, { account: 2 }, { account: 2 }]);
  });
});

describe("whom was asked last", () => {
  const look = (db: Db, ...emails: string[]) => db.transaction().execute((tx) => holdAskedContacts(tx, emails));

  test("is known over all accounts and playbooks, in any capitals, until when an answer is open too", async ({
    db,
  }) => {
    await ask(db, "acme", { agoDays: 40, email: "Kim@Acme.example.com" });
    const answered = await ask(db, "other", { agoDays: 5, playbookId: "nps" });
    await answer(db, answered, 3);
    await ask(db, "third", { email: "bo@example.com", agoDays: 1 });
    const found = await look(db, "KIM@acme.example.com", kim, "nobody@example.com");
    expect([...found]).toEqual([[kim, { at: now.getTime() - 5 * dayMs, openUntil: now.getTime() - 10 * dayMs }]]);
  });

  test("is nobody whose mail was never sent", async ({ db }) => {
    for (const state of ["failed", "cancelled", "skipped"] as const) await ask(db, "acme", { state });
    expect(await look(db, kim)).toEqual(new Map());
    await ask(db, "acme", { state: "pending" });
    expect((await look(db, kim)).size).toBe(1);
  });

  test("is told to the second of two passes only when the first has ended, so that both do not ask", async ({
    db,
    url,
  }) => {
    const other = openDatabase(url);
    const order: string[] = [];
    try {
      await db.transaction().execute(async (tx) => {
        await holdAskedContacts(tx, [kim, "bo@example.com"]);
        const second = other.db.transaction().execute(async (held) => {
          await holdAskedContacts(held, ["bo@example.com", kim]);
          order.push("second");
        });
        await waitUntilWaiting(db);
        order.push("first");
        void second;
      });
      await look(other.db, kim);
      expect(order[0]).toBe("first");
    } finally {
      await other.close();
    }
  });
});

/** Until somebody waits for an advisory lock. */
async function waitUntilWaiting(db: Db): Promise<void> {
  for (;;) {
    const { rows } = await sql`select from pg_locks where locktype = 'advisory' and not granted`.execute(db);
    if (rows.length > 0) return;
  }
}

test("an erased person stands in no survey, written or recorded, and can answer no more; the scores stay", async ({
  db,
}) => {
  const survey = await ask(db, "acme", { agoDays: 2 });
  const unrecorded = await ask(db, "other");
  await ask(db, "third", { email: "bo@example.com" });
  await answer(db, survey, 2, "I, Kim, am not amused");
  await erasePerson(db, { who: { kind: "email", email: kim }, author: "dpo", isPreview: false }, now);
  const { rows } = await sql`select email, contact, score, comment from survey_requests order by id`.execute(db);
  const gone = { email: null, contact: null, comment: null };
  expect(rows).toEqual([
    { ...gone, score: 2 },
    { ...gone, score: null },
    { email: "bo@example.com", contact: "Kim", score: null, comment: null },
  ]);
  await recordAsked(db, now);
  expect(JSON.stringify(await records(db))).not.toMatch(/kim/i);
  const of = { type: "csat", scale: 5 };
  expect(await records(db)).toMatchObject([
    { account: 1, set: of },
    { account: 1, set: { ...of, contact: "[erased]", comment: null, score: 2 } },
    { account: 2, set: of },
    { account: 3, set: { ...of, contact: "bo@example.com" } },
  ]);
  expect(await answer(db, survey, 5)).toEqual({ kind: "ended" });
  expect(await answer(db, unrecorded, 5)).toEqual({ kind: "ended" });
});

test("surveys are counted by playbook and step, and listed with their answers, the newest first", async ({ db }) => {
  const first = await ask(db, "acme", { agoDays: 3 });
  await ask(db, "acme", { agoDays: 2, state: "retry" });
  await ask(db, "other", { agoDays: 1 });
  await ask(db, "other", { state: "failed" });
  await ask(db, "other", { playbookId: "nps" });
  await answer(db, first, 4, "fine");
  const of = { step: "ask", type: "csat", waiting: 0 };
  expect(await tallySurveys(db)).toEqual([
    { ...of, playbook: "nps", asked: 1, answered: 0, mean: null, lastAnswerAt: null },
    { ...of, playbook: "save", asked: 2, waiting: 1, answered: 1, mean: 4, lastAnswerAt: now },
  ]);
  expect(await listSurveys(db, { playbook: "save", account: "acme", limit: 10 })).toMatchObject([
    { id: 2, mail: "retry", score: null },
    { id: 1, mail: "sent", email: kim, answeredAt: now, score: 4, comment: "fine" },
  ]);
  expect(await listSurveys(db, { limit: 2 })).toMatchObject([{ id: 5, playbook: "nps" }, { id: 4 }]);
});

describe("a signed link", () => {
  test("is read back for its purpose only, by every process of the database, and by no other database", async ({
    db,
    url,
  }) => {
    const other = openDatabase(url);
    try {
      const [one, two] = await Promise.all([openLinkSigner(db), openLinkSigner(other.db)]);
      const link = customerLinks({ url: "https://k.example.com", isPublic: true }, one.sign).unsubscribe(
        "kim@x.example",
      );
      const token = link.slice("https://k.example.com/u/".length);
      expect(token).toMatch(/^[\w-]+\.[\w-]{22}$/);
      expect(two.read("unsubscribe", token)).toBe("kim@x.example");
      expect(two.read("survey", token)).toBeNull();
      await sql`delete from installation where key = 'link-key'`.execute(db);
      expect((await openLinkSigner(db)).read("unsubscribe", token)).toBeNull();
    } finally {
      await other.close();
    }
  });
});
