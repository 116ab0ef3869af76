import { sql } from "kysely";
import { describe, expect } from "vitest";
import { customerLinks } from "../../src/playbooks/customer-links.ts";
import { surveyWords } from "../../src/playbooks/survey/words.ts";
import type { Db } from "../../src/store/db.ts";
import { openLinkSigner } from "../../src/store/link-signer.ts";
import { insertSurveyRequest, type NewSurveyRequest } from "../../src/store/survey-requests.ts";
import { insertRun } from "../store/action-rows.ts";
import { account, take } from "../worker/scenario.ts";
import { type Answer, type Api, test } from "./api.ts";
import { expectProblem } from "./problems.ts";

const dayMs = 86_400_000;
const email = "kim@acme.example.com";

/** A request of an account's run, and where its links lead; asked just now, for 30 days, unless told. */
async function ask(db: Db, parts: Partial<NewSurveyRequest> = {}): Promise<(score: number | string) => string> {
  await take(db, account("acme", "2026-02-28", []), new Date("2026-03-01T12:00:00Z"));
  const { runId } = await insertRun(db, "other");
  const { id: accountId } = await db
    .selectFrom("accounts")
    .select("id")
    .where("key", "=", "acme")
    .executeTakeFirstOrThrow();
  const now = Date.now();
  const key = { runId, stepId: "ask", visit: 1 };
  const request: NewSurveyRequest = {
    ...key,
    ...{ accountId, type: "nps", email, contact: "Kim", question: "Would you recommend <us> & ours?" },
    ...{ words: surveyWords("nps"), askedAt: now, expiresAt: now + 30 * dayMs },
    ...parts,
  };
  await db.transaction().execute((tx) => insertSurveyRequest(tx, request));
  const { sign } = await openLinkSigner(db);
  const links = customerLinks({ url: "", isPublic: true }, sign);
  return (score) => links.answer(key, 0).replace(/0$/, String(score));
}

const post = (api: Api, path: string, form: Readonly<Record<string, string>>) =>
  api.call("POST", path, {
    body: new URLSearchParams(form).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });

/** What the request and its record hold, and what wakes the score stage. */
async function kept(db: Db): Promise<unknown> {
  const { rows } = await sql`select score, comment, answered_at is not null as answered from survey_requests`.execute(
    db,
  );
  const { rows: records } = await sql`
    select r.external_id, r.source, c.set from record_changes c
    join records r on r.id = c.record_id and r.account_id = c.account_id where r.kind = 'survey'
    order by c.occurred_at`.execute(db);
  return { requests: rows, records };
}

const nothing = { requests: [{ score: null, comment: null, answered: false }], records: [] };

function expectSafe(answer: Answer | undefined): void {
  const headers = answer?.headers ?? new Headers();
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; /);
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cache-control")).toBe("no-store");
}

describe("the page of a survey's link", () => {
  test("shows the question with the link's answer chosen and records nothing, whoever looks, however often", async ({
    api,
    db,
  }) => {
    const path = await ask(db);
    const shown = await api.call("GET", path(9));
    expectSafe(shown);
    expect(shown.status).toBe(200);
    expect(shown.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(shown.body).toContain('<html lang="en">');
    expect(shown.body).toContain("Would you recommend &lt;us&gt; &amp; ours?");
    expect(shown.body).toContain('value="9" required checked>9');
    expect(String(shown.body).match(/type="radio"/g)).toHaveLength(11);
    expect(String(shown.body).match(/ checked/g)).toHaveLength(1);
    expect(shown.body).not.toMatch(/<script|onload|src=|href=|kim|acme/i);
    for (const score of [0, 3, 10]) {
      for (const method of ["GET", "HEAD"]) expect((await api.call(method, path(score))).status).toBe(200);
    }
    for (const method of ["OPTIONS", "PUT", "DELETE", "PATCH"]) {
      expectProblem(await api.call(method, path(3)), 405);
    }
    expect((await api.call("GET", path(11))).body).not.toContain(" checked");
    expect(await kept(db)).toEqual(nothing);
  });

  test("keeps what is posted, with the comment, as a record at once; the page that follows thanks and can be changed", async ({
    api,
    db,
  }) => {
    const path = await ask(db);
    const posted = await fetch(`${api.server.url}${path(9)}`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ score: "3", comment: ' It is\r\nslow & <b>dear</b>\u0000\u202e "!" ' }),
    });
    expect([posted.status, posted.headers.get("location")]).toEqual([303, "./3"]);
    const comment = 'It is\nslow & <b>dear</b> "!"';
    const set = { type: "nps", score: 3, scale: null, comment, contact: email };
    const records = [{ externalId: "1", source: "keepwell:surveys", set }];
    expect(await kept(db)).toEqual({ requests: [{ score: 3, comment, answered: true }], records });
    const { body } = await api.call("GET", path(3));
    expect(body).toContain("Thank you. Your answer is 3. You can change it until ");
    expect(body).toContain(">\nIt is\nslow &amp; &lt;b&gt;dear&lt;/b&gt; &quot;!&quot;</textarea>");
    expect(body).toContain('value="3" required checked>');
    const { rows } = await sql`select dirty_seq > scored_seq as due from account_work where account_id = 1`.execute(db);
    expect(rows).toEqual([{ due: true }]);
  });

  test("takes another answer in place of the first, and the same one twice as one", async ({ api, db }) => {
    const path = await ask(db);
    for (const score of ["3", "3", "8", "8"]) await post(api, path(3), { score, comment: "" });
    const of = (score: number) => ({
      ...{ externalId: "1", source: "keepwell:surveys" },
      set: { type: "nps", score, scale: null, comment: null, contact: email },
    });
    expect(await kept(db)).toMatchObject({ requests: [{ score: 8 }], records: [of(3), { set: { score: 8 } }] });
    expect((await api.call("GET", path(2))).body).toContain('value="2" required checked>');
  });

  test.for([
    { what: "no answer", form: { comment: "hello" } },
    { what: "an answer off the scale", form: { score: "11" } },
    { what: "an answer that is no whole number", form: { score: "3.5" } },
    { what: "an answer in words", form: { score: "constructor" } },
    { what: "a comment without an end", form: { score: "3", comment: "x".repeat(5_001) } },
  ])("asks again for $what, and keeps nothing", async ({ form }, { api, db }) => {
    const path = await ask(db);
    const answer = await post(api, path(3), form);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain("<form");
    expect(await kept(db)).toEqual(nothing);
  });

  test("takes nothing any more when its time is over, and shows what was answered", async ({ api, db }) => {
    const path = await ask(db, { expiresAt: Date.now() - dayMs });
    for (const answer of [await api.call("GET", path(9)), await post(api, path(9), { score: "9" })]) {
      expectSafe(answer);
      expect(answer.status).toBe(410);
      expect(answer.body).toContain("This survey ended on ");
      expect(answer.body).not.toContain("<form");
    }
    expect(await kept(db)).toEqual(nothing);
  });

  test("is not there for a link that was changed, is of another sort, or whose survey is gone", async ({ api, db }) => {
    const path = await ask(db);
    const { sign } = await openLinkSigner(db);
    const token = path(9).split("/")[2] ?? "";
    const [content = "", signature = ""] = token.split(".");
    const other = Buffer.from("2.1.ask").toString("base64url");
    const forged = [
      ...[`${content}.${signature.slice(0, -1)}`, `${content}.`, content, `${other}.${signature}`, `${token}.x`],
      ...[`${content}=.${signature}`, `${content}.${signature}x`, "x", "%00", "..%2f..%2fetc"],
      ...[sign("unsubscribe", "1.1.ask"), sign("survey", "999.1.ask"), sign("survey", "kim@acme.example.com")],
    ];
    for (const each of forged) {
      const answers = [
        await api.call("GET", `/s/${each}/9`),
        await api.call("HEAD", `/s/${each}/9`),
        await post(api, `/s/${each}/9`, { score: "9" }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
      expectSafe(answers[0]);
    }
    expect(await kept(db)).toEqual(nothing);
  });

  test("speaks the language of its question", async ({ api, db }) => {
    const words = surveyWords("csat", {
      ...{ language: "de-AT", low: "Gar nicht", high: "Sehr", comment: "Möchten Sie etwas hinzufügen?" },
      ...{ send: "Senden", thanks: "Danke. Ihre Antwort: {score}." },
      ...{ changeable: "Sie können sie bis {date} ändern.", ended: "Diese Umfrage endete am {date}." },
    });
    const path = await ask(db, { type: "csat", question: "Wie zufrieden sind Sie?", words });
    await post(api, path(5), { score: "5" });
    const { body } = await api.call("GET", path(5));
    expect(body).toContain('<html lang="de-AT">');
    expect(body).toMatch(/Danke\. Ihre Antwort: 5\. Sie können sie bis \d+\. [A-Z]\S+ \d{4} ändern\./u);
    expect(String(body).replace(/<style>.*<\/style>/s, "")).not.toMatch(/\b(you|your|send|answer|comment is)\b/i);
    expect(await kept(db)).toMatchObject({ records: [{ set: { type: "csat", score: 5, scale: 5 } }] });
  });
});
