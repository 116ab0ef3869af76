import { describe, expect, test } from "vitest";
import { getLanguageService, type JSONDocument } from "vscode-json-languageservice";
import { TextDocument } from "vscode-languageserver-textdocument";
import { deploymentWords } from "../../src/queries/configuration/deployment-words.ts";
import { configSchemas } from "../../src/queries/configuration/schemas.ts";

const documents = [
  {
    kind: "channels",
    id: "channels",
    body: {
      channels: [
        { id: "csm-alerts", kind: "slack", transport: "outbox" },
        { id: "sales", kind: "slack", transport: "outbox" },
        { id: "mail", kind: "email", from: "care@acme.example.com", transport: "outbox" },
        { id: "crm-hook", kind: "webhook", transport: "outbox" },
      ],
    },
  },
  { kind: "owners", id: "owners", body: { owners: [{ id: "ada" }, { id: "bo" }] } },
  {
    kind: "lifecycle",
    id: "lifecycle",
    body: { stages: [{ id: "onboarding" }, { id: "value" }], milestones: [{ id: "go-live" }] },
  },
  { kind: "health-model", id: "default", body: { bands: [{ id: "red" }, { id: "yellow" }, { id: "green" }] } },
  { kind: "sources", id: "sources", body: { sources: [{ id: "hubspot", kind: "hubspot", tasks: {} }] } },
  { kind: "metrics", id: "metrics", body: { metrics: [{ id: "logins-per-seat" }] } },
  { kind: "playbook", id: "save-at-risk", body: {} },
];
const words = deploymentWords(documents, {
  usageNames: ["exports"],
  fields: ["region"],
  segments: ["enterprise", "mid"],
});
const schemas = configSchemas("7", words);
const uri = "file:///config/playbooks/one.json";

const service = getLanguageService({ clientCapabilities: {} });
service.configure({
  allowComments: false,
  schemas: [{ fileMatch: ["*"], uri: "keepwell://playbook.json", schema: schemas.playbook }],
});

const sound = {
  id: "one",
  name: "One",
  enabled: true,
  trigger: { on: "threshold", when: { fact: "band", is: "red" } },
  steps: [{ id: "alert", do: "slack", to: "csm-alerts", text: "Look." }],
};

function open(text: string): { readonly document: TextDocument; readonly parsed: JSONDocument } {
  const document = TextDocument.create(uri, "json", 1, text);
  return { document, parsed: service.parseJSONDocument(document) };
}

/** What an editor offers where `|` stands. */
async function completions(marked: string): Promise<readonly string[]> {
  const { document, parsed } = open(marked.replace("|", ""));
  const list = await service.doComplete(document, document.positionAt(marked.indexOf("|")), parsed);
  return (list?.items ?? []).map(({ label }) => label);
}

/** What an editor underlines. */
async function underlined(value: unknown): Promise<readonly string[]> {
  const { document, parsed } = open(JSON.stringify(value, null, 2));
  const found = await service.doValidation(document, parsed);
  return found.map(({ range, message }) => `${document.getText(range)}: ${message}`);
}

const inSteps = (step: string) => `{ "id": "one", "steps": [ ${step} ] }`;

describe("an editor that has the published schema of playbooks", () => {
  test.each([
    {
      where: "the kind of a trigger",
      marked: '{ "trigger": { "on": | } }',
      offered: ['"threshold"', '"renewal"', '"event"', '"schedule"', '"disagreement"'],
    },
    {
      where: "the fact of a condition",
      marked: '{ "trigger": { "on": "threshold", "when": { "fact": | } } }',
      offered: [
        '"score"',
        '"tickets.open"',
        '"account.fields.region"',
        '"milestone.go-live.status"',
        '"custom.logins-per-seat"',
      ],
    },
    {
      where: "a metric of the company's own usage",
      marked: '{ "audience": { "fact": "| } }',
      offered: ['"usage.exports.avg_28d"'],
    },
    {
      where: "the channel of a Slack step",
      marked: inSteps('{ "do": "slack", "to": | }'),
      offered: ['"csm-alerts"', '"sales"'],
    },
    {
      where: "whoever gets a task",
      marked: inSteps('{ "do": "task", "assignee": | }'),
      offered: ['"owner"', '"manager"', '"ada"', '"bo"'],
    },
    {
      where: "the value of a band",
      marked: '{ "exit": { "fact": "band", "is": | } }',
      offered: ['"red"', '"yellow"', '"green"'],
    },
    {
      where: "the keys of a wait",
      marked: inSteps('{ "do": "wait", | }'),
      offered: ["for", "until", "untilDate", "workingDays"],
    },
  ])("is offered names at $where", async ({ marked, offered }) => {
    expect(await completions(marked)).toEqual(expect.arrayContaining(offered));
  });

  test("offers no channel of another kind to a Slack step", async () => {
    const offered = await completions(inSteps('{ "do": "slack", "to": | }'));
    expect(offered).not.toContain('"mail"');
    expect(offered).not.toContain('"crm-hook"');
  });

  test("underlines nothing in a sound document", async () => {
    expect(await underlined(sound)).toEqual([]);
  });

  const step = sound.steps[0];
  const task = { id: "call", do: "task", title: "Call", assignee: "owner" };
  test.each([
    { fault: "an unknown key", change: { enabeld: true }, at: '"enabeld"' },
    { fault: "a missing name", change: { name: undefined }, at: "" },
    { fault: "an unknown kind of trigger", change: { trigger: { on: "treshold" } }, at: '"treshold"' },
    {
      fault: "an unknown fact",
      change: { trigger: { on: "threshold", when: { fact: "scor", below: 40 } } },
      at: '"scor"',
    },
    {
      fault: "a band there is none of",
      change: { exit: { fact: "band", is: "rot" } },
      at: '"rot"',
    },
    { fault: "a duration without a unit", change: { entry: { cooldown: "30" } }, at: '"30"' },
    { fault: "an unknown channel", change: { steps: [{ ...step, to: "csm-alert" }] }, at: '"csm-alert"' },
    { fault: "an unknown owner", change: { steps: [{ ...task, assignee: "eve" }] }, at: '"eve"' },
    {
      fault: "a step inside a branch that has no text",
      change: { steps: [{ id: "b", do: "branch", otherwise: [{ id: "s", do: "slack", to: "sales" }] }] },
      at: "",
    },
    { fault: "a priority there is none of", change: { priority: "urgent" }, at: '"urgent"' },
    { fault: "a stage there is none of", change: { trigger: { on: "stage", enters: "onbording" } }, at: '"onbording"' },
    { fault: "a share over one", change: { guards: { stormBrake: { share: 5 } } }, at: "5" },
  ])("underlines $fault", async ({ change, at }) => {
    const found = await underlined({ ...sound, ...change });
    expect(found.length).toBeGreaterThan(0);
    expect(found.some((line) => line.startsWith(at))).toBe(true);
  });
});

test("where our own team is told, the schema of guards.json names the channels that can, and none that cannot", async () => {
  const team = '{"enum":["csm-alerts","sales","mail"]}';
  const text = JSON.stringify(schemas.guards);
  expect(text).toContain(`"ask":${team}`);
  expect(text).toContain(`"digest":${team}`);
  const steps = [{ id: "alert", do: "slack", to: "csm-alerts", text: "Look.", digest: { window: "1h" } }];
  expect(await underlined({ ...sound, steps })).toEqual([]);
});
