import { expect, test as plain } from "vitest";
import { openDatabase } from "../../src/store/db.ts";
import { dueSlots, runDailyJob } from "../../src/worker/heartbeat.ts";
import { test } from "../support/database.ts";

const at = (text: string) => new Date(`2026-03-${text}`);

plain.each([
  { what: "the first time: today's", newest: null, now: at("10T12:00:00Z"), due: at("10"), skipped: [] },
  { what: "later the same day: none", newest: at("10"), now: at("10T23:59:59Z"), due: null, skipped: [] },
  { what: "the next day: that day's", newest: at("10"), now: at("11T00:00:00Z"), due: at("11"), skipped: [] },
  {
    what: "after three days away: the newest, the older ones skipped",
    newest: at("10"),
    now: at("13T08:00:00Z"),
    due: at("13"),
    skipped: [at("11"), at("12")],
  },
  { what: "when the clock went back: none", newest: at("10"), now: at("09T12:00:00Z"), due: null, skipped: [] },
])("$what", ({ newest, now, due, skipped }) => {
  expect(dueSlots(newest, now)).toEqual({ due, skipped });
});

test("a slot is done once by however many processes, and missed ones are on record", async ({ db, url }) => {
  const days: string[] = [];
  const job = {
    name: "tidy",
    run: async (now: Date) => {
      days.push(now.toISOString().slice(0, 10));
      return { tidied: 1 };
    },
  };
  const other = openDatabase(url);
  for (const now of [at("10T06:00:00Z"), at("10T07:00:00Z"), at("13T06:00:00Z")]) {
    await Promise.all([db, other.db].map((each) => runDailyJob(each, job, now)));
  }
  await other.close();
  expect(days).toEqual(["2026-03-10", "2026-03-13"]);
  const slots = await db.selectFrom("slots").select(["slot", "state"]).orderBy("slot").execute();
  expect(slots.map((row) => [row.slot.toISOString().slice(0, 10), row.state])).toEqual([
    ["2026-03-10", "done"],
    ["2026-03-11", "skipped"],
    ["2026-03-12", "skipped"],
    ["2026-03-13", "done"],
  ]);
});

test("a slot whose process died is done by another once its lease has run out", async ({ db, pool }) => {
  const dying = {
    name: "tidy",
    run: async () => {
      throw new Error("killed");
    },
  };
  const now = at("10T06:00:00Z");
  await expect(runDailyJob(db, dying, now)).rejects.toThrow("killed");
  const sound = { name: "tidy", run: async () => ({}) };
  expect(await runDailyJob(db, sound, now)).toBe(false);
  await pool.query("update slots set lease_until = now() - interval '1 second'");
  expect(await runDailyJob(db, sound, now)).toBe(true);
});
