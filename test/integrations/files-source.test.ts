import { mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, expect, onTestFinished } from "vitest";
import { openFilesSource } from "../../src/integrations/files/folder-source.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import { parseSources } from "../../src/integrations/sources-schema.ts";
import type { Db } from "../../src/store/db.ts";
import { collectDue } from "../../src/worker/collect.ts";
import { test } from "../support/database.ts";
import { collectDeps } from "../worker/plain-source.ts";
import { pullContext } from "./pull-context.ts";
import { readTables } from "./source-tables.ts";

const mapping = {
  files: [
    {
      match: "accounts*.csv",
      records: [{ kind: "account", id: "id", at: "since", set: { name: "name" } }],
    },
    {
      match: "usage*.csv",
      account: "account",
      completeThrough: { max: "day" },
      records: [{ kind: "usage", name: { constant: "logins" }, day: "day", value: "logins" }],
    },
  ],
};

function settingsOf(path: string, more: Readonly<Record<string, unknown>> = {}) {
  return parseSources({ sources: [{ id: "exports", kind: "files", path, settle: "0s", mapping, ...more }] });
}

function open(path: string): Source {
  const parsed = settingsOf(path);
  const [settings] = "faults" in parsed ? [] : parsed.sources;
  if (settings?.kind !== "files") throw new Error(JSON.stringify(parsed));
  return openFilesSource(settings);
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "keepwell-files-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A pass with everything due; `at` lies after whatever the test has written. */
async function collect(db: Db, source: Source) {
  await sql`update streams set next_pull_at = null`.execute(db);
  return collectDue(collectDeps(db, [source]), new Date(Date.now() + 1_000));
}

const usageOf = async (db: Db) =>
  (await readTables(db, "exports")).usage.map(({ account, day, value }) => `${account} ${day} ${value}`);

const accounts = "id,name,since\n1,Acme,2026-01-01\n2,Brand,2026-01-01\n";

describe("a watched folder", () => {
  test("is read once, file by file, and states how far it goes", async ({ db }) => {
    const folder = await makeFolder();
    await writeFile(join(folder, "usage-1.csv"), "account,day,logins\n1,2026-01-02,5\n2,2026-01-03,7\n");
    await writeFile(join(folder, "accounts.csv"), accounts);
    await writeFile(join(folder, "notes.txt"), "nobody's");
    const source = open(folder);
    expect(await collect(db, source)).toMatchObject({ failed: [], rejected: 0 });
    expect(await usageOf(db)).toEqual(["1 2026-01-02 5", "2 2026-01-03 7"]);
    const { rows } = await sql<{ through: string }>`
      select c.through_day::text as through from stream_coverage c join streams s on s.id = c.stream_id
      where s.kind = 'usage'`.execute(db);
    expect(rows).toEqual([{ through: "2026-01-03" }]);
    expect(await collect(db, source)).toMatchObject({ written: 0 });
    await source.close?.();
  });

  test("brings what is new: further files, changed ones, and one whose own date is older than all", async ({ db }) => {
    const folder = await makeFolder();
    await writeFile(join(folder, "accounts.csv"), accounts);
    await writeFile(join(folder, "usage-1.csv"), "account,day,logins\n1,2026-01-02,5\n");
    const source = open(folder);
    await collect(db, source);
    await writeFile(join(folder, "usage-1.csv"), "account,day,logins\n1,2026-01-02,6\n");
    const late = join(folder, "late.part");
    await writeFile(late, "account,day,logins\n2,2025-12-30,3\n");
    await utimes(late, new Date("2025-12-31"), new Date("2025-12-31"));
    await rename(late, join(folder, "usage-0.csv"));
    await collect(db, source);
    expect(await usageOf(db)).toEqual(["1 2026-01-02 6", "2 2025-12-30 3"]);
    await source.close?.();
  });

  test("goes on in the middle of a long file after a restart, row for row as without one", async ({ db }) => {
    const folder = await makeFolder();
    const ids = Array.from({ length: 3_500 }, (_, index) => `${index},Account ${index},2026-01-01`);
    await writeFile(join(folder, "accounts.csv"), `id,name,since\n${ids.join("\n")}\n`);
    // Another process for each page.
    for (let page = 0; page < 12; page += 1) {
      const source = open(folder);
      const pull = source.pull;
      let pages = 0;
      const once: Source = {
        ...source,
        pull: async (stream, cursor, context) => {
          pages += 1;
          if (pages > 1) throw new Error("killed");
          return pull(stream, cursor, context);
        },
      };
      await sql`update streams set next_pull_at = null, lease_until = null`.execute(db);
      await collectDue(collectDeps(db, [once]), new Date(Date.now() + 1_000));
      await source.close?.();
    }
    const names = Object.keys((await readTables(db, "exports")).records.account ?? {});
    expect(names).toHaveLength(3_500);
  });

  test("leaves a file alone that somebody may still be writing", async ({ db }) => {
    const folder = await makeFolder();
    await writeFile(join(folder, "accounts.csv"), accounts);
    const source = open(folder);
    const soon = collectDue(collectDeps(db, [source]), new Date(Date.now() - 60_000));
    expect(await soon).toMatchObject({ written: 0, failed: [] });
    expect(await collect(db, source)).toMatchObject({ written: 2 });
  });

  test("keeps the good rows and tells the bad ones; a file without a column it needs holds the stream up until it is put right", async ({
    db,
  }) => {
    const folder = await makeFolder();
    await writeFile(join(folder, "accounts.csv"), `${accounts}3,Third,never\n`);
    await writeFile(join(folder, "usage-1.csv"), "account,date,logins\n1,2026-01-02,5\n");
    const source = open(folder);
    const first = await collect(db, source);
    expect(first).toMatchObject({ written: 2, rejected: 1 });
    expect(first.failed.join()).toMatch(/usage-1\.csv: no column "day"/);
    expect(await source.check(pullContext(source, new Date()))).toMatchObject({ ok: false });
    await writeFile(join(folder, "usage-1.csv"), "account,day,logins\n1,2026-01-02,5\n");
    expect(await collect(db, source)).toMatchObject({ failed: [] });
    expect(await usageOf(db)).toEqual(["1 2026-01-02 5"]);
  });

  test("may be a pattern over folders", async ({ db }) => {
    const folder = await makeFolder();
    await writeFile(join(folder, "accounts.csv"), accounts);
    const source = open(`${folder}/acc*.csv`);
    expect(await collect(db, source)).toMatchObject({ written: 2, failed: [] });
    expect(await source.check(pullContext(source, new Date()))).toMatchObject({
      ok: true,
      detail: `1 file in ${folder}/acc*.csv`,
    });
  });
});

test.each([
  ["a join by an earlier record", { account: { via: "subscription", id: "s" } }, /cannot join/],
  ["a moment of knowing from a column", { account: "a", knownAt: { column: "seen" } }, /when they come/],
])("refuses %s, which only an import can do", (_name, file, message) => {
  const records = [{ kind: "usage", name: { constant: "logins" }, day: "day", value: "n" }];
  const parsed = settingsOf("x", { mapping: { files: [{ match: "u.csv", records, ...file }] } });
  expect("faults" in parsed ? parsed.faults.map((fault) => fault.message).join() : "").toMatch(message);
});
