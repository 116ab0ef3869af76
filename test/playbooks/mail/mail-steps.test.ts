import { describe, expect, test } from "vitest";
import { compilePlaybook } from "../../../src/playbooks/compile.ts";
import { advanceRun } from "../../../src/playbooks/plan.ts";
import { context, document, playbook, run, scene, subject } from "../build.ts";

const now = Date.UTC(2026, 4, 1, 10);
const hour = 3_600_000;
const mail = { id: "mail", do: "email", to: "primary-contact", subject: "Hello", body: "How are you?" };
const alert = { id: "alert", do: "slack", to: "csm-alerts", text: "{{ account.name }}" };
const words = "2 of 2 mails within 7 days";
const paused = subject({}, { pauseOf: () => ({ until: now + 5 * hour, words }) });

describe("a step that mails a person who has had enough", () => {
  const two = playbook({ steps: [mail, alert] });

  test("waits, with everything behind it, until there is room, and says why", () => {
    const plan = advanceRun(two, run("mail"), scene(paused), now);
    expect(plan.actions).toEqual([]);
    expect(plan.next).toMatchObject({ kind: "waiting", stepId: "mail", dueAt: now + 5 * hour });
    expect(plan.reason).toContain(
      `"mail": ${words} to this address: waiting until 1 May 2026 at 17:00 (Europe/Vienna)`,
    );
  });

  test("goes once there is room, and is passed over where that is too late for it", () => {
    const later = now + 5 * hour;
    const position = run("mail", { dueAt: later, arrivedAt: now });
    expect(advanceRun(two, position, scene(), later).actions.map(({ stepId, state }) => [stepId, state])).toEqual([
      ["mail", "pending"],
      ["alert", "pending"],
    ]);
    const hasty = playbook({ steps: [{ ...mail, skipAfter: "4h" }, alert] });
    expect(advanceRun(hasty, position, scene(), later).actions).toMatchObject([
      { stepId: "mail", state: "skipped", reason: expect.stringContaining("4 hours late is too late") },
      { stepId: "alert", state: "pending" },
    ]);
  });

  test("that mails the owner waits for nobody", () => {
    const toOwner = playbook({ steps: [{ ...mail, to: "owner" }] });
    expect(advanceRun(toOwner, run("mail"), scene(paused), now).actions).toMatchObject([{ state: "pending" }]);
  });
});

describe("mail through a channel whose domain nobody confirmed", () => {
  const off = { ...context, channels: [{ id: "mail", kind: "email", from: "care@acme.example.com" }] } as const;
  const compiled = (step: object) => {
    const result = compilePlaybook(document({ steps: [step] }), off);
    if ("faults" in result) throw new Error(JSON.stringify(result.faults));
    return result.playbook;
  };
  const reason = 'mail to customers is off: "customerMail" of the channel "mail" confirms no domain';

  test.each(["primary-contact", { address: "kim@example.com" }])("is passed over to %o", (to) => {
    expect(advanceRun(compiled({ ...mail, to }), run("mail"), scene(), now).actions).toMatchObject([
      { state: "skipped", reason, message: { kind: "none" } },
    ]);
  });

  test("goes to our own team, without a way out of a list", () => {
    const [action] = advanceRun(compiled({ ...mail, to: "owner" }), run("mail"), scene(), now).actions;
    expect(action).toMatchObject({ state: "pending", message: { audience: "team", unsubscribeLink: null } });
  });
});
