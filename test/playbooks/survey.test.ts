import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { customerLinks, readSurveyLink } from "../../src/playbooks/customer-links.ts";
import { advanceRun, type RunPlan } from "../../src/playbooks/plan.ts";
import type { Subject } from "../../src/playbooks/subject.ts";
import { askedPeople } from "../../src/playbooks/survey/asked-people.ts";
import { pauseWords } from "../../src/playbooks/survey/pause.ts";
import { answeredRecord, askedRecord } from "../../src/playbooks/survey/record.ts";
import { readScore, type SurveyType, scoresOf, surveyScales } from "../../src/playbooks/survey/scale.ts";
import { dayIn, fillWords, surveyWords } from "../../src/playbooks/survey/words.ts";
import { inputSchema } from "../../src/scoring/records.ts";
import { playbook, refusals, run, scene, subject } from "./build.ts";

const now = Date.parse("2026-05-03T12:00:00Z");
const dayMs = 86_400_000;
const zone = "Europe/Vienna";

const step = { id: "ask", do: "survey", survey: "nps", subject: "A question for {{ contact.name }}" };

/** What a survey step comes to. */
function planned(parts: Readonly<Record<string, unknown>> = {}, on: Partial<Subject> = {}): RunPlan {
  const compiled = playbook({ steps: [{ ...step, ...parts }] });
  return advanceRun(compiled, run("ask"), scene(subject({}, on)), now);
}

describe("a survey step", () => {
  test("writes to the primary contact with a link for each answer, as text and as HTML, and says what is kept of it", () => {
    const { actions, next } = planned({ intro: "Dear {{ contact.name }},\n\nwe <want> to know." });
    expect(next).toEqual({ kind: "done" });
    expect(actions).toHaveLength(1);
    const [action] = actions;
    expect(action).toMatchObject({ kind: "email", channel: "mail", recipient: "bo@example.com", state: "pending" });
    expect(action?.asked).toEqual({
      ...{ type: "nps", question: "How likely are you to recommend us to a friend or colleague?" },
      ...{ words: surveyWords("nps"), email: "bo@example.com", contact: "Bo", expiresAt: now + 30 * dayMs },
    });
    const message = action?.message.kind === "email" ? action.message : null;
    expect(message).toMatchObject({
      ...{ to: "bo@example.com", subject: "A question for Bo", audience: "customer", replyTo: "ada@example.com" },
      messageId: "<kw-12-ask-1@acme.example.com>",
    });
    const links = scoresOf("nps").map((score) => `https://keepwell.example.com/s/MTIuMS5hc2s/${score}`);
    for (const link of links) {
      expect(message?.text).toContain(`: ${link}`);
      expect(message?.html).toContain(`href="${link}"`);
    }
    expect(message?.text).toContain("0 (Not at all likely): https");
    expect(message?.html).toContain('<p style="margin:0 0 1em">we &lt;want&gt; to know.</p>');
    expect(message?.html.match(/<\/a><\/td>/g)).toHaveLength(11);
    expect(message?.text).toContain("Unsubscribe: https://keepwell.example.com/u/");
  });

  test.each([
    { survey: "csat", count: 5, first: 1 },
    { survey: "ces", count: 7, first: 1 },
    { survey: "nps", count: 11, first: 0 },
  ])("asks $survey on its own scale", ({ survey, count, first }) => {
    const message = planned({ survey }).actions[0]?.message;
    const text = message?.kind === "email" ? message.text : "";
    expect(text.match(/\/s\/\S+\/\d+$/gm)).toHaveLength(count);
    expect(text).toMatch(new RegExp(`^${first} \\(`, "m"));
  });

  test.each([
    { why: "there is nobody", on: { contact: null }, reason: "the account has no primary contact with an address" },
    {
      why: "the address would be two",
      on: { contact: { name: "Bo", email: "bo@example.com, eve@example.com" } },
      reason: "the address is not one plain e-mail address",
    },
    {
      why: "its links would lead nowhere",
      on: { links: null },
      reason: "nobody knows where its links are to lead: KEEPWELL_PUBLIC_URL is not set",
    },
    {
      why: "only this machine could open its links",
      on: { links: customerLinks({ url: "http://127.0.0.1:7373", isPublic: false }, () => "x") },
      reason: "nobody could unsubscribe from it: KEEPWELL_PUBLIC_URL is not set",
    },
    {
      why: "the person was asked lately, in capitals and by whatever survey",
      on: {
        contact: { name: "Bo", email: "BO@example.com" },
        surveys: askedPeople(new Map([["bo@example.com", { at: now - 40 * dayMs, openUntil: null }]]), 90 * dayMs, now),
      },
      reason: "asked on 24 March 2026, 40 of 90 days ago",
    },
  ])("is skipped where $why", ({ on, reason }) => {
    const { actions } = planned({}, on);
    expect(actions).toMatchObject([{ state: "skipped", reason, message: { kind: "none" } }]);
    expect(actions[0]?.asked).toBeUndefined();
  });

  test("asks one person once, whatever number of accounts and steps of one pass would", () => {
    const surveys = askedPeople(new Map(), 90 * dayMs, now);
    expect(planned({}, { surveys }).actions).toMatchObject([{ state: "pending" }]);
    expect(planned({}, { surveys }).actions).toMatchObject([
      { state: "skipped", reason: "asked on 3 May 2026, 0 of 90 days ago" },
    ]);
  });

  test("that waits for the cap of mails to a person has asked nobody yet", () => {
    const surveys = askedPeople(new Map(), 90 * dayMs, now);
    const pauseOf = () => ({ until: now + dayMs, words: "2 of 2 mails within 7 days" });
    expect(planned({}, { surveys, pauseOf }).next).toMatchObject({ kind: "waiting", dueAt: now + dayMs });
    expect(surveys.pauseOf("bo@example.com", zone)).toBeNull();
  });

  test.each([
    { parts: { survey: "pmf" }, refusal: /steps\[0\]\.survey/ },
    { parts: { subject: undefined }, refusal: /steps\[0\]\.subject/ },
    { parts: { to: "owner" }, refusal: /steps\[0\]\.to/ },
    { parts: { question: "{{ contact.shoe_size }}" }, refusal: /steps\[0\]\.question: .*unknown variable/ },
    { parts: { via: "post" }, refusal: /steps\[0\]\.via: .*unknown channel/ },
    { parts: { words: { send: "Senden", greeting: "Hallo" } }, refusal: /steps\[0\]\.words.*greeting/ },
    { parts: { words: { language: "german" } }, refusal: /steps\[0\]\.words\.language.*"de-AT"/ },
  ])("with $parts is refused when saved", ({ parts, refusal }) => {
    const found = refusals({
      ...{ id: "ask-them", name: "Ask", enabled: true, steps: [{ ...step, ...parts }] },
      trigger: { on: "threshold", when: { fact: "score", below: 40 } },
    });
    expect(found.join("\n")).toMatch(refusal);
  });
});

describe("the pause between two surveys", () => {
  const pauseMs = 90 * dayMs;
  test.each([
    { last: null, words: null },
    { last: { at: now - 90 * dayMs, openUntil: null }, words: null },
    { last: { at: now - 90 * dayMs + 1, openUntil: null }, words: "asked on 2 February 2026, 89 of 90 days ago" },
    { last: { at: now - 91 * dayMs, openUntil: now }, words: null },
    {
      last: { at: now - 91 * dayMs, openUntil: now + dayMs },
      words: "asked on 1 February 2026, and may still answer until 4 May 2026",
    },
  ])("says $words", ({ last, words }) => {
    expect(pauseWords(last, pauseMs, zone, now)).toBe(words);
  });
});

test("an answer is one of the scale, spelled as a number, and nothing else", () => {
  const types = Object.keys(surveyScales) as SurveyType[];
  for (const type of types) {
    expect(scoresOf(type).map((score) => readScore(type, String(score)))).toEqual(scoresOf(type));
  }
  for (const text of ["", "-1", "11", "1e1", " 5", "5 ", "05.0", "٥", "NaN", "__proto__"]) {
    expect(readScore("nps", text)).toBeNull();
  }
});

test("what a survey's link carries is read back as it was written, and anything else as nothing", () => {
  const stepIds = fc.stringMatching(/^[a-z0-9]{1,10}(-[a-z0-9]{1,10}){0,3}$/);
  fc.assert(
    fc.property(fc.nat(), stepIds, fc.integer({ min: 1, max: 999 }), (runId, stepId, visit) => {
      let carried = "";
      const links = customerLinks({ url: "", isPublic: true }, (_purpose, content) => {
        carried = content;
        return "token";
      });
      expect(links.answer({ runId, stepId, visit }, 3)).toBe("/s/token/3");
      expect(readSurveyLink(carried)).toEqual({ runId, stepId, visit });
    }),
  );
  for (const content of ["", "1.1", "1.1.", "x.1.ask", "1.1.ask ", "1.1.Ask", "-1.1.ask", "1.1.a.b"]) {
    expect(readSurveyLink(content)).toBeNull();
  }
});

test("records of surveys are ones that every door would take", () => {
  const asked = { id: 7, account: "acme", type: "csat", email: "bo@example.com" } as const;
  const at = new Date(now);
  expect(inputSchema.parse(askedRecord(asked, at))).toMatchObject({ set: { type: "csat", scale: 5 } });
  const answer = { score: 2, comment: null };
  expect(inputSchema.parse(answeredRecord({ ...asked, email: null }, answer, at))).toEqual({
    ...{ kind: "survey", id: "7", account: "acme", at: "2026-05-03T12:00:00.000Z" },
    set: { type: "csat", scale: 5, score: 2, comment: null },
  });
});

test("the words of a playbook stand in place of the standard ones, with answer and day in theirs", () => {
  const words = surveyWords("ces", { language: "de", thanks: "Danke: {score} am {date}." });
  expect(words).toMatchObject({ language: "de", low: "Strongly disagree", send: "Send" });
  expect(fillWords(words.thanks, { score: 0, date: dayIn("de", new Date(now), zone) })).toBe(
    "Danke: 0 am 3. Mai 2026.",
  );
  expect(dayIn("en", new Date("2026-05-03T23:00:00Z"), zone)).toBe("4 May 2026");
});
