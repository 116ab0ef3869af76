import { describe, expect } from "vitest";
import { keepwell } from "../cli/command-line.ts";
import { folderOf, soundDocuments } from "../queries/company-folder.ts";
import { test } from "./api.ts";

const file = "playbooks/save-at-risk.json";
const slack = { id: "alert", do: "slack", to: "csm-alerts", text: "{{ account.name }} is at risk" };
const sound = soundDocuments[file];
const when = (condition: object) => ({ ...sound, trigger: { on: "threshold", when: condition } });
const steps = (...list: readonly object[]) => ({ ...sound, steps: list });

/** What nobody may put into force, and what both doors say of it. */
const refused = [
  { what: "an unknown fact", body: when({ fact: "scor", below: 40 }), path: "trigger.when.fact", says: "score" },
  {
    what: "an operator that does not fit the type",
    body: when({ fact: "segment", below: 40 }),
    path: "trigger.when.below",
    says: "",
  },
  {
    what: "a step that is never reached",
    body: steps({ id: "end", do: "stop" }, slack),
    path: "steps[1]",
    says: "never reached",
  },
  { what: "an id that is there twice", body: steps(slack, slack), path: "steps[1].id", says: "earlier step" },
  {
    what: "a template path that does not exist",
    body: steps({ ...slack, text: "{{ account.nmae }}" }),
    path: "steps[0].text",
    says: "nmae",
  },
  {
    what: "a wait of zero",
    body: steps({ id: "breathe", do: "wait", for: "0d" }, slack),
    path: "steps[0].for",
    says: "",
  },
  {
    what: "an endpoint that is not configured",
    body: steps({ id: "hook", do: "webhook", to: "crm" }),
    path: "steps[0].to",
    says: "crm",
  },
  {
    what: "a threshold that no score can cross",
    body: when({ fact: "score", below: -3 }),
    path: "trigger.when",
    says: "",
  },
] as const;

describe.each(refused)("$what", ({ body, path, says }) => {
  test("is refused by the command and by the API, at the same place", async ({ api, database }) => {
    await keepwell(["config", "apply", await folderOf(soundDocuments)], database);
    const folder = await folderOf({ ...soundDocuments, [file]: body });
    const validated = await keepwell(["config", "validate", folder, "--json"], undefined);
    const applied = await keepwell(["config", "apply", folder, "--json"], database);
    const [fault] = JSON.parse(validated.stdout).faults;
    expect(fault).toMatchObject({ file, path, line: expect.any(Number), column: expect.any(Number) });
    expect(`${fault.met} ${fault.message}`).toContain(says);
    expect(JSON.parse(applied.stdout).faults).toEqual([fault]);
    const saved = await api.call("PUT", "/api/v1/config/playbook/save-at-risk", {
      token: await api.token(),
      body: JSON.stringify(body, null, 2),
      headers: { "if-match": '"1"' },
    });
    expect(saved).toMatchObject({ status: 422, body: { faults: [{ ...fault, file: "playbook save-at-risk" }] } });
    const checked = await api.call("POST", "/api/v1/config/check", {
      token: await api.token(),
      body: { documents: [{ kind: "playbook", id: "save-at-risk", text: JSON.stringify(body, null, 2) }] },
    });
    expect(checked).toMatchObject({ status: 200, body: { ok: false, faults: [{ path, line: fault.line }] } });
    expect([validated.code, applied.code]).toEqual([2, 2]);
  });
});

test("two files of one id are refused, and the second one is told", async () => {
  const folder = await folderOf({ ...soundDocuments, "playbooks/twin.json": sound });
  const { code, stdout } = await keepwell(["config", "validate", folder]);
  expect({ code, stdout }).toEqual({
    code: 2,
    stdout: expect.stringMatching(/playbooks\/twin\.json:2:3 id: this id is taken by playbooks\/save-at-risk\.json/),
  });
});
