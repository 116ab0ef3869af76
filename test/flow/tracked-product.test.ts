import fc from "fast-check";
import { sql } from "kysely";
import { expect, inject } from "vitest";
import { keepBody } from "../../src/integrations/segment/kept-body.ts";
import { segmentSettings } from "../../src/integrations/segment/settings.ts";
import { openSegmentSource } from "../../src/integrations/segment/source.ts";
import type { Db } from "../../src/store/db.ts";
import { openDatabase } from "../../src/store/db.ts";
import { storeItems } from "../../src/store/inbox.ts";
import { applyInbox } from "../../src/worker/inbox.ts";
import { createDatabase, dropDatabase, test } from "../support/database.ts";
import { collectDeps } from "../worker/plain-source.ts";

const now = new Date("2026-03-10T12:00:00.000Z");
const source = openSegmentSource(
  segmentSettings.parse({
    id: "product",
    kind: "segment",
    writeKeys: { env: "KEY" },
    rules: [{ event: "*" }, { event: "*", usage: "active_users", count: "users" }],
  }),
  () => "key",
);

type Event = Readonly<Record<string, unknown>>;

/** Bodies come in, and the collect stage applies them. */
async function receive(db: Db, bodies: readonly (readonly Event[])[]): Promise<void> {
  for (const batch of bodies) {
    const value = { batch, sentAt: now.toISOString() };
    await storeItems(db, [{ source: source.id, ...keepBody("batch", { text: JSON.stringify(value), value }, now) }]);
    await applyInbox(collectDeps(db, [source]), now);
  }
}

async function usageOf(db: Db): Promise<readonly unknown[]> {
  const { rows } = await sql`
    select a.key, n.name, d.day, d.value, (select count(*)::integer from usage_users u
      where u.account_id = d.account_id and u.name_id = d.name_id and u.day = d.day) as users
    from usage_daily d join accounts a on a.id = d.account_id join usage_names n on n.id = d.name_id
    where d.value <> 0
    order by a.key, n.name, d.day`.execute(db);
  return rows;
}

const track = (id: string, user: string, event: string, day: string, more: Event = {}): Event => ({
  type: "track",
  messageId: id,
  userId: user,
  event,
  timestamp: `${day}T10:00:00.000Z`,
  ...more,
});
const group = (user: string, of: string): Event => ({
  type: "group",
  messageId: `group-${user}`,
  userId: user,
  groupId: of,
  traits: { name: of },
  timestamp: "2026-03-01T10:00:00.000Z",
});

test("what a product tracks becomes usage of its accounts by day, whoever comes first", async ({ db }) => {
  await receive(db, [
    [track("m1", "u1", "Report Created", "2026-03-08"), track("m2", "u2", "Report Created", "2026-03-08")],
    [track("m3", "u1", "Login", "2026-03-09", { context: { groupId: "umbrella" } })],
    [
      group("u1", "acme"),
      group("u2", "acme"),
      { type: "group", messageId: "g", groupId: "umbrella", timestamp: "2026-03-01T10:00:00Z" },
    ],
    [track("m4", "u1", "Report Created", "2026-03-08")],
  ]);
  expect(await usageOf(db)).toEqual([
    { key: "acme", name: "active_users", day: "2026-03-08", value: 2, users: 2 },
    { key: "acme", name: "report_created", day: "2026-03-08", value: 3, users: 2 },
    { key: "umbrella", name: "active_users", day: "2026-03-09", value: 1, users: 1 },
    { key: "umbrella", name: "login", day: "2026-03-09", value: 1, users: 1 },
  ]);
  const { rows } = await sql`select through_day from stream_coverage`.execute(db);
  expect(rows).toEqual([{ throughDay: "2026-03-09" }]);
});

test("what an identify call says of a person stands in the person's account", async ({ db }) => {
  await receive(db, [
    [{ type: "identify", messageId: "i1", userId: "u1", traits: { email: "ann@acme.example", name: "Ann" } }],
    [group("u1", "acme")],
  ]);
  const { rows } = await sql`
    select a.key, r.external_id as id, c.set from records r
    join record_changes c on c.account_id = r.account_id and c.record_id = r.id
    join accounts a on a.id = r.account_id where r.kind = 'contact'`.execute(db);
  expect(rows).toMatchObject([{ key: "acme", id: "u1", set: { email: "ann@acme.example", name: "Ann" } }]);
});

/** A product's history: users who belong to one account each, and what they did; some events name their account themselves. */
const history: readonly Event[] = [
  ...["u1", "u2", "u3"].map((user, index) => group(user, index === 2 ? "umbrella" : "acme")),
  ...Array.from({ length: 12 }, (_, index) => {
    const user = `u${(index % 3) + 1}`;
    const event = index % 2 === 0 ? "Login" : "Report Created";
    const named = index % 4 === 0 ? { context: { groupId: user === "u3" ? "umbrella" : "acme" } } : {};
    return track(`m${index}`, user, event, index < 6 ? "2026-03-08" : "2026-03-09", named);
  }),
];

/** The history in another order, some of it twice, cut into bodies anywhere. */
const deliveries = fc
  .tuple(
    fc.shuffledSubarray([...history], { minLength: history.length }),
    fc.subarray([...history]),
    fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 10 }),
  )
  .map(([all, again, sizes]) => {
    const events = [...all, ...again];
    const bodies: Event[][] = [];
    for (let turn = 0; events.length > 0; turn += 1) bodies.push(events.splice(0, sizes[turn % sizes.length]));
    return bodies;
  });

test("the same events come to the same usage in any order, split anyhow, some twice", async ({ db }) => {
  await receive(db, [history]);
  const expected = await usageOf(db);
  expect(expected.length).toBeGreaterThan(6);
  await fc.assert(
    fc.asyncProperty(deliveries, async (bodies) => {
      const url = await createDatabase(inject("postgresTemplate"));
      const other = openDatabase(url, { max: 4 });
      try {
        await receive(other.db, bodies);
        expect(await usageOf(other.db)).toEqual(expected);
      } finally {
        await other.close();
        await dropDatabase(url);
      }
    }),
    { numRuns: 12 },
  );
}, 120_000);
