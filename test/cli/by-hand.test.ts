import { describe, expect } from "vitest";
import { readSettings } from "../../src/config.ts";
import type { Db } from "../../src/store/db.ts";
import { folderOf, soundDocuments } from "../queries/company-folder.ts";
import { insertEmail, insertRun } from "../store/action-rows.ts";
import { test } from "../support/database.ts";
import { account, take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const then = new Date("2026-03-01T12:00:00Z");
const begin = (db: Db, key = "acme") => take(db, account(key, "2026-02-28", []), then);
/** Within the ten years that an end may lie ahead. */
const until = ["--until", "2030-01-31"];

test("an account is named by its key, a source's id for it, or its name", async ({ database, db }) => {
  await begin(db);
  const row = { source: "crm", externalId: "0015X", accountId: 1 };
  await db.insertInto("identities").values(row).execute();
  for (const name of ["acme", "0015X", "ACME ltd"]) {
    const { code, stdout, stderr } = await keepwell(["pulse", name, "2", "--author", "anna"], database);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "The pulse of acme is 2.\n" });
    expect(stderr).toContain("keepwell run");
  }
  const { code, stderr } = await keepwell(["pulse", "acm", "2"], database);
  expect({ code, stderr }).toEqual({ code: 2, stderr: "error: There is no account acm. Did you mean acme?\n" });
});

test("each deed says what it came to, and the audit who did it", async ({ database, db }) => {
  await begin(db);
  const deeds: readonly (readonly [readonly string[], RegExp])[] = [
    [["touch", "acme", "call", "--note", "all well"], /The call with acme is noted/],
    [["note", "acme", "they are hiring"], /The note on acme is kept/],
    [["milestone", "acme", "go-live", "--at", "2026-02-01"], /acme has reached go-live/],
    [["milestone", "acme", "go-live", "--take-back"], /not reached go-live/],
    [["stage", "acme", "renewal", "--reason", "talks"], /The stage of acme is renewal/],
    [["stage", "acme", "--clear"], /The CRM and the rules choose/],
    [["override", "acme", "--score", "12.5", ...until, "--reason", "x"], /shown score 12.5 for acme until 2030-01-31/],
    [["override", "acme", "--clear"], /the computed score and band of acme again/],
    [["snooze", "acme", ...until, "--reason", "holidays"], /No playbook begins a run for acme until 2030-01-31/],
    [["snooze", "acme", "--clear"], /may begin runs for acme again/],
  ];
  for (const [words, says] of deeds) {
    const { code, stdout, stderr } = await keepwell([...words, "--author", "anna"], database);
    expect({ words, code, stdout, stderr }).toMatchObject({ words, code: 0, stdout: expect.stringMatching(says) });
  }
  const { stdout } = await keepwell(["audit", "--account", "acme", "--author", "anna"], database);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(deeds.length + 1);
  expect(lines[1]).toMatch(/anna +cli +snooze\.clear +acme +acme\/snooze/);
  expect((await keepwell(["audit", "--author", "nobody"], database)).stdout).toBe(
    "Nothing of that was done by hand.\n",
  );
});

test.for([
  { words: ["pulse", "acme", "six"], says: "Expected a number" },
  { words: ["pulse", "acme", "6"], says: "score" },
  { words: ["pulse", "acme", "2", "--at", "2999-01-01T00:00:00Z"], says: "yet to come" },
  { words: ["pulse", "acme", "2", "--author", " "], says: "empty" },
  { words: ["touch", "acme", "telegram"], says: "Allowed choices are call" },
  { words: ["note", "acme", ""], says: "empty" },
  { words: ["override", "acme", ...until, "--reason", "x"], says: "expected a score or a band" },
  { words: ["override", "acme", "--score", "1", "--reason", "x"], says: "until" },
  { words: ["override", "acme", "--score", "1", ...until], says: "reason" },
  { words: ["override", "acme", "--clear", "--score", "1"], says: "cannot be used with option '--score" },
  { words: ["override", "acme", "--clear"], says: "The account acme has no override." },
  { words: ["snooze", "acme", "--until", "2020-01-31", "--reason", "x"], says: "2020-01-31 is past." },
  { words: ["stage", "acme"], says: "Expected a stage, or --clear." },
  { words: ["stage", "acme", "renewal", "--clear"], says: "not both" },
  { words: ["milestone", "acme", "go-live", "--take-back"], says: 'has no milestone "go-live" by hand' },
  { words: ["task", "snooze", "1", "--until", "2030-01-31"], says: "There is no task 1." },
  {
    words: ["task", "create", "x", "--account", "acme", "--due", "2026-01-31", "--due-in-days", "3"],
    says: "not both",
  },
  { words: ["verdict", "1"], says: "Expected an action and a verdict" },
  { words: ["verdict", "1", "noise"], says: "There is no action 1." },
  { words: ["verdict", "1", "great"], says: "Allowed choices are useful" },
])(
  "what cannot be ends with 2 and a sentence, and leaves nothing: $words",
  async ({ words, says }, { database, db }) => {
    await begin(db);
    const { code, stdout, stderr } = await keepwell(words, database);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("    at ");
    expect(await db.selectFrom("audit").selectAll().execute()).toEqual([]);
  },
);

describe("the documents in force", () => {
  test("say which owners, bands and stages there are", async ({ database, db }) => {
    await begin(db);
    const lifecycle = { stages: [{ id: "onboarding", name: "Onboarding" }], milestones: [] };
    const folder = await folderOf({ ...soundDocuments, "lifecycle.json": lifecycle });
    expect(await keepwell(["config", "apply", folder], database)).toMatchObject({ code: 0 });
    for (const [words, says] of [
      [["task", "create", "x", "--account", "acme", "--assignee", "ana"], 'did you mean "anna"?'],
      [["override", "acme", "--band", "gren", ...until, "--reason", "x"], 'did you mean "green"?'],
      [["stage", "acme", "onbording"], 'did you mean "onboarding"?'],
      [["milestone", "acme", "go-live"], 'There is no milestone "go-live".'],
    ] as const) {
      const { code, stderr } = await keepwell([...words], database);
      expect(code).toBe(2);
      expect(stderr).toContain(says);
    }
  });
});

test("a task is handed over, put off, and shown again when it is asked for", async ({ database, db }) => {
  await begin(db);
  expect((await keepwell(["task", "create", "Call", "--account", "acme", "--due-in-days", "0"], database)).code).toBe(
    0,
  );
  expect((await keepwell(["task", "assign", "1", "bruno"], database)).stdout).toBe("Task 1 is given to bruno.\n");
  expect((await keepwell(["task", "snooze", "1", ...until], database)).code).toBe(0);
  expect((await keepwell(["task", "list"], database)).stdout).toBe("There are no such tasks.\n");
  const { stdout } = await keepwell(["task", "list", "--all"], database);
  expect(stdout).toMatch(/Call +bruno +\S+.* +put off until 2030-01-31 00:00 UTC/);
});

test("a verdict stands with the action, and is counted", async ({ database, db }) => {
  const id = String(await insertEmail(db, await insertRun(db), "sent"));
  expect((await keepwell(["verdict", "--counts"], database)).stdout).toContain("Nobody has judged an alert yet");
  const words = ["verdict", id, "noise", "--note", "we knew", "--author", "anna"];
  expect((await keepwell(words, database)).stdout).toBe("Your verdict on this alert of save is: noise.\n");
  expect((await keepwell(["actions", "show", id], database)).stdout).toContain("verdict   noise, says anna: we knew\n");
  expect((await keepwell(["verdict", "--counts"], database)).stdout).toMatch(/save +0 +1 +0/);
});

test("KEEPWELL_AUTHOR names who does it", () => {
  expect(readSettings({ KEEPWELL_AUTHOR: "anna" })).toMatchObject({ settings: { author: "anna" } });
  expect(readSettings({ KEEPWELL_AUTHOR: "" })).toMatchObject({ settings: { author: null } });
  expect(readSettings({ KEEPWELL_AUTHOR: "x".repeat(101) })).toMatchObject({
    faults: [{ variable: "KEEPWELL_AUTHOR" }],
  });
});
