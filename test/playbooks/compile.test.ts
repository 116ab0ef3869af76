import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compilePlaybook } from "../../src/playbooks/compile.ts";
import { faultText } from "../../src/scoring/fault.ts";
import { context, document, playbook, refusals } from "./build.ts";

const alert = { id: "alert", do: "slack", to: "csm-alerts", text: "x" };
const mail = { id: "mail", do: "email", to: "owner", subject: "x", body: "y" };
const call = { id: "call", do: "task", title: "Call", assignee: "owner" };
const hook = { id: "hook", do: "webhook", to: "hooks" };
const pause = { id: "pause", do: "wait", for: "2d" };
const when = { fact: "score", below: 40 };

const steps = (...listed: readonly unknown[]) => ({ steps: listed });
const trigger = (parts: object) => ({ trigger: { on: "threshold", when, ...parts } });

describe("a playbook document", () => {
  test("is taken as docs/playbooks.md shows it", () => {
    const page = readFileSync(new URL("../../docs/playbooks.md", import.meta.url), "utf8");
    const [introduction = ""] = page.split("## The format");
    const example = introduction.split("\n").filter((line) => line.startsWith("    "));
    expect(refusals(JSON.parse(example.join("\n")))).toEqual([]);
  });

  test("may have every trigger that docs/playbooks.md shows", () => {
    const page = readFileSync(new URL("../../docs/playbooks.md", import.meta.url), "utf8");
    const [, triggers = ""] = /## Triggers\n([\s\S]*?)\n## /.exec(page) ?? [];
    const examples = triggers.split("\n").filter((line) => line.startsWith("    "));
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) {
      const compiled = compilePlaybook(document({ trigger: JSON.parse(example) }), context);
      expect({ example, compiled }).toMatchObject({ compiled: { playbook: {} } });
    }
  });

  test("is taken with everything the first form has", () => {
    const parts = {
      $schema: "./playbook.json",
      priority: "escalation",
      audience: {
        all: [
          { fact: "segment", is: "enterprise" },
          { fact: "billing.mrr", atLeast: 2000 },
        ],
      },
      trigger: { on: "threshold", when, for: "2d", recover: { fact: "score", atLeast: 50 }, keepFor: "1d" },
      entry: { mode: "episode", cooldown: "30d", onActivate: "fire" },
      steps: [
        alert,
        { ...call, body: "y", dueInDays: 2 },
        pause,
        { ...mail, via: "mail" },
        { ...mail, id: "mail-2", to: { address: "team@example.com" } },
        { ...hook, payload: { why: "{{ run.reason }}", level: 3, urgent: true } },
      ],
    };
    expect(refusals(document(parts))).toEqual([]);
    expect(playbook(parts)).toMatchObject({
      priority: "escalation",
      trigger: { forMs: 2 * 86_400_000, keepForMs: 86_400_000 },
      entry: { cooldownMs: 30 * 86_400_000, onActivate: "fire" },
    });
  });

  test("has defaults for what may be left out", () => {
    expect(playbook()).toMatchObject({
      priority: "warning",
      audience: null,
      trigger: { forMs: 0, keepForMs: 0, recover: null },
      entry: { cooldownMs: 0, onActivate: "baseline" },
    });
  });

  test("names every fact that its conditions and templates need", () => {
    const text = '{{ metrics["nps.latest"] }} {{ metrics.tickets.open }} {{ account.name }}';
    const parts = { audience: { fact: "segment", is: "mid" }, ...steps({ ...alert, text }) };
    expect(playbook(parts).facts).toEqual(["nps.latest", "score", "segment", "tickets.open"]);
  });

  test.each([
    ["no object", null, "expected an object"],
    [
      "an id that is not kebab-case",
      document({ id: "Save It" }),
      'id: expected small letters, digits and single hyphens, such as "save-at-risk" (met "Save It")',
    ],
    ["a missing name", document({ name: undefined }), "name: is missing: expected a text"],
    ["a missing trigger", document({ trigger: undefined }), "trigger: is missing: expected an object"],
    [
      "an unknown key",
      document({ audiance: {} }),
      'audiance: unknown key "audiance"; did you mean "audience"? (met "an object")',
    ],
    [
      "an unknown key of the trigger",
      document(trigger({ keepfor: "1d" })),
      'trigger.keepfor: unknown key "keepfor"; did you mean "keepFor"?',
    ],
    [
      "an unknown key of a step",
      document(steps({ ...alert, txt: "x" })),
      'steps[0].txt: unknown key "txt"; did you mean "text"?',
    ],
    [
      "an unknown priority",
      document({ priority: "high" }),
      'priority: expected "info" or "warning" or "escalation" (met "high")',
    ],
    [
      "an unknown trigger",
      document({ trigger: { on: "treshold", when } }),
      '"segment" or "schedule" or "disagreement"; did you mean "threshold"?',
    ],
    [
      "a condition that is none",
      document({ trigger: { on: "threshold", when: {} } }),
      "trigger.when: an empty condition",
    ],
    [
      "an unknown fact",
      document(trigger({ when: { fact: "scor", below: 3 } })),
      'trigger.when.fact: unknown fact "scor"; did you mean "score"?',
    ],
    [
      "a duration that is none",
      document(trigger({ for: "2 days" })),
      'trigger.for: expected a duration, such as "30m", "12h" or "7d" (met "2 days")',
    ],
    ["a score below 0", document(trigger({ when: { fact: "score", below: 0 } })), "trigger.when: no score can cross"],
    [
      "a score above 100",
      document(trigger({ when: { any: [when, { fact: "score", atLeast: 101 }] } })),
      "trigger.when: no score can cross",
    ],
    [
      "a score every account has",
      document(trigger({ when: { fact: "score", atMost: 100 } })),
      "trigger.when: no score can cross",
    ],
    [
      "a recovery within the trigger",
      document(trigger({ recover: { fact: "score", atLeast: 30 } })),
      'trigger.recover: contradicts "when": at score 39.9 both are true',
    ],
    [
      "a band no model has",
      document({ trigger: { on: "band", enters: ["red", "gren"] } }),
      'trigger.enters: there is no band "gren": expected "red" or "yellow" or "green"; did you mean "green"?',
    ],
    [
      "a band no model has, in a condition",
      document({ audience: { fact: "band", is: "purple" } }),
      'audience: there is no band "purple"',
    ],
    [
      "recover on a band trigger",
      document({ trigger: { on: "band", enters: "red", recover: when } }),
      'trigger.recover: unknown key "recover"',
    ],
    [
      "a stage there is none of",
      document({ trigger: { on: "stage", enters: ["churnd", "value"] } }),
      'trigger.enters: there is no stage "churnd": expected "onboarding" or "value" or "churned"; did you mean "churned"?',
    ],
    [
      "a stage before there is none of",
      document({ trigger: { on: "stage", enters: "churned", from: "live" } }),
      'trigger.from: there is no stage "live"',
    ],
    [
      "a stage there is none of, in a condition",
      document({ audience: { fact: "stage", in: ["live"] } }),
      'audience: there is no stage "live"',
    ],
    [
      "a milestone there is none of",
      document({ trigger: { on: "milestone", milestone: "golive" } }),
      'trigger.milestone: there is no milestone "golive": expected "go-live" or "first-value"; did you mean "go-live"?',
    ],
    [
      "a milestone that is no name",
      document({ trigger: { on: "milestone", milestone: "go-live.status" } }),
      "trigger.milestone: expected a milestone's id",
    ],
    [
      "a milestone there is none of, in a condition",
      document(trigger({ when: { fact: "milestone.golive.days", atLeast: 3 } })),
      'trigger.when: there is no milestone "golive"',
    ],
    [
      "a status no milestone has",
      document(trigger({ when: { fact: "milestone.go-live.status", is: "late" } })),
      'trigger.when: there is no status of a milestone "late"',
    ],
    [
      "a status a trigger cannot wait for",
      document({ trigger: { on: "milestone", milestone: "go-live", status: "open" } }),
      'trigger.status: expected "reached" or "overdue" or "behind" or "stuck"',
    ],
    [
      "a renewal within hours",
      document({ trigger: { on: "renewal", within: "36h" } }),
      'trigger.within: expected whole days, such as "90d", at most 400 (met "36h")',
    ],
    [
      "a fall of a text",
      document({ trigger: { on: "change", fact: "segment", fallsBy: 3, within: "7d" } }),
      'trigger.fallsBy: "fallsBy" does not fit segment, which is a text',
    ],
    [
      "a fall that no score can have",
      document({ trigger: { on: "change", fact: "score", fallsBy: 101, within: "7d" } }),
      'no score can cross "fallsBy 101"',
    ],
    [
      "a fall without its time",
      document({ trigger: { on: "change", fact: "score", fallsBy: 15 } }),
      "trigger.within: is missing: expected whole days",
    ],
    [
      "a rise and a fall together",
      document({ trigger: { on: "change", fact: "score", fallsBy: 15, risesBy: 15, within: "7d" } }),
      "trigger: expected one operator, not fallsBy and risesBy together",
    ],
    [
      "a fall from something",
      document({ trigger: { on: "change", fact: "score", fallsBy: 15, within: "7d", to: 3 } }),
      "trigger.to: belongs to a change of text",
    ],
    [
      "a number that just changes",
      document({ trigger: { on: "change", fact: "score" } }),
      "trigger.fact: score is a number: expected fallsBy or risesBy, and within",
    ],
    [
      "a change of what is not kept",
      document({ trigger: { on: "change", fact: "band" } }),
      "trigger.fact: how band stood before is not kept",
    ],
    [
      "a change of what there is not",
      document({ trigger: { on: "change", fact: "ownr" } }),
      'trigger.fact: unknown fact "ownr"; did you mean "owner"?',
    ],
    [
      "a change of what follows from a change",
      document({ trigger: { on: "change", fact: "owner~was_86400s" } }),
      'trigger.fact: unknown fact "owner~was_86400s"',
    ],
    [
      "a change to a value of another type",
      document({ trigger: { on: "change", fact: "owner", to: 3 } }),
      "trigger.to.is: expected a text (met 3)",
    ],
    [
      "a change to a stage there is none of",
      document({ trigger: { on: "change", fact: "stage", from: "valu" } }),
      'trigger.from: there is no stage "valu"',
    ],
    [
      "a change of text that must last",
      document({ trigger: { on: "change", fact: "owner", for: "2d" } }),
      "trigger.for: belongs to fallsBy and risesBy",
    ],
    [
      "a change of text within nothing",
      document({ trigger: { on: "change", fact: "owner", within: "0d" } }),
      "trigger.within: expected a time longer than nothing",
    ],
    [
      "days and working days",
      document(steps({ ...call, dueInDays: 2, dueInWorkingDays: 2 })),
      "steps[0].dueInWorkingDays: expected one of dueInDays and dueInWorkingDays, not both",
    ],
    ["no steps", document({ steps: [] }), "steps: expected at least one step"],
    ["a step that is no object", document(steps("alert")), "steps[0]: expected an object"],
    ["an unknown step", document(steps({ ...alert, do: "slak" })), 'or "stop" or "branch"; did you mean "slack"?'],
    [
      "two steps of one id",
      document(steps(alert, { ...call, id: "alert" })),
      'steps[1].id: this id is used by an earlier step (met "alert")',
    ],
    [
      "a wait of nothing",
      document(steps({ ...pause, for: "0d" }, alert)),
      'steps[0].for: expected a wait longer than nothing (met "0d")',
    ],
    ["a wait with nothing after it", document(steps(alert, pause)), "steps[1]: a wait needs a step after it"],
    [
      "a channel that is not there",
      document(steps({ ...alert, to: "alerts" })),
      'steps[0].to: unknown channel: expected "csm-alerts" (met "alerts")',
    ],
    [
      "a channel of another kind",
      document(steps({ ...alert, to: "mail" })),
      'steps[0].to: is a channel of kind email: expected "csm-alerts"',
    ],
    [
      "a mail by a channel of another kind",
      document(steps({ ...mail, via: "hooks" })),
      "steps[0].via: is a channel of kind webhook",
    ],
    [
      "an owner who is not there",
      document(steps({ ...call, assignee: "eve" })),
      'steps[0].assignee: expected "owner" or "manager" or "ada" (met "eve")',
    ],
    [
      "a recipient of another form",
      document(steps({ ...mail, to: "team" })),
      'steps[0].to: expected "primary-contact" or "owner" or an object',
    ],
    [
      "two recipients in one",
      document(steps({ ...mail, to: { address: "a@example.com, b@example.com" } })),
      "steps[0].to",
    ],
    [
      "a variable there is none of",
      document(steps({ ...alert, text: "{{ acount.name }}" })),
      'steps[0].text: unknown variable "acount.name"; did you mean "account"?',
    ],
    [
      "a template that cannot be read",
      document(steps({ ...mail, body: "{{ score" })),
      "steps[0].body: cannot be read as a template",
    ],
    [
      "a template in a payload",
      document(steps({ ...hook, payload: { a: "{{ x }}" } })),
      'steps[0].payload.a: unknown variable "x"',
    ],
  ])("is refused for %s", (_name, body, expected) => {
    expect(refusals(body).join("\n")).toContain(expected);
  });

  test.each([
    ["a trigger by risk", document({ trigger: { on: "risk", above: 0.5 } }), "trigger.on"],
    ["a text message", document(steps(alert, { id: "b", do: "sms", if: when })), "steps[1].do"],
    ["a fact to come", document(trigger({ when: { fact: "risk", above: 0.5 } })), "trigger.when.fact"],
  ])("says of %s that it is not supported yet, and nothing else", (_name, body, path) => {
    const faults = refusals(body);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${path.replaceAll(/[[\]]/g, "\\$&")}.*not supported yet`));
  });

  test("where no lifecycle names them, any stage and any milestone will do", () => {
    const free = { ...context, stages: undefined, milestones: undefined };
    const compiled = (parts: object) => compilePlaybook(document({ trigger: parts }), free);
    expect(compiled({ on: "stage", enters: "Customer - Live" })).toHaveProperty("playbook");
    expect(compiled({ on: "milestone", milestone: "x" })).toHaveProperty("playbook");
    expect(
      compilePlaybook(document({ trigger: { on: "milestone", milestone: "x" } }), { ...free, milestones: [] }),
    ).toMatchObject({ faults: [{ path: "trigger.milestone", message: 'there is no milestone "x"' }] });
  });

  test("names the facts of every kind of trigger, and those they derive from", () => {
    const factsOf = (parts: object) => playbook({ trigger: parts, ...steps({ ...alert, text: "x" }) }).facts;
    expect(factsOf({ on: "renewal", within: "90d" })).toEqual([
      "contract.days_to_renewal",
      "contract.days_to_renewal~ends",
    ]);
    expect(factsOf({ on: "change", fact: "nps.latest", risesBy: 2, within: "30d" })).toEqual([
      "nps.latest",
      "nps.latest~rise_30d",
    ]);
    expect(factsOf({ on: "change", fact: "account.fields.plan", to: [3, "gold"], within: "12h" })).toEqual([
      "account.fields.plan",
      "account.fields.plan~changed_43200s",
      "account.fields.plan~was_43200s",
    ]);
    expect(factsOf({ on: "milestone", milestone: "go-live", status: "stuck" })).toEqual(["milestone.go-live.status"]);
    expect(factsOf({ on: "stage", enters: "churned", from: "value" })).toEqual(["stage", "stage.previous"]);
  });

  test("a mail must name its channel where there are several, and cannot be sent where there is none", () => {
    const more = { ...context, channels: [...context.channels, { id: "mail-2", kind: "email" } as const] };
    const told = (faced: typeof context) => {
      const compiled = compilePlaybook(document(steps(mail)), faced);
      return "faults" in compiled ? compiled.faults.map(faultText) : [];
    };
    expect(told(more)).toEqual(['steps[0].via: is missing: expected "mail" or "mail-2"']);
    expect(told({ ...context, channels: [] })).toEqual(["steps[0].via: there is no e-mail channel to send it with"]);
  });

  test("is told all its faults at once, however many parts they are in", () => {
    const body = document({
      id: "X",
      trigger: { on: "threshold", when: { fact: "score", below: -1 }, forr: "1d" },
      steps: [
        { ...pause, for: "0d", untill: when },
        { ...alert, id: "pause", to: "nowhere" },
        { ...mail, subject: "{{ nope }}" },
        { ...call, assignee: "eve" },
      ],
    });
    const paths = refusals(body).map((line) => line.slice(0, line.indexOf(":")));
    expect(paths.toSorted()).toEqual(
      [
        ...["id", "trigger.forr", "trigger.when", "steps[0].for", "steps[0].untill"],
        ...["steps[1].id", "steps[1].to", "steps[2].subject", "steps[3].assignee"],
      ].toSorted(),
    );
  });

  test("nested 20,000 deep is refused, not a crash", () => {
    let deep: unknown = when;
    for (let level = 0; level < 20_000; level++) deep = { not: deep };
    expect(refusals(document(trigger({ when: deep }))).join()).toContain("nested too deeply");
    expect(refusals(document({ audience: deep })).join()).toContain("nested too deeply");
  });
});
