import { sql } from "kysely";
import { expect } from "vitest";
import { collectDue } from "../../../src/worker/collect.ts";
import { test } from "../../support/database.ts";
import { collectDeps } from "../../worker/plain-source.ts";
import { readTables } from "../source-tables.ts";
import { startIntercomFake } from "./fake.ts";
import { openWorkspace } from "./open.ts";
import { seconds } from "./workspace.ts";

const now = new Date("2026-06-01T12:00:00Z");

test("what Intercom deletes is gone here as well, and nothing else", async ({ db }) => {
  const fake = await startIntercomFake();
  const source = openWorkspace(fake.url);
  const pull = async () => {
    await sql`update streams set next_pull_at = null`.execute(db);
    await sql`delete from rate_limits`.execute(db);
    expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ failed: [] });
    const { records } = await readTables(db, "chat");
    return Object.fromEntries(Object.entries(records).map(([kind, ofKind]) => [kind, Object.keys(ofKind)]));
  };
  try {
    expect(await pull()).toMatchObject({ survey: ["100", "102"], ticket: ["100", "101", "102", "104"] });
    fake.data.deleted.push({ type: "conversation", id: "100", deleted_at: seconds("2026-06-01T10:00:00Z") });
    fake.data.conversations.splice(0, 1);
    // The list of companies is compared with the one before: whoever is missing was deleted.
    fake.data.companies.pop();
    expect(await pull()).toMatchObject({ survey: ["102"], ticket: ["101", "102", "104"] });
    const { rows } = await sql<{ id: string; isOver: boolean }>`
      select external_id as id, ended_at is not null as is_over from identities where source = 'chat' order by 1`.execute(
      db,
    );
    expect(rows).toEqual([
      { id: "c1", isOver: false },
      { id: "c2", isOver: false },
      { id: "c3", isOver: true },
    ]);
  } finally {
    await fake.close();
  }
});
