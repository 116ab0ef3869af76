import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect } from "vitest";
import { configFaultText } from "../../src/queries/configuration/config-fault.ts";
import { configSchemas } from "../../src/queries/configuration/schemas.ts";
import { missingSecrets } from "../../src/queries/configuration/secrets.ts";
import { compileFolder, loadConfiguration } from "../../src/queries/configuration.ts";
import { applyDocuments, readRevisionKey } from "../../src/store/documents.ts";
import { test } from "../support/database.ts";
import { folderOf, soundDocuments } from "./company-folder.ts";

const now = new Date("2026-03-02T08:00:00Z");

async function faultsOf(files: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const { faults } = await compileFolder(await folderOf(files));
  return faults.map(configFaultText);
}

describe("a folder of documents", () => {
  test("in order becomes a configuration", async () => {
    const { configuration, faults } = await compileFolder(await folderOf(soundDocuments));
    expect(faults).toEqual([]);
    expect(configuration).toMatchObject({ companyName: "Example", playbooks: [{ id: "save-at-risk" }], sources: [] });
    expect(configuration?.scorer.plan.metrics.map((metric) => metric.name)).toEqual(["nps.latest"]);
  });

  test("tells the faults of all its files at once, with file, place and what was expected", async () => {
    const playbook = soundDocuments["playbooks/save-at-risk.json"];
    const faults = await faultsOf({
      "company.json": '{\n  "name": "Example",\n  "zone": "Europe/Wien",\n  "reportingCurrency": "EUR",\n  "nam": 1\n}',
      "owners.json": '{ "owners": [], }',
      "channels.json": soundDocuments["channels.json"],
      "health-models/default.json": { ...soundDocuments["health-models/default.json"], minimumCoverage: 3 },
      "playbooks/one.json": { ...playbook, id: "one", holdout: { percent: 10 } },
      "playbooks/two.json": { ...playbook, id: "two", steps: [{ id: "alert", do: "slack", to: "csm", text: "Hello" }] },
      "lifecycle.json": { stages: [{ id: "live", name: "Live", when: { fact: "score", below: 40 } }] },
      "segments.json": {},
      "compnay.json": {},
    });
    expect(faults).toEqual([
      'company.json:3:3 zone: not a time zone of the IANA database (met "Europe/Wien")',
      'company.json:5:3 nam: unknown key "nam"; did you mean "name"? (met 1)',
      'compnay.json: unknown file; did you mean "company.json"?',
      "health-models/default.json:37:3 minimumCoverage: expected a share from 0 to 1 (met 3)",
      'lifecycle.json:7:9 stages[0].when.fact: a rule may not name score: it is known only after the stage (met "score")',
      "owners.json:1:17: remove the comma before }",
      'playbooks/two.json:16:7 steps[0].to: unknown channel: expected "csm-alerts" (met "csm")',
      "segments.json: this is not supported yet",
    ]);
  });

  test("without the documents nothing can do without is refused", async () => {
    expect(await faultsOf({ "README.md": "Nothing here." })).toEqual([
      "there is no company.json: expected one with name, zone and reportingCurrency",
      "there is no health model: expected one in health-models/",
    ]);
  });

  test("that is not there is one fault", async () => {
    const { faults } = await compileFolder("/nowhere/at/all");
    expect(faults.map(configFaultText)).toEqual(["there is no folder /nowhere/at/all"]);
  });

  test("does not blame playbooks for a file of channels that could not be read", async () => {
    expect(await faultsOf({ ...soundDocuments, "channels.json": "{" })).toEqual([
      "channels.json:1:2: expected a key in double quotes, met the end of the file",
    ]);
  });

  const lifecycle = {
    stages: [{ id: "live", name: "Live" }],
    milestones: [{ id: "go-live", name: "Go-live", event: { name: "went_live" } }],
  };
  const started = (trigger: object) => ({
    ...soundDocuments,
    "playbooks/one.json": { ...soundDocuments["playbooks/save-at-risk.json"], id: "one", trigger },
  });

  test("may name the stages and milestones of its lifecycle only, and any stage where there is none", async () => {
    const stage = started({ on: "stage", enters: "Live - Gold" });
    const milestone = started({ on: "milestone", milestone: "go-live" });
    expect(await faultsOf(stage)).toEqual([]);
    expect(await faultsOf({ ...stage, "lifecycle.json": lifecycle })).toEqual([
      'playbooks/one.json:7:5 trigger.enters: there is no stage "Live - Gold": expected "live" (met "Live - Gold")',
    ]);
    expect(await faultsOf(milestone)).toEqual([
      'playbooks/one.json:7:5 trigger.milestone: there is no milestone "go-live" (met "go-live")',
    ]);
    expect(await faultsOf({ ...milestone, "lifecycle.json": lifecycle })).toEqual([]);
    expect(await faultsOf({ ...milestone, "lifecycle.json": "{" })).toEqual([
      "lifecycle.json:1:2: expected a key in double quotes, met the end of the file",
    ]);
  });

  test("knows the countries of its owners", async () => {
    const [anna] = soundDocuments["owners.json"].owners;
    const owners = [
      { ...anna, country: "XX" },
      { ...anna, id: "ben", country: "DE", region: "XY" },
    ];
    const faults = await faultsOf({ ...soundDocuments, "owners.json": { owners } });
    expect(faults.map((fault) => fault.split(":").slice(0, 4).join(":"))).toEqual([
      expect.stringContaining("owners[0].country: there are no holidays for this country"),
      expect.stringContaining("owners[1].region: there is no such region of DE"),
    ]);
  });

  test("does not blame playbooks for a fault in another channel", async () => {
    const [slack] = soundDocuments["channels.json"].channels;
    const channels = [slack, { id: "mail", kind: "email", from: "team@example.com" }];
    const faults = await faultsOf({ ...soundDocuments, "channels.json": { channels } });
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every((fault) => fault.startsWith("channels.json"))).toBe(true);
  });

  test("does not blame steps in a branch for a document that cannot be read", async () => {
    const call = { id: "call", do: "task", title: "Call", assignee: "anna" };
    const branch = { id: "which", do: "branch", cases: [{ when: { fact: "score", below: 20 }, steps: [call] }] };
    const saving = { ...soundDocuments["playbooks/save-at-risk.json"], steps: [branch] };
    const faults = await faultsOf({ ...soundDocuments, "owners.json": "{", "playbooks/save-at-risk.json": saving });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["owners.json"]);
  });

  test("with playbooks that call each other is refused", async () => {
    const calling = (id: string, playbook: string) => ({
      ...soundDocuments["playbooks/save-at-risk.json"],
      id,
      steps: [{ id: "call", do: "call-playbook", playbook }],
    });
    const faults = await faultsOf({
      ...soundDocuments,
      "playbooks/save-at-risk.json": calling("save-at-risk", "follow-up"),
      "playbooks/follow-up.json": calling("follow-up", "save-at-risk"),
    });
    expect(faults).toEqual([
      expect.stringContaining('steps[0].playbook: calls itself: "follow-up" → "save-at-risk" → "follow-up"'),
      expect.stringContaining('steps[0].playbook: calls itself: "save-at-risk" → "follow-up" → "save-at-risk"'),
    ]);
  });

  test("with two documents of one name, or two default health models, is refused", async () => {
    const model = soundDocuments["health-models/default.json"];
    const faults = await faultsOf({
      ...soundDocuments,
      "health-models/second.json": { ...model, id: "second" },
      "playbooks/zz-copy.json": soundDocuments["playbooks/save-at-risk.json"],
    });
    expect(faults).toEqual([
      'health-models/second.json:1:1: a second default: "default" has no appliesTo either, expected exactly one model without',
      'playbooks/zz-copy.json:2:3 id: this id is taken by playbooks/save-at-risk.json (met "save-at-risk")',
    ]);
  });

  test("with a file that is not UTF-8 is refused rather than misread", async () => {
    const latin1 = Buffer.from('{ "name": "M\u00fcller" }', "latin1");
    expect(await faultsOf({ ...soundDocuments, "company.json": latin1 })).toEqual([
      "company.json: the file is not UTF-8 text",
    ]);
  });

  test("never shows a secret that somebody wrote into it", async () => {
    const channels = [
      { id: "csm-alerts", kind: "slack", url: "https://hooks.slack.com/services/T0/B0/verysecret" },
      { id: "mail", kind: "email", from: "a@example.com", host: "mail", port: 25, password: "verysecret" },
      { id: "crm", kind: "webhook", url: "https://example.com/verysecret", secret: "verysecret" },
    ];
    const faults = await faultsOf({ ...soundDocuments, "channels.json": { channels } });
    expect(faults.length).toBeGreaterThanOrEqual(3);
    expect(faults.join("\n")).not.toContain("verysecret");
  });

  test("names the place of every secret that is not set, but not those of a channel that only keeps", async () => {
    const channels = [
      { id: "csm-alerts", kind: "slack", url: { env: "EXAMPLE_SLACK_URL" } },
      { id: "kept", kind: "slack", transport: "outbox", url: { env: "EXAMPLE_OTHER_URL" } },
    ];
    const { documents } = await compileFolder(await folderOf({ ...soundDocuments, "channels.json": { channels } }));
    expect(missingSecrets(documents, () => false).map(configFaultText)).toEqual([
      "channels.json:6:7 channels[0].url: the environment variable EXAMPLE_SLACK_URL is not set",
    ]);
    expect(missingSecrets(documents, () => true)).toEqual([]);
  });
});

describe("the configuration in force", () => {
  test("is what was applied, with the revisions of the database", async ({ db }) => {
    const { documents } = await compileFolder(await folderOf(soundDocuments));
    const options = { author: "anna", note: null, now };
    await db.transaction().execute((tx) => applyDocuments(tx, documents, options));
    const first = await loadConfiguration(db);
    if ("faults" in first) throw new Error(first.faults.map(configFaultText).join("\n"));
    expect(first.configuration.playbooks[0]).toMatchObject({ id: "save-at-risk", revision: 1 });
    expect(first.configuration.revisionKey).toBe(await readRevisionKey(db));

    const renamed = documents.map((one) =>
      one.kind === "playbook"
        ? { ...one, body: { ...soundDocuments["playbooks/save-at-risk.json"], name: "Renamed" } }
        : one,
    );
    await db.transaction().execute((tx) => applyDocuments(tx, renamed, options));
    const second = await loadConfiguration(db);
    if ("faults" in second) throw new Error(second.faults.map(configFaultText).join("\n"));
    expect(second.configuration.playbooks[0]).toMatchObject({ name: "Renamed", revision: 2 });
    expect(second.configuration.scorer.models[0]?.revision).toBe(1);
    expect(second.configuration.revisionKey).not.toBe(first.configuration.revisionKey);
  });
});

describe("the published schemas", () => {
  test.for([
    { draft: "7", name: "draft-07" },
    { draft: "2020-12", name: "2020-12" },
  ] as const)("of $name accept the documents the program accepts and flag the ones it refuses", async ({ draft }) => {
    const ajv = draft === "7" ? new Ajv({ strict: false }) : new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const schemas = configSchemas(draft);
    const kinds = {
      company: soundDocuments["company.json"],
      owners: soundDocuments["owners.json"],
      channels: soundDocuments["channels.json"],
      sources: soundDocuments["sources.json"],
      lifecycle: {
        precedence: ["hand", "conditions"],
        stages: [
          { id: "onboarding", name: "Onboarding" },
          { id: "live", name: "Live", when: { fact: "milestone.go-live", is: true }, from: ["onboarding"] },
        ],
        milestones: [
          { id: "go-live", name: "Go-live", event: { name: "went_live", where: { plan: "full" } } },
          { id: "one-year", name: "A year", anniversary: 1, expected: { within: "400d" }, stuckAfter: "7d" },
        ],
      },
      metrics: {
        activeUsers: "logins",
        features: ["exports"],
        metrics: [
          {
            id: "tickets-per-user",
            name: "Tickets per user",
            unit: "count",
            formula: { round: [{ divide: ["tickets.open", { max: ["usage.logins.users_28d", 1] }] }, 2] },
          },
        ],
      },
      guards: { maxPerAccount: { runs: 3, per: "7d" }, alertBudget: { perWeek: 10 } },
      "health-model": soundDocuments["health-models/default.json"],
      playbook: soundDocuments["playbooks/save-at-risk.json"],
    } as const;
    for (const [kind, schema] of Object.entries(schemas)) {
      const validate = ajv.compile(schema);
      const document = Object.entries(kinds).find(([name]) => name === kind)?.[1];
      expect({ kind, isValid: validate(document), errors: validate.errors }).toMatchObject({ kind, isValid: true });
      expect({ kind, isValid: validate({ ...document, surprise: 1 }) }).toEqual({ kind, isValid: false });
    }
    const validateMetrics = ajv.compile(schemas.metrics);
    for (const formula of ["tickets.opn", "contract.plan", { divide: ["tickets.open"] }, { mean: [1] }]) {
      const metrics = [{ ...kinds.metrics.metrics[0], formula }];
      expect({ formula, isValid: validateMetrics({ metrics }) }).toEqual({ formula, isValid: false });
    }
    const validate = ajv.compile(schemas.playbook);
    const misspelt = { fact: "scor", below: 40 };
    const playbook = { ...kinds.playbook, trigger: { on: "threshold", when: misspelt } };
    expect(validate(playbook)).toBe(false);
  });
});
