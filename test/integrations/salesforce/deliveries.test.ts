import { sql } from "kysely";
import { describe, expect } from "vitest";
import type { InboundRequest } from "../../../src/integrations/hook-port.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import type { Db } from "../../../src/store/db.ts";
import { storeItems } from "../../../src/store/inbox.ts";
import { collectDue } from "../../../src/worker/collect.ts";
import { applyInbox } from "../../../src/worker/inbox.ts";
import { test } from "../../support/database.ts";
import { collectDeps } from "../../worker/plain-source.ts";
import { readTables } from "../source-tables.ts";
import { organizationId, type SalesforceFake, startSalesforceFake } from "./fake.ts";
import { type MessageParts, messageOf } from "./messages.ts";
import { openOver } from "./open.ts";
import { idOf, moment } from "./organization.ts";

const now = new Date("2026-03-02T09:00:00.000Z");
const acme = idOf("001", 1);
const settings = { outboundMessages: { keys: { env: "KEY" }, organizations: [organizationId] } };

/** As the server takes it: believed, split, stored. */
async function deliver(
  db: Db,
  source: Source,
  notifications: MessageParts["notifications"],
): Promise<readonly boolean[]> {
  const request: InboundRequest = {
    raw: Buffer.from(messageOf({ notifications })),
    headers: { "content-type": "text/xml; charset=UTF-8" },
    method: "POST",
    url: "https://keepwell.example.com/webhooks/salesforce?key=the-key",
    now,
  };
  expect(source.hook?.verify(request)).toEqual({ ok: true });
  const items = source.hook?.split(request) ?? [];
  return storeItems(
    db,
    items.map((item) => ({ source: source.id, ...item })),
  );
}

async function withSalesforce(db: Db, body: (fake: SalesforceFake, source: Source) => Promise<void>): Promise<void> {
  const fake = await startSalesforceFake({ clock: () => now });
  try {
    const source = openOver(fake.url, settings, { KEY: "the-key" });
    await collectDue(collectDeps(db, [source]), now);
    await body(fake, source);
  } finally {
    await fake.close();
  }
}

const nameOf = async (db: Db) => (await readTables(db, "salesforce")).records.account?.[acme]?.["name"];

const message = (number: number, fields: Readonly<Record<string, string | null>> = {}) => ({
  id: idOf("04l", number),
  object: "Account",
  fields: { Id: acme, ...fields },
});

async function statesOf(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ state: string }>`select state from inbox order by id`.execute(db);
  return rows.map(({ state }) => state);
}

describe("a message of Salesforce", () => {
  test("that only hints has the Account fetched, also when the session has ended meanwhile", async ({ db }) => {
    await withSalesforce(db, async (fake, source) => {
      const rows = fake.organization["Account"] ?? [];
      rows[0] = { ...rows[0], Name: "Acme 2", SystemModstamp: moment("2026-03-02T08:00:00Z") };
      fake.endSessions();
      await deliver(db, source, [message(1)]);
      await applyInbox(collectDeps(db, [source]), now);
      expect(await statesOf(db)).toEqual(["pending"]);
      await sql`update inbox set due_at = now()`.execute(db);
      await applyInbox(collectDeps(db, [source]), now);
      expect([await statesOf(db), await nameOf(db)]).toEqual([["done"], "Acme 2"]);
    });
  });

  test("that comes late does not undo what is newer: the record's own time decides", async ({ db }) => {
    await withSalesforce(db, async (_fake, source) => {
      const said = (Name: string, at: string) => ({
        Name,
        OwnerId: idOf("005", 1),
        Website: null,
        SystemModstamp: moment(at),
      });
      await deliver(db, source, [message(2, said("Newest", "2026-03-02T08:00:00Z"))]);
      await applyInbox(collectDeps(db, [source]), now);
      await deliver(db, source, [message(1, said("Older", "2026-03-02T07:00:00Z"))]);
      await applyInbox(collectDeps(db, [source]), now);
      expect([await statesOf(db), await nameOf(db)]).toEqual([["done", "done"], "Newest"]);
    });
  });

  test("that is delivered again is kept once", async ({ db }) => {
    await withSalesforce(db, async (_fake, source) => {
      expect(await deliver(db, source, [message(1), message(2)])).toEqual([true, true]);
      expect(await deliver(db, source, [message(2), message(3)])).toEqual([false, true]);
    });
  });

  test("about an Account that is gone for good deletes it", async ({ db }) => {
    await withSalesforce(db, async (fake, source) => {
      fake.organization["Account"] = (fake.organization["Account"] ?? []).filter((row) => row["Id"] !== acme);
      await deliver(db, source, [message(1)]);
      await applyInbox(collectDeps(db, [source]), now);
      expect(await statesOf(db)).toEqual(["done"]);
      expect((await readTables(db, "salesforce")).records.account).not.toHaveProperty(acme);
    });
  });
});
