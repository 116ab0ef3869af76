import { sql } from "kysely";
import { expect } from "vitest";
import type { Page, Source } from "../../src/integrations/source-port.ts";
import { createSilentLog } from "../../src/log.ts";
import { parseDay } from "../../src/scoring/days.ts";
import type { Input } from "../../src/scoring/records.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import type { Db } from "../../src/store/db.ts";
import { readScores } from "../../src/store/scores.ts";
import { collectDue } from "../../src/worker/collect.ts";
import { replayScores } from "../../src/worker/replay.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { collectDeps, plainSource } from "./plain-source.ts";
import { configure } from "./scenario.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const fromDay = parseDay("2026-03-10");
const days = [0, 1, 2, 3, 4, 5].map((index) => fromDay + index);
const now = new Date("2026-03-20T00:00:00Z");
const configuration = configure([]);
const log = createSilentLog();
const textOf = (day: number) => new Date(day * dayMs).toISOString().slice(0, 10);

/** The mornings of the outage: nobody pulls, or what is pulled is nothing but zeros. */
const isOut = (day: number) => ["2026-03-12", "2026-03-13"].includes(textOf(day));

/** Delivers each day's logins on the morning after: eight, but for the days that `broken` says. */
function loginsOf(broken: (day: number) => boolean): Source {
  const account: Input = { kind: "account", id: "acme", at: "2025-01-01T00:00:00Z", set: { name: "Acme" } };
  const logins = (day: number): Input => {
    return {
      kind: "usage",
      mode: "daily",
      account: "acme",
      name: "logins",
      day: textOf(day),
      value: broken(day) ? 0 : 8,
    };
  };
  return plainSource({
    streams: ["usage"],
    async pull(_stream, cursor, context): Promise<Page> {
      const today = Math.floor(context.now.getTime() / dayMs);
      const past = Array.from({ length: 20 }, (_, index) => logins(today - 20 + index));
      const raw = cursor === null ? [account, ...past] : [logins(today - 1)];
      return { raw, cursor: today, done: true, coveredThrough: textOf(today - 1) };
    },
  });
}

/** A pull in the morning unless it is late, and the score of the day in its last moment. */
async function liveDay(db: Db, source: Source, day: number, isLate: boolean): Promise<void> {
  const morning = new Date(day * dayMs + 6 * hourMs);
  await sql`update streams set next_pull_at = ${isLate ? "infinity" : null}::timestamptz`.execute(db);
  await collectDue(collectDeps(db, [source]), morning);
  // The database has a clock of its own, far from the test's.
  if (!isLate) await sql`update streams set last_done_at = ${morning}, last_ok_at = ${morning}`.execute(db);
  await scoreDue({ db, configuration, log }, new Date((day + 1) * dayMs - 1));
}

async function driverOn(db: Db, day: number) {
  const [score] = (await readScores(db, [1], day)).values();
  const [driver] = score?.drivers ?? [];
  return { day: score?.day, score: score?.score, state: driver?.state, value: driver?.value, reason: driver?.reason };
}

test.for([
  ["late", new Date("2026-03-11T07:00:00Z")],
  ["zero", new Date("2026-03-11T06:00:00Z")],
] as const)(
  "a replay holds what a stream in trouble (%s) feeds on the days on which it was held live",
  async ([kind, beganAt], { database, db }) => {
    const source = loginsOf((day) => kind === "zero" && isOut(day + 1));
    for (const day of days) await liveDay(db, source, day, kind === "late" && isOut(day));
    const live = await Promise.all(days.map((day) => driverOn(db, day)));
    const outages = await db.selectFrom("streamOutages").select(["kind", "beganAt", "endedAt"]).execute();
    expect(outages).toEqual([{ kind, beganAt, endedAt: new Date("2026-03-14T06:00:00Z") }]);
    const held = { score: 80, state: "held", value: 8, reason: "held since 2026-03-11: its source fails" };
    expect(live).toMatchObject([
      { day: "2026-03-10", score: 80, state: "value" },
      { day: "2026-03-11", score: 80, state: "value" },
      { day: "2026-03-12", ...held },
      { day: "2026-03-13", ...held },
      { day: "2026-03-14", score: 57.1, state: "value" },
      { day: "2026-03-15", score: 57.1, state: "value" },
    ]);
    await db.deleteFrom("scores").execute();
    await replayScores(database, configuration, {
      ...{ units: unitsOf(await readAllAccounts(db), []), isRecording: true, isEmpty: true, now },
      ...{ fromDay, toDay: fromDay + days.length - 1 },
    });
    expect(await Promise.all(days.map((day) => driverOn(db, day)))).toEqual(live);
  },
);
