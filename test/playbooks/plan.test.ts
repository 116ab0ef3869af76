import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EmailMessage, SlackMessage, WebhookMessage } from "../../src/playbooks/message.ts";
import type { PlannedAction } from "../../src/playbooks/plan/action.ts";
import { advanceRun } from "../../src/playbooks/plan.ts";
import { workCalendar } from "../../src/scoring/calendar.ts";
import { parseDay } from "../../src/scoring/days.ts";
import { driver, playbook, run, scene, subject } from "./build.ts";

const now = Date.UTC(2026, 4, 1, 22, 30);
const day = 86_400_000;

const alert = { id: "alert", do: "slack", to: "csm-alerts", text: "{{ account.name }} is at {{ score }}" };
const call = { id: "call", do: "task", title: "Call {{ account.name }}", assignee: "owner", dueInDays: 2 };
const pause = { id: "pause", do: "wait", for: "5d" };
const mail = {
  id: "mail",
  do: "email",
  to: "primary-contact",
  subject: "Hello {{ contact.name }}",
  body: "Dear {{ contact.name }},\n\nhow are\nyou?",
};
const hook = { id: "hook", do: "webhook", to: "hooks", payload: { why: "{{ run.reason }}", level: 3 } };

const steps = (...listed: readonly unknown[]) => playbook({ steps: listed });

/** The only action of a playbook with one step. */
function plan(step: object, on = subject()): PlannedAction {
  const [action] = advanceRun(steps(step), run(String(Reflect.get(step, "id"))), scene(on), now).actions;
  if (action === undefined) throw new Error("no action");
  return action;
}

function email(step: object, on = subject()): EmailMessage {
  const { message } = plan(step, on);
  if (message.kind !== "email") throw new Error(`a message of kind ${message.kind}`);
  return message;
}

function slack(step: object, on = subject()): SlackMessage {
  const { message } = plan(step, on);
  if (message.kind !== "slack") throw new Error(`a message of kind ${message.kind}`);
  return message;
}

function webhook(step: object, on = subject()): WebhookMessage {
  const { message } = plan(step, on);
  if (message.kind !== "webhook") throw new Error(`a message of kind ${message.kind}`);
  return message;
}

describe("a run", () => {
  const whole = steps(alert, call, pause, mail, hook);
  const ids = (actions: readonly PlannedAction[]) => actions.map((action) => action.stepId);

  test("does its steps up to the wait, and goes on behind it when the wait is over", () => {
    const first = advanceRun(whole, run("alert"), scene(), now);
    expect(ids(first.actions)).toEqual(["alert", "call"]);
    expect(first.next).toMatchObject({ kind: "waiting", stepId: "mail", dueAt: now + 5 * day });
    expect(first.reason).toBe('"pause": waiting until 7 May 2026 at 00:30 (Europe/Vienna) for the step "mail"');
    const second = advanceRun(whole, run("mail", { dueAt: now + 5 * day }), scene(), now + 5 * day);
    expect(ids(second.actions)).toEqual(["mail", "hook"]);
    expect(second.next).toEqual({ kind: "done" });
  });

  test("does nothing before its time", () => {
    const early = advanceRun(whole, run("mail", { dueAt: now + 1 }), scene(), now);
    expect(early).toMatchObject({ actions: [], next: { kind: "waiting", stepId: "mail", dueAt: now + 1 } });
  });

  test("waits for each of two waits in a row", () => {
    const twice = steps(alert, pause, { ...pause, id: "pause-2", for: "1d" }, mail);
    const first = advanceRun(twice, run("alert"), scene(), now);
    expect(first.next).toMatchObject({ kind: "waiting", stepId: "pause-2", dueAt: now + 5 * day });
    const second = advanceRun(twice, run("pause-2"), scene(), now + 5 * day);
    expect(second).toMatchObject({ actions: [], next: { kind: "waiting", stepId: "mail", dueAt: now + 6 * day } });
  });

  test.each([
    ["a new text of the step to come: the new text", steps(alert, pause, { ...mail, subject: "New" }), ["mail"], "New"],
    [
      "a step inserted behind the one to come: it is done too",
      steps(alert, pause, mail, hook),
      ["mail", "hook"],
      "Hello Bo",
    ],
    ["a step inserted before the one to come: not done", steps(alert, pause, hook, mail), ["mail"], "Hello Bo"],
    ["the wait removed: the time it set stays", steps(alert, mail), ["mail"], "Hello Bo"],
    ["the step to come moved to the front: goes on from there", steps(mail, alert), ["mail", "alert"], "Hello Bo"],
  ])("in flight follows the newest revision: %s", (_name, edited, expected, subjectLine) => {
    const plan = advanceRun(edited, run("mail", { dueAt: now }), scene(), now);
    expect(ids(plan.actions)).toEqual(expected);
    expect(plan.actions[0]?.message).toMatchObject({ subject: subjectLine });
  });

  test("in flight ends with a reason when the step it waits for was removed", () => {
    const plan = advanceRun(steps(alert, hook), run("mail", { dueAt: now }), scene(), now);
    expect(plan).toEqual({ actions: [], next: { kind: "stopped" }, reason: 'the step "mail" no longer exists' });
  });

  test("makes the same effects when it is planned twice", () => {
    const once = advanceRun(whole, run("alert"), scene(), now);
    expect(advanceRun(whole, run("alert"), scene(), now)).toEqual(once);
  });
});

describe("a step that cannot be made", () => {
  test.each([
    ["a mail to nobody", mail, { contact: null }, "the account has no primary contact with an address"],
    [
      "a mail to an owner who is not there",
      { ...mail, to: "owner" },
      { owner: null },
      "the account has no owner, and there is no fallback",
    ],
    [
      "a task for an owner who is not there",
      call,
      { owner: null },
      "the account has no owner, and there is no fallback",
    ],
    [
      "a mail to an address that is several",
      mail,
      { contact: { name: null, email: "a@example.com, v@example.com" } },
      "the address is not one plain e-mail address",
    ],
    ["a mail without a word", { ...mail, body: "{{ account.stage }}" }, {}, "the text came out empty"],
    [
      "a text beyond the limits",
      { ...alert, text: "{% for i in (1..10000000) %}x{% endfor %}" },
      {},
      "the template could not be rendered: memory alloc limit exceeded, line:1, col:1",
    ],
  ])("is skipped with the reason: %s", (_name, step, parts, reason) => {
    expect(plan(step, subject({}, parts))).toMatchObject({ state: "skipped", reason, message: { kind: "none" } });
  });

  test("does not keep the others from being made", () => {
    const { actions, next } = advanceRun(steps(mail, alert), run("mail"), scene(subject({}, { contact: null })), now);
    expect(actions.map((action) => action.state)).toEqual(["skipped", "pending"]);
    expect(next).toEqual({ kind: "done" });
  });
});

describe("an e-mail", { timeout: 60_000 }, () => {
  test("to the primary contact is a customer's, answered to the owner, and shows no run", () => {
    expect(plan(mail)).toMatchObject({
      recipient: "bo@example.com",
      channel: "mail",
      state: "pending",
    });
    const message = email(mail);
    expect(message).toMatchObject({
      to: "bo@example.com",
      subject: "Hello Bo",
      audience: "customer",
      replyTo: "ada@example.com",
    });
    const link = "https://keepwell.example.com/u/Ym9AZXhhbXBsZS5jb20";
    expect(message.text).toBe(`Dear Bo,\n\nhow are\nyou?\n\n-- \nUnsubscribe: ${link}\n`);
    expect(message.html).toContain(`<a href="${link}"`);
    expect(message.unsubscribeLink).toBe(link);
    expect(message.html).not.toContain("keepwell run");
  });

  test("to the owner is our team's and carries the run's key", () => {
    const message = email({ ...mail, to: "owner" });
    expect(message).toMatchObject({ to: "ada@example.com", audience: "team", replyTo: null });
    expect(message.text).toContain("keepwell run 12 · save-at-risk");
    expect(message.html).toContain("keepwell run 12 · save-at-risk");
  });

  test("to a fixed address counts as a customer's, as nobody can know who reads it", () => {
    expect(email({ ...mail, to: { address: "board@example.com" } })).toMatchObject({ audience: "customer" });
  });

  test("has a Message-ID of run, step and visit at the sender's host, the same each time", () => {
    expect(email(mail).messageId).toBe("<kw-12-mail-1@acme.example.com>");
    expect(email(mail).messageId).toBe(email(mail).messageId);
  });

  test("has paragraphs and line breaks in HTML", () => {
    expect(email(mail).html).toMatch(/<p [^>]*>Dear Bo,<\/p>\n<p [^>]*>how are<br>you\?<\/p>/);
  });

  test("keeps the same HTML tags whatever the data, in one line of subject", () => {
    const tags = (html: string) => html.replaceAll("<br>", "").match(/<[^>]*>/g);
    const plain = tags(email(mail, subject({}, { contact: { name: "Bo", email: "bo@example.com" } })).html);
    const unit = fc.constantFrom("<", ">", "&", '"', "'", "/", "b", "\r", "\n", "=", " ", "\u2028");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40, size: "max" }), (noise) => {
        const message = email(
          mail,
          subject({}, { contact: { name: `B${noise.replaceAll(/\s*\n\s*\n/g, "")}o`, email: "bo@example.com" } }),
        );
        expect(message.subject).not.toMatch(/[\r\n\u2028]/);
        expect(tags(message.html)?.filter((tag) => !tag.startsWith("<p") && tag !== "</p>")).toEqual(
          plain?.filter((tag) => !tag.startsWith("<p") && tag !== "</p>"),
        );
      }),
    );
  });

  test("with an empty subject bears the playbook's name", () => {
    expect(email({ ...mail, subject: "{{ account.stage }}" }).subject).toBe("Save an account at risk");
  });
});

describe("a Slack message", { timeout: 60_000 }, () => {
  test("has header, text and a line with owner, score and the run's key, and all of it as plain text too", () => {
    const { text, blocks } = slack(alert);
    expect(text).toBe(
      ":warning: Acme · Save an account at risk\nAcme is at 34.2\nOwner <@U012AB3CD> · score 34.2 · red · keepwell run 12 · save-at-risk",
    );
    expect(blocks.map((block) => block["type"])).toEqual(["header", "section", "context"]);
  });

  test("mentions nobody but the owner of owners.json, whatever the data", () => {
    const evil = "<!channel> <@U99> <https://evil.example.com|x> &";
    const on = subject(
      { "account.name": evil, band: evil },
      { owner: { id: "eve", name: evil, email: "eve@example.com" } },
    );
    const sent = JSON.stringify(slack(alert, on));
    expect(sent).not.toMatch(/<[!@h]/);
    expect(JSON.stringify(slack(alert, subject({ "account.name": evil }))).match(/<[!@h][^>]*>/g)).toEqual([
      "<@U012AB3CD>",
      "<@U012AB3CD>",
    ]);
  });

  test("stays within Slack's limits however long its parts are, and cuts no entity in two", () => {
    const unit = fc.constantFrom("<", ">", "&", "a", "b", " ", "\n", "🚀");
    fc.assert(
      fc.property(
        fc.string({ unit, minLength: 1, maxLength: 6000, size: "max" }),
        fc.integer({ min: 1, max: 3 }),
        (name, times) => {
          const text = Array(times).fill("{{ account.name }}").join("\n");
          const { blocks, text: fallback } = slack({ ...alert, text }, subject({ "account.name": name }));
          expect(blocks.length).toBeLessThanOrEqual(50);
          expect(fallback.length).toBeLessThanOrEqual(4000);
          for (const words of textsOf(blocks)) {
            expect(words.text.length).toBeLessThanOrEqual(words.type === "plain_text" ? 150 : 3000);
            expect(words.text.length).toBeGreaterThan(0);
            expect(words.text).not.toMatch(/&(?!amp;|lt;|gt;)/);
            expect(words.text).not.toMatch(/\p{Surrogate}/u);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("ends also where the author opened a link and never closed it", () => {
    const { blocks } = slack({ ...alert, text: `<${"x".repeat(8000)}` });
    expect(blocks.length).toBeGreaterThan(2);
  });
});

function textsOf(blocks: SlackMessage["blocks"]): readonly { readonly type: string; readonly text: string }[] {
  const found: { type: string; text: string }[] = [];
  JSON.stringify(blocks, (_key, value) => {
    if (typeof value?.text === "string") found.push({ type: String(value.type), text: value.text });
    return value;
  });
  return found;
}

describe("a webhook", () => {
  const drivers = [driver("a", 0.2, 20), driver("b", 0.3, 0), driver("c", 0.3, 10), driver("d", 0.2, 4.2)];

  test("names the account, the playbook, the run, the score and what costs most", () => {
    const on = subject({}, { drivers });
    const { id, body } = webhook(hook, on);
    expect(id).toBe("kw_12_hook_1");
    const sent = JSON.parse(body);
    expect(sent).toMatchObject({
      type: "playbook.fired",
      timestamp: "2026-05-01T22:30:00.000Z",
      data: {
        account: { key: "acme", name: "Acme" },
        playbook: { id: "save-at-risk", name: "Save an account at risk" },
        run: { id: 12, episode: 1 },
        step: "hook",
        score: 34.2,
        band: "red",
        reason: "score 34.2 is below 40",
        payload: { why: "score 34.2 is below 40", level: 3 },
      },
    });
    expect(sent.data.drivers.map((one: { measure: string }) => one.measure)).toEqual(["b", "c", "d"]);
  });

  test("stays under 20 kB: what is too long is left out, and says so", () => {
    const payload = { text: "{{ account.name }}".repeat(30), other: 1 };
    const { body } = webhook({ ...hook, payload }, subject({ "account.name": "ü".repeat(2000) }));
    expect(Buffer.byteLength(body)).toBeLessThan(20_000);
    expect(JSON.parse(body).data).toMatchObject({ payloadOmitted: "longer than 20 kB" });
  });

  test("bears any payload key, also one that means something to us", () => {
    const payload = { refusal: "no", constructor: "c", data: true };
    expect(JSON.parse(webhook({ ...hook, payload }).body).data.payload).toEqual(payload);
  });
});

describe("a task", () => {
  test("is our own row: made at once, for the owner, due in days of the account's zone", () => {
    expect(plan(call)).toMatchObject({
      kind: "task",
      recipient: "task",
      channel: null,
      state: "sent",
      // 22:30 in UTC is already the next day in Vienna.
      message: { kind: "task", title: "Call Acme", body: "", assignee: "ada", dueOn: "2026-05-04" },
    });
  });

  test("for a named owner needs no owner of the account, and without a term it has no date", () => {
    const step = { id: "call", do: "task", title: "Call", assignee: "ada" };
    expect(plan(step, subject({}, { owner: null })).message).toMatchObject({ assignee: "ada", dueOn: null });
  });

  test("is due in working days by the calendar of whoever is to do it", () => {
    const step = { id: "call", do: "task", title: "Call", assignee: "owner", dueInWorkingDays: 2 };
    // It is Saturday in Vienna.
    expect(plan(step).message).toMatchObject({ dueOn: "2026-05-05" });
    const monday = parseDay("2026-05-04");
    const withHoliday = workCalendar(["mon", "tue", "wed", "thu", "fri"], () => new Set([monday]));
    const asked: unknown[] = [];
    const calendarOf = (country: string | null, region: string | null) => {
      asked.push([country, region]);
      return withHoliday;
    };
    const owner = { id: "bo", name: "Bo", email: "bo@example.com", country: "IE", region: "D" };
    expect(plan(step, subject({}, { owner, calendarOf })).message).toMatchObject({ dueOn: "2026-05-06" });
    expect(asked).toEqual([["IE", "D"]]);
  });
});

describe("while somebody is away", () => {
  const ada = { id: "ada", name: "Ada", email: "ada@example.com" };
  const bo = { id: "bo", name: "Bo", email: "bo@example.com", slackId: "U0COVER" };
  const standsInFor = { owner: ada, until: "2026-05-09" };
  const covered = subject({}, { owner: bo, standsInFor, onDuty: () => ({ owner: bo, standsInFor }) });

  test("the owner's task goes to who stands in, and stays there", () => {
    const action = plan(call, covered);
    expect(action.message).toMatchObject({ assignee: "bo", asOwner: false });
    expect(action.reason).toBe("task for bo, for ada, who is away until 9 May 2026, due on 2026-05-04");
    expect(plan(call).message).toMatchObject({ assignee: "ada", asOwner: true });
  });

  test("a task for one of the owners goes to who stands in for them, and is nobody's by owning the account", () => {
    const step = { ...call, assignee: "ada" };
    expect(plan(step, covered).message).toMatchObject({ assignee: "bo", asOwner: false });
    expect(plan(step).message).toMatchObject({ assignee: "ada", asOwner: false });
  });

  test("mail to the owner goes to who stands in, and says so; the customer's answer does too", () => {
    const action = plan({ ...mail, to: "owner" }, covered);
    expect(action).toMatchObject({
      recipient: "bo@example.com",
      reason: "reached in run 12, for ada, who is away until 9 May 2026",
    });
    expect(email(mail, covered).replyTo).toBe("bo@example.com");
    expect(plan(mail, covered).reason).toBe("reached in run 12");
  });

  test("Slack mentions who stands in", () => {
    expect(slack(alert, covered).text).toContain("Owner <@U0COVER>");
  });
});
