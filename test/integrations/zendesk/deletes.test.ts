import { sql } from "kysely";
import { expect } from "vitest";
import { collectDue } from "../../../src/worker/collect.ts";
import { test } from "../../support/database.ts";
import { collectDeps } from "../../worker/plain-source.ts";
import { readTables } from "../source-tables.ts";
import { organization, ticket, user } from "./desk.ts";
import { startZendeskFake } from "./fake.ts";
import { openDesk } from "./open.ts";

const now = new Date("2026-06-01T12:00:00Z");
const lately = Date.parse("2026-06-01T10:00:00Z") / 1_000;
const changed = { updated_at: "2026-06-01T10:00:00Z", generated_timestamp: lately };

test("what Zendesk deletes is gone here as well, and nothing else", async ({ db }) => {
  const fake = await startZendeskFake({ now });
  const source = openDesk(fake.url, "a-token", { limits: { exportsPerMinute: 60_000 } });
  const pull = async () => {
    await sql`update streams set next_pull_at = null`.execute(db);
    await sql`delete from rate_limits`.execute(db);
    expect(await collectDue(collectDeps(db, [source]), now)).toMatchObject({ failed: [] });
    const { records } = await readTables(db, "desk");
    return Object.fromEntries(Object.entries(records).map(([kind, ofKind]) => [kind, Object.keys(ofKind)]));
  };
  try {
    expect(await pull()).toMatchObject({ contact: ["10", "11"], ticket: ["100", "101", "102", "105", "106"] });
    fake.data.tickets.push(ticket(101, { status: "deleted", ...changed }));
    fake.data.users.push(user(11, { active: false, ...changed }));
    fake.data.organizations.push(organization(4, { deleted_at: "2026-06-01T10:00:00Z", ...changed }));
    expect(await pull()).toMatchObject({ contact: ["10"], ticket: ["100", "102", "105", "106"] });
    const { rows } = await sql<{ id: string; isOver: boolean }>`
      select external_id as id, ended_at is not null as is_over from identities where source = 'desk' order by 1`.execute(
      db,
    );
    expect(rows).toEqual([
      { id: "1", isOver: false },
      { id: "2", isOver: false },
      { id: "3", isOver: false },
      { id: "4", isOver: true },
    ]);
  } finally {
    await fake.close();
  }
});
