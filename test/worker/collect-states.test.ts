import { sql } from "kysely";
import { expect } from "vitest";
import type { Source } from "../../src/integrations/source-port.ts";
import { inputSchema, type RecordInput } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";
import { collectDue } from "../../src/worker/collect.ts";
import { test } from "../support/database.ts";
import { collectDeps, plainSource } from "./plain-source.ts";

const monday = new Date("2026-03-09T12:00:00Z");
const tuesday = new Date("2026-03-10T12:00:00Z");

/** A sweep over one account that the vendor gives without a time of its own. */
function sweepOf(set: Extract<RecordInput, { kind: "account" }>["set"]): Source {
  return plainSource({
    streams: ["account"],
    pull: async (_stream, _cursor, { now }) => ({
      raw: [{ kind: "account", id: "acme", at: now.toISOString(), set }],
      cursor: null,
      done: true,
      backfilled: false,
    }),
    map: (_stream, raw) => {
      const input = inputSchema.parse(raw);
      return input.kind === "usage" ? {} : { states: [input] };
    },
  });
}

async function collectAt(db: Db, source: Source, now: Date): Promise<void> {
  await sql`update streams set next_pull_at = null`.execute(db);
  await collectDue(collectDeps(db, [source]), now);
}

async function changes(db: Db): Promise<unknown[]> {
  const { rows } = await sql<{ set: unknown }>`select set from record_changes order by occurred_at`.execute(db);
  return rows.map(({ set }) => set);
}

test("a record seen again as it was is not written again", async ({ db }) => {
  const source = sweepOf({ name: "Acme", industry: null, fields: { tier: "gold" } });
  await collectAt(db, source, monday);
  await collectAt(db, source, tuesday);
  expect(await changes(db)).toEqual([{ name: "Acme", industry: null, fields: { tier: "gold" } }]);
});

test("of a record seen again only what differs is written", async ({ db }) => {
  await collectAt(db, sweepOf({ name: "Acme", country: "DE", fields: { tier: "gold", size: 3 } }), monday);
  await collectAt(db, sweepOf({ name: "Acme", country: null, fields: { tier: "gold", size: 4 } }), tuesday);
  expect((await changes(db))[1]).toEqual({ country: null, fields: { size: 4 } });
});

test("a record seen again after it was deleted is back", async ({ db }) => {
  await collectAt(db, sweepOf({ name: "Acme", deleted: true }), monday);
  await collectAt(db, sweepOf({ name: "Acme" }), tuesday);
  expect((await changes(db))[1]).toEqual({ deleted: false });
});

test("a record that waits for its account waits once, with what has changed since", async ({ db }) => {
  const ticketSeen = (subject: string): Source => ({
    ...sweepOf({}),
    streams: [{ name: "tickets", feeds: ["ticket"], everyMs: 3_600_000, mode: "incremental" }],
    pull: async (_stream, _cursor, { now }) => ({ raw: [now.toISOString()], cursor: null, done: true }),
    map: (_stream, at) => ({
      states: [{ kind: "ticket", id: "1", account: "nobody", at: String(at), set: { subject, status: "open" } }],
    }),
  });
  await collectAt(db, ticketSeen("Help"), monday);
  await collectAt(db, ticketSeen("Help"), tuesday);
  await collectAt(db, ticketSeen("Help!"), new Date("2026-03-11T12:00:00Z"));
  const { rows } = await sql<{ set: unknown }>`select input -> 'set' as set from held_inputs order by id`.execute(db);
  expect(rows.map(({ set }) => set)).toEqual([{ subject: "Help", status: "open" }, { subject: "Help!" }]);
});
