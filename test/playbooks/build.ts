import { compilePlaybook, type PlaybookContext } from "../../src/playbooks/compile.ts";
import { customerLinks } from "../../src/playbooks/customer-links.ts";
import { noPause } from "../../src/playbooks/mail/customer-mail.ts";
import type { Owner } from "../../src/playbooks/owners.ts";
import type { RunPosition, Scene } from "../../src/playbooks/plan/occasion.ts";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import type { Subject } from "../../src/playbooks/subject.ts";
import { askedPeople } from "../../src/playbooks/survey/asked-people.ts";
import type { RunWords } from "../../src/playbooks/template-context.ts";
import { workCalendar } from "../../src/scoring/calendar.ts";
import type { FactValue } from "../../src/scoring/facts.ts";
import { faultText } from "../../src/scoring/fault.ts";
import type { Driver } from "../../src/scoring/history.ts";

/** What the playbooks of these tests may refer to. */
export const context: PlaybookContext = {
  revision: 3,
  bands: ["red", "yellow", "green"],
  channels: [
    { id: "csm-alerts", kind: "slack" },
    {
      id: "mail",
      kind: "email",
      from: "Acme <care@acme.example.com>",
      customers: { kind: "confirmed", words: "acme.example.com" },
    },
    { id: "hooks", kind: "webhook" },
  ],
  owners: [{ id: "ada" }],
  sinks: ["hubspot"],
  fieldSinks: ["hubspot"],
};

/** A playbook document; parts replace its own. */
export function document(parts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: "save-at-risk",
    name: "Save an account at risk",
    enabled: true,
    trigger: { on: "threshold", when: { fact: "score", below: 40 } },
    steps: [{ id: "alert", do: "slack", to: "csm-alerts", text: "{{ account.name }} is at {{ score }}" }],
    ...parts,
  };
}

/** A compiled playbook. */
export function playbook(parts: Readonly<Record<string, unknown>> = {}, revision = 3): CompiledPlaybook {
  const compiled = compilePlaybook(document(parts), { ...context, revision });
  if ("faults" in compiled) throw new Error(compiled.faults.map(faultText).join("\n"));
  return compiled.playbook;
}

const lifecycle = { stages: ["onboarding", "value", "churned"], milestones: ["go-live", "first-value"] };

/** The faults of a document as lines, where a lifecycle names stages and milestones; none when it is accepted. */
export function refusals(body: unknown): readonly string[] {
  const compiled = compilePlaybook(body, { ...context, ...lifecycle });
  return "faults" in compiled ? compiled.faults.map(faultText) : [];
}

export const words: RunWords = {
  playbookId: "save-at-risk",
  playbookName: "Save an account at risk",
  runId: 12,
  reason: "score 34.2 is below 40",
};

/** A run that stands before a step. */
export function run(stepId: string, parts: Partial<RunPosition> = {}): RunPosition {
  const begun = { waitId: null, dueAt: null, arrivedAt: null, depth: 0, chain: [] };
  return { runId: 12, episode: 1, stepId, visit: 1, reason: words.reason, ...begun, ...parts };
}

/** What steps are made from, in a house with one other playbook, `welcome`. */
export function scene(on: Subject = subject()): Scene {
  return { subject: on, house: { maxDepth: 3, isEnabled: (id) => (id === "welcome" ? true : null) } };
}

const ada: Owner = { id: "ada", name: "Ada", email: "ada@example.com", slackId: "U012AB3CD" };
const weekdaysOnly = workCalendar(["mon", "tue", "wed", "thu", "fri"], () => null);

/** An account as a step sees it. */
export function subject(facts: Readonly<Record<string, FactValue>> = {}, parts: Partial<Subject> = {}): Subject {
  return {
    facts: new Map<string, FactValue>([
      ["account.key", "acme"],
      ["account.name", "Acme"],
      ["score", 34.2],
      ["band", "red"],
      ...Object.entries(facts),
    ]),
    owner: ada,
    ownerZone: "Europe/Vienna",
    standsInFor: null,
    onDuty: () => ({ owner: ada, standsInFor: null }),
    calendarOf: () => weekdaysOnly,
    contact: { name: "Bo", email: "bo@example.com" },
    drivers: [],
    zone: "Europe/Vienna",
    links: customerLinks({ url: "https://keepwell.example.com", isPublic: true }, (_purpose, content) =>
      Buffer.from(content).toString("base64url"),
    ),
    pauseOf: noPause,
    surveys: askedPeople(new Map(), 0, 0),
    ...parts,
  };
}

export function driver(measure: string, weight: number, contribution: number): Driver {
  return {
    group: "usage",
    measure,
    metric: `usage.${measure}.avg_28d`,
    value: 3,
    unit: "per day",
    ageDays: 0,
    state: "value",
    points: 20,
    weight,
    contribution,
  };
}
