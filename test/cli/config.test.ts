import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { Database } from "../../src/store/db.ts";
import { readLiveDocuments } from "../../src/store/documents.ts";
import { folderOf, soundDocuments } from "../queries/company-folder.ts";
import { test } from "../support/database.ts";
import { keepwell } from "./command-line.ts";

type TestDatabase = Database & { readonly url: string };

const playbook = soundDocuments["playbooks/save-at-risk.json"];
const edited = { ...playbook, priority: "escalation" };
const second = { ...playbook, id: "second", name: "A second one" };

async function apply(database: TestDatabase, files: Readonly<Record<string, unknown>>, note: string): Promise<void> {
  const words = ["config", "apply", await folderOf(files), "--note", note, "--author", "anna"];
  expect((await keepwell(words, database)).code).toBe(0);
}

/** The first version, then one with an edited and an added playbook and without owners. */
async function applyTwice(database: TestDatabase): Promise<void> {
  await apply(database, soundDocuments, "the first");
  const { "owners.json": _owners, ...rest } = soundDocuments;
  await apply(
    database,
    { ...rest, "playbooks/save-at-risk.json": edited, "playbooks/second.json": second },
    "more urgent",
  );
}

async function inForce({ db }: TestDatabase) {
  const live = await readLiveDocuments(db);
  return Object.fromEntries(live.map(({ kind, id, revision, body }) => [`${kind} ${id}`, { revision, body }]));
}

test("history tells who applied what, and what changed by it", async ({ database }) => {
  await applyTwice(database);
  const { stdout } = await keepwell(["config", "history"], database);
  const [newest = ""] = stdout.split(/\n(?=\d{4})/);
  expect(newest).toMatch(/^\S+Z {2}anna: more urgent\n/);
  expect(newest).toContain("  created  playbook second, revision 1\n");
  expect(newest).toContain("  changed  playbook save-at-risk, revision 2\n");
  expect(newest).toContain("  removed  owners owners, revision 1");
  const { stdout: one } = await keepwell(["config", "history", "playbook", "save-at-risk", "--json"], database);
  expect(JSON.parse(one)).toMatchObject({
    revisions: [
      { revision: 2, author: "anna", note: "more urgent", isLive: true },
      { revision: 1, note: "the first", isLive: false },
    ],
  });
  expect(await keepwell(["config", "history", "playbook", "nobody"], database)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("There never was a playbook nobody."),
  });
});

test("diff shows where two revisions differ, by default what the last edit changed", async ({ database }) => {
  await applyTwice(database);
  const { stdout } = await keepwell(["config", "diff", "playbook", "save-at-risk"], database);
  expect(stdout).toBe('playbook save-at-risk, revision 1 → 2\n  priority: (none) → "escalation"\n');
  expect((await keepwell(["config", "diff", "playbook", "save-at-risk", "2", "2"], database)).stdout).toContain("same");
  for (const [words, message] of [
    [["playbook", "second"], "is its first"],
    [["playbook", "save-at-risk", "1", "9"], "There is no revision 9"],
    [["playbook", "nobody"], "There never was a playbook nobody"],
  ] as const) {
    const ran = await keepwell(["config", "diff", ...words], database);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  }
});

test("rollback makes what was in force before the last application live again, as new revisions", async ({
  database,
}) => {
  await applyTwice(database);
  const { stdout, code } = await keepwell(["config", "rollback", "--author", "ben"], database);
  expect(code).toBe(0);
  expect(stdout).toContain("created  owners owners\n");
  expect(stdout).toContain("changed  playbook save-at-risk\n");
  expect(stdout).toContain("removed  playbook second\n");
  const live = await inForce(database);
  expect(live).toMatchObject({
    "owners owners": { revision: 2, body: soundDocuments["owners.json"] },
    "playbook save-at-risk": { revision: 3, body: playbook },
  });
  expect(Object.keys(live)).not.toContain("playbook second");
  const { stdout: told } = await keepwell(["config", "history", "--limit", "1"], database);
  expect(told).toContain("ben: rollback of what anna applied on ");
});

test("a rollback of a rollback brings back what it took back", async ({ database }) => {
  await applyTwice(database);
  await keepwell(["config", "rollback"], database);
  await keepwell(["config", "rollback"], database);
  expect(await inForce(database)).toMatchObject({ "playbook second": { body: second } });
});

test("rollback goes back to a moment, or one document to a revision", async ({ database, db }) => {
  await applyTwice(database);
  await db
    .updateTable("documentApplications")
    .set({ at: "2026-03-01T10:00:00Z" })
    .where("note", "=", "the first")
    .execute();
  await keepwell(["config", "rollback", "--to", "2026-03-01T10:00:00Z"], database);
  expect(Object.keys(await inForce(database))).not.toContain("playbook second");
  await keepwell(["config", "rollback", "playbook", "second", "1", "--note", "it was good"], database);
  expect(await inForce(database)).toMatchObject({ "playbook second": { revision: 2, body: second } });
  const { stdout } = await keepwell(["config", "history", "--limit", "1"], database);
  expect(stdout).toContain("rollback to revision 1 of playbook second: it was good");
});

test("a rollback to what is not known, or is not in order any more, is refused and changes nothing", async ({
  database,
}) => {
  await applyTwice(database);
  const before = await inForce(database);
  for (const [words, message] of [
    [["--to", "2020-01-01T00:00:00Z"], "is not known"],
    [["--to", "yesterday"], "such as 2026-03-02T09:00:00Z"],
    [["playbook", "save-at-risk", "7"], "There is no revision 7"],
    [["playbook"], "Name the document whole"],
    [["playbook", "save-at-risk", "1", "--to", "2026-03-02T09:00:00Z"], "or everything goes back"],
  ] as const) {
    const ran = await keepwell(["config", "rollback", ...words], database);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  }
  const { "channels.json": _channels, "playbooks/save-at-risk.json": _playbook, ...fewer } = soundDocuments;
  await apply(database, fewer, "no channels");
  const refused = await keepwell(["config", "rollback", "playbook", "save-at-risk", "1"], database);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("playbook save-at-risk (revision 1)") });
  expect(refused.stderr).toContain("nothing is applied");
  expect(await inForce(database)).not.toEqual(before);
  expect(Object.keys(await inForce(database))).not.toContain("playbook save-at-risk");
});

test("there is nothing to roll back to before the first application", async ({ database }) => {
  await apply(database, soundDocuments, "the first");
  expect(await keepwell(["config", "rollback"], database)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("no application before the last one"),
  });
});

test("pull writes what is in force, and what it wrote changes nothing when it is applied", async ({ database }) => {
  await applyTwice(database);
  const folder = join(await folderOf({}), "new");
  const { code, stdout } = await keepwell(["config", "pull", folder], database);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("written  playbooks/second.json\n") });
  expect(JSON.parse(await readFile(join(folder, "playbooks/save-at-risk.json"), "utf8"))).toEqual(edited);
  expect((await keepwell(["config", "apply", folder], database)).stdout).toContain("Nothing has changed.");
});

test("pull replaces nothing that says something else, unless it is told to, and keeps what only looks different", async ({
  database,
}) => {
  await applyTwice(database);
  const compact = JSON.stringify(second);
  const folder = await folderOf({
    "company.json": { ...soundDocuments["company.json"], name: "Mine" },
    "playbooks/of-my-own-name.json": compact,
    "playbooks/save-at-risk.json": "{ not json",
    "playbooks/third.json": { ...playbook, id: "third" },
  });
  const refused = await keepwell(["config", "pull", folder], database);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("company.json says something else");
  expect(refused.stderr).toContain("playbooks/save-at-risk.json says something else");
  await expect(readFile(join(folder, "channels.json"))).rejects.toThrow("ENOENT");
  const forced = await keepwell(["config", "pull", folder, "--force"], database);
  expect(forced.code).toBe(0);
  expect(forced.stderr).toContain("playbooks/third.json is not in force; it stays as it is.");
  expect(await readFile(join(folder, "playbooks/of-my-own-name.json"), "utf8")).toBe(compact);
  expect(JSON.parse(await readFile(join(folder, "company.json"), "utf8"))).toEqual(soundDocuments["company.json"]);
});

test("a folder that drifts is told of by plan, and overwrites nothing", async ({ database }) => {
  await apply(database, soundDocuments, "the first");
  const folder = await folderOf(soundDocuments);
  await writeFile(join(folder, "playbooks/save-at-risk.json"), JSON.stringify(edited));
  const { stdout } = await keepwell(["config", "plan", folder], database);
  expect(stdout).toContain('changed  playbook save-at-risk\n           priority: (none) → "escalation"\n');
  expect(await inForce(database)).toMatchObject({ "playbook save-at-risk": { revision: 1 } });
});
