import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { sql } from "kysely";
import { expect, inject, onTestFinished } from "vitest";
import { openDatabase } from "../../src/store/db.ts";
import { createDatabase, dropDatabase, test } from "../support/database.ts";
import { account, take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const now = new Date("2026-03-10T12:00:00Z");
const kim = {
  kind: "contact",
  id: "c1",
  account: "acme",
  at: "2026-01-01T00:00:00Z",
  set: { name: "Kim Doe", email: "kim@example.com" },
} as const;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "keepwell-storage-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function emptyDatabase() {
  const url = await createDatabase(inject("postgresTemplate"));
  const database = openDatabase(url, { max: 4 });
  onTestFinished(async () => {
    await database.close();
    await dropDatabase(url);
  });
  return { ...database, url };
}

test("erase shows whom it would erase, and erases with --yes only", async ({ database, db }) => {
  await take(db, [...account("acme", "2026-03-09", []), kim], now);
  const shown = await keepwell(["erase", "kim@example.com"], database);
  expect(shown.stdout).toContain("Names: Kim Doe");
  expect(shown.stdout).toContain("Contact c1 of test, at acme");
  expect(shown.stderr).toContain("Nothing was erased: --yes does it.");
  expect(await db.selectFrom("records").select("id").where("kind", "=", "contact").execute()).toHaveLength(1);
  const erased = await keepwell(["erase", "kim@example.com", "--yes", "--author", "dpo"], database);
  expect(erased).toMatchObject({ code: 0, stderr: "" });
  expect(erased.stdout).not.toContain("Kim");
  expect(await db.selectFrom("records").select("id").where("kind", "=", "contact").execute()).toEqual([]);
  const again = await keepwell(["erase", "c1", "--yes"], database);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no such contact") });
});

test("backup and restore are answered with counts, and never overwrite", async ({ database, db }) => {
  await take(db, [...account("acme", "2026-03-09", [1, 2]), kim], now);
  const file = join(await folder(), "keepwell.backup");
  expect((await keepwell(["backup", file], database)).stdout).toMatch(/^\d+ rows of \d+ tables written to /);
  const { mtimeMs } = await stat(file);
  expect(await keepwell(["backup", file], database)).toMatchObject({ code: 2 });
  expect((await stat(file)).mtimeMs).toBe(mtimeMs);
  expect(await keepwell(["restore", file], database)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("The database is not empty"),
  });
  expect(await keepwell(["restore", `${file}.lost`], database)).toMatchObject({ code: 2 });
  const other = await emptyDatabase();
  expect((await keepwell(["restore", file], other)).code).toBe(0);
  const list = ["accounts", "--json"];
  expect(await keepwell(list, other)).toEqual(await keepwell(list, database));
});

test("maintain counts, and removes unless it is a dry run", async ({ database, db }) => {
  await sql`insert into changes (account_id, at, kind, data) values (1, '2001-01-01', 'band', '{}')`.execute(db);
  expect((await keepwell(["maintain", "--dry-run"], database)).stdout).toMatch(/changes +1/);
  expect((await keepwell(["maintain"], database)).stdout).toMatch(/changes +1/);
  expect((await keepwell(["maintain"], database)).stdout).toMatch(/changes +0/);
});

test("what they print as JSON fits its published shape", async ({ database, db }) => {
  await take(db, [...account("acme", "2026-03-09", []), kim], now);
  const where = await folder();
  await keepwell(["config", "schema", "--general", "--out", where]);
  const other = await emptyDatabase();
  const file = join(where, "keepwell.backup");
  const commands = [
    { name: "maintain", words: [], on: database },
    { name: "backup", words: [file], on: database },
    { name: "restore", words: [file], on: other },
    { name: "erase", words: ["kim@example.com"], on: database },
    { name: "erase", words: ["kim@example.com", "--yes"], on: database },
  ];
  for (const { name, words, on } of commands) {
    const { code, stdout, stderr } = await keepwell([name, ...words, "--json"], on);
    expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: "" });
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const schema = JSON.parse(await readFile(join(where, "outputs", `${name}.json`), "utf8"));
    expect({ name, isValid: ajv.validate(schema, JSON.parse(stdout)), errors: ajv.errors }).toEqual({
      name,
      isValid: true,
      errors: null,
    });
  }
});

test("a file that is no backup is refused in a sentence", async () => {
  const file = join(await folder(), "notes.txt");
  await writeFile(file, "nothing of ours");
  const { code, stderr } = await keepwell(["restore", file], await emptyDatabase());
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "error: The file is not a backup of Keepwell, or it is damaged.\n",
  });
});
