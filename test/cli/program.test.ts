import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, onTestFinished } from "vitest";
import { folderOf, soundDocuments } from "../queries/company-folder.ts";
import { insertEmail, insertRun } from "../store/action-rows.ts";
import { test } from "../support/database.ts";
import { keepwell } from "./command-line.ts";

describe("a command line", () => {
  test("that asks for help gets it, with an example, and ends with 0", async () => {
    for (const words of [
      ["config", "apply"],
      ["actions", "resolve"],
      ["token", "create"],
      ["task", "done"],
      ["task", "assign"],
      ["task", "snooze"],
      ["pulse"],
      ["touch"],
      ["note"],
      ["milestone"],
      ["stage"],
      ["override"],
      ["snooze"],
      ["verdict"],
      ["audit"],
    ]) {
      const { code, stdout } = await keepwell([...words, "--help"]);
      expect({ words, code }).toEqual({ words, code: 0 });
      expect(stdout).toContain(`Example:\n  keepwell ${words.join(" ")}`);
      expect(stdout).toContain("--json");
    }
  });

  test.for([
    { words: ["actoins"], says: "Did you mean actions?" },
    { words: ["actions", "show"], says: "missing required argument 'id'" },
    { words: ["actions", "show", "one"], says: "Expected a whole number from 1." },
    { words: ["actions", "list", "--state", "lost"], says: "Allowed choices are pending" },
    { words: ["actions", "resolve", "1"], says: "--as <state>" },
    { words: ["task", "create", "Call", "--account", "acme", "--due", "2026-02-30"], says: "Expected a day" },
    { words: ["token", "create", "two words"], says: "letters, digits" },
  ])("that is wrong ends with 2 and a sentence: $words", async ({ words, says }) => {
    const { code, stdout, stderr } = await keepwell(words);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
    expect(stderr).not.toContain("    at ");
    expect(stdout).toBe("");
  });

  test("that fails ends with 1 and one line, without a stack or a password", async ({ database }) => {
    const secret = "Connection refused by postgres://keepwell:hunter22@db.example.com/keepwell";
    const broken = {
      ...database,
      db: database.db.withPlugin({
        transformQuery: () => {
          throw new Error(secret);
        },
        transformResult: async ({ result }) => result,
      }),
    };
    const { code, stderr } = await keepwell(["token", "list"], broken);
    expect(code).toBe(1);
    expect(stderr).toBe("error: Connection refused by postgres://[redacted]@db.example.com/keepwell\n");
  });
});

describe("config", () => {
  test("validate answers with every fault and ends with 2", async () => {
    const folder = await folderOf({ ...soundDocuments, "company.json": { name: "Example" }, "segments.json": {} });
    const { code, stdout } = await keepwell(["config", "validate", folder]);
    expect(code).toBe(2);
    expect(stdout).toContain("company.json:1:1 zone: ");
    expect(stdout).toContain("company.json:1:1 reportingCurrency: ");
    expect(stdout).toContain("segments.json: this is not supported yet");
    expect(stdout).toContain("3 faults");
    const json = await keepwell(["config", "validate", folder, "--json"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, faults: [{ file: "company.json", line: 1 }, {}, {}] });
  });

  test("validate of a folder in order ends with 0 and warns of a secret that is not set", async () => {
    const folder = await folderOf(soundDocuments);
    const { code, stdout, stderr } = await keepwell(["config", "validate", folder]);
    expect(code).toBe(0);
    expect(stdout).toContain("is in order: 6 documents.");
    expect(stderr).toContain("the environment variable EXAMPLE_SLACK_URL is not set");
  });

  test("apply brings a folder in, once", async ({ database, db }) => {
    const folder = await folderOf(soundDocuments);
    const words = ["config", "apply", folder, "--note", "the beginning", "--author", "anna"];
    const first = await keepwell(words, database);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain("created  playbook save-at-risk");
    expect((await keepwell(words, database)).stdout).toBe("Nothing has changed.\n");
    const rows = await db.selectFrom("documents").select(["author", "note"]).distinct().execute();
    expect(rows).toEqual([{ author: "anna", note: "the beginning" }]);
  });

  test("apply of a folder with a fault changes nothing and ends with 2", async ({ database, db }) => {
    const folder = await folderOf({ ...soundDocuments, "playbooks/broken.json": "{" });
    const { code, stderr } = await keepwell(["config", "apply", folder], database);
    expect(code).toBe(2);
    expect(stderr).toContain("playbooks/broken.json:1:2");
    expect(await db.selectFrom("documents").selectAll().execute()).toEqual([]);
  });

  test("schema writes one file per format and per --json output", async ({ database }) => {
    const folder = await mkdtemp(join(tmpdir(), "keepwell-schemas-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const schema = ["config", "schema", "--out", folder, "--draft", "7"];
    expect(await keepwell([...schema, "--general"])).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining(["company.json", "health-model.json", "playbook.json", "outputs"]),
    );
    expect(await readdir(join(folder, "outputs"))).toContain("actions-list.json");
    const playbook: unknown = JSON.parse(await readFile(join(folder, "playbook.json"), "utf8"));
    expect(playbook).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#", type: "object" });
    const printed = await keepwell(["config", "schema", "--general"]);
    expect(JSON.parse(printed.stdout)).toMatchObject({ company: { properties: { zone: {} } } });
    expect(printed.stdout).not.toContain("csm-alerts");
    await keepwell(["config", "apply", await folderOf(soundDocuments)], database);
    expect(await keepwell(schema, database)).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, "playbook.json"), "utf8")).toContain('"csm-alerts"');
  });
});

describe("what --json prints", () => {
  test("fits the published shape of its command", async ({ database, db }) => {
    const folder = await mkdtemp(join(tmpdir(), "keepwell-schemas-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await keepwell(["config", "schema", "--out", folder, "--general"]);
    const config = await folderOf(soundDocuments);
    const run = await insertRun(db);
    const failed = String(await insertEmail(db, run, "failed", "one"));
    const unknown = String(await insertEmail(db, run, "unknown", "two"));
    const commands = [
      { name: "config validate", words: [config] },
      { name: "config apply", words: [config] },
      { name: "token create", words: ["warehouse"] },
      { name: "token list", words: [] },
      { name: "token revoke", words: ["warehouse"] },
      { name: "actions list", words: [] },
      { name: "actions retry", words: [failed] },
      { name: "actions resolve", words: [unknown, "--as", "sent"] },
      { name: "actions show", words: [unknown] },
      { name: "task create", words: ["Call", "--account", "acme"] },
      { name: "task list", words: [] },
      { name: "task done", words: ["1", "--outcome", "they stay"] },
      { name: "task reopen", words: ["1"] },
      { name: "task assign", words: ["1", "anna"] },
      { name: "task snooze", words: ["1", "--until", "2029-01-31"] },
      { name: "pulse", words: ["acme", "2", "--note", "no answer"] },
      { name: "touch", words: ["acme", "call"] },
      { name: "note", words: ["acme", "they are hiring"] },
      { name: "milestone", words: ["acme", "go-live"] },
      { name: "journey", words: ["acme"] },
      { name: "notes", words: ["acme"] },
      { name: "stage", words: ["acme", "renewal"] },
      { name: "override", words: ["acme", "--score", "12.5", "--until", "2029-01-31", "--reason", "they leave"] },
      { name: "snooze", words: ["acme", "--until", "2029-01-31", "--reason", "holidays"] },
      {
        name: "snooze",
        words: ["acme", "--playbook", "save-at-risk", "--until", "2029-01-31", "--reason", "holidays"],
      },
      { name: "playbooks snooze", words: ["save-at-risk", "--until", "2029-01-31", "--reason", "holidays"] },
      { name: "playbooks list", words: [] },
      { name: "playbooks snooze", words: ["save-at-risk", "--clear"] },
      { name: "verdict", words: [unknown, "noise"] },
      { name: "verdict", words: ["--counts"] },
      { name: "audit", words: [] },
    ];
    for (const { name, words } of commands) {
      const { code, stdout, stderr } = await keepwell([...name.split(" "), ...words, "--json"], database);
      expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: "" });
      const schema = JSON.parse(await readFile(join(folder, "outputs", `${name.replace(" ", "-")}.json`), "utf8"));
      const ajv = new Ajv2020({ strict: false });
      addFormats.default(ajv);
      const isValid = ajv.validate(schema, JSON.parse(stdout));
      expect({ name, isValid, errors: ajv.errors }).toEqual({ name, isValid: true, errors: null });
    }
  });
});

describe("token", () => {
  test("create prints the token alone, so that a script can take it; the list never shows it", async ({ database }) => {
    const { stdout } = await keepwell(["token", "create", "warehouse", "--scope", "records:write"], database);
    expect(stdout).toMatch(/^kw_[A-Za-z0-9_-]{43}\n$/);
    const list = await keepwell(["token", "list"], database);
    expect(list.stdout).toContain("warehouse  records:write");
    expect(list.stdout).not.toContain(stdout.trim());
    expect((await keepwell(["token", "revoke", "warehouse"], database)).code).toBe(0);
    expect((await keepwell(["token", "revoke", "warehouse"], database)).code).toBe(2);
    const json = await keepwell(["token", "list", "--json"], database);
    expect(JSON.parse(json.stdout)).toMatchObject({ tokens: [{ name: "warehouse", revokedAt: expect.any(String) }] });
  });
});

describe("actions", () => {
  test("show reads like the e-mail it is, with its log", async ({ database, db }) => {
    const id = await insertEmail(db, await insertRun(db), "unknown");
    expect(await keepwell(["actions", "resolve", String(id), "--as", "failed", "--author", "anna"], database)).toEqual({
      code: 0,
      stdout: `The action ${id} was unknown and is now failed.\n`,
      stderr: "",
    });
    const { stdout } = await keepwell(["actions", "show", String(id)], database);
    expect(stdout).toContain("acme Ltd (acme)");
    expect(stdout).toContain("To: kim@example.com\nSubject: How are you?\n\nHello Kim,\nhow are you?");
    expect(stdout).toMatch(/3\s+failed\s+anna\s+found not to have arrived, by hand/);
  });

  test("retry of one in doubt is refused and says what to do instead", async ({ database, db }) => {
    const id = await insertEmail(db, await insertRun(db), "unknown");
    const { code, stderr } = await keepwell(["actions", "retry", String(id)], database);
    expect(code).toBe(2);
    expect(stderr).toContain("is unknown");
    expect(stderr).toContain("actions resolve");
  });

  test("list prints a table for people and JSON for scripts", async ({ database, db }) => {
    const id = await insertEmail(db, await insertRun(db), "failed");
    const { stdout } = await keepwell(["actions", "list", "--state", "failed"], database);
    expect(stdout.split("\n")[1]).toMatch(/^ *\d+ {2}2026-03-02 08:00 {2}acme {5}save {6}email {2}mail/);
    const json = await keepwell(["actions", "list", "--json"], database);
    expect(JSON.parse(json.stdout)).toMatchObject({ actions: [{ id, state: "failed", account: "acme" }] });
  });
});

describe("task", () => {
  test("is made for the account's owner, listed, and closed with its outcome", async ({ database, db }) => {
    await insertRun(db);
    const made = await keepwell(["task", "create", "Call them", "--account", "acme", "--json"], database);
    const { id }: { id: number } = JSON.parse(made.stdout);
    expect((await keepwell(["task", "list", "--assignee", "anna"], database)).stdout).toContain("Call them");
    const done = ["task", "done", String(id), "--outcome", "they stay", "--author", "anna"];
    expect((await keepwell(done, database)).code).toBe(0);
    expect(await keepwell(done, database)).toMatchObject({ code: 2, stderr: `error: The task ${id} is done.\n` });
    expect((await keepwell(["task", "list"], database)).stdout).toBe("There are no such tasks.\n");
    expect((await keepwell(["task", "reopen", String(id)], database)).code).toBe(0);
  });

  test("about an account that is not there is refused", async ({ database }) => {
    const { code, stderr } = await keepwell(["task", "create", "Call", "--account", "nobody"], database);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "error: There is no account nobody.\n" });
  });
});
