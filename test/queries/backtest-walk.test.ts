import { describe, expect } from "vitest";
import { type Candidates, compileCandidates } from "../../src/queries/backtest/candidates.ts";
import { walkAccounts } from "../../src/queries/backtest/walk.ts";
import type { Walked } from "../../src/queries/backtest/walked.ts";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import type { Input } from "../../src/scoring/records.ts";
import { unitsOf } from "../../src/scoring/replay/families.ts";
import { readAllAccounts } from "../../src/store/account-list.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { test } from "../support/database.ts";
import { account, cover, playbook, scenarioDocuments, take } from "../worker/scenario.ts";

const now = new Date("2026-03-10T12:00:00Z");
const early = new Date("2026-01-01T00:00:00Z");
const documents = [
  ...scenarioDocuments,
  { kind: "channels", id: "channels", body: { channels: [{ id: "alerts", kind: "slack", transport: "outbox" }] } },
  { kind: "owners", id: "owners", body: { owners: [{ id: "anna", name: "Anna", email: "anna@example.com" }] } },
];

async function begin(db: Db, bodies: readonly unknown[]): Promise<Candidates> {
  await db.transaction().execute((tx) => applyDocuments(tx, documents, { author: "anna", note: null, now: early }));
  const trial = await compileCandidates(db, { id: "save", bodies });
  if ("faults" in trial) throw new Error(JSON.stringify(trial.faults));
  return trial;
}

async function walk(db: Db, trial: Candidates, from: string, to: string, isFresh = true): Promise<Walked> {
  const range = { fromDay: parseDay(from), toDay: parseDay(to), now: now.getTime(), isFresh };
  return walkAccounts(db, trial, range, unitsOf(await readAllAccounts(db), []));
}

function firesIn({ notable }: Walked, version = 0): readonly string[] {
  return notable.flatMap(({ key, fires }) =>
    fires
      .filter(({ playbook: tried }) => tried === version)
      .map(({ at, day }) => `${key} ${formatDay(day)} ${new Date(at).toISOString().slice(11, 16)}`),
  );
}

describe("a walk through past days", () => {
  test("fires where the score falls, on the edge only, and takes silently who matches on the first day", async ({
    db,
  }) => {
    const trial = await begin(db, [playbook({ entry: { mode: "episode", onActivate: "baseline" } })]);
    const falling = [...Array.from({ length: 20 }, () => 8), ...Array.from({ length: 20 }, () => 0)];
    const low = Array.from({ length: 40 }, () => 1);
    await take(db, [...account("acme", "2026-03-08", falling), ...account("low", "2026-03-08", low)], early);
    await cover(db, "2026-03-08", early);
    const walked = await walk(db, trial, "2026-02-10", "2026-03-05");
    expect(firesIn(walked)).toEqual(["acme 2026-02-21 23:59"]);
    expect(walked).toMatchObject({ accounts: 2, accountDays: 48, baseline: [1], owners: ["anna"], fromStored: 0 });
  });

  test("fires within the day when its time has come, by the score of the day before", async ({ db }) => {
    const trigger = { on: "threshold", when: { fact: "score", below: 40 }, for: "12h" };
    const trial = await begin(db, [playbook({ trigger, entry: { mode: "episode", onActivate: "baseline" } })]);
    const falling = [...Array.from({ length: 20 }, () => 8), ...Array.from({ length: 20 }, () => 0)];
    await take(db, account("acme", "2026-03-08", falling), early);
    await cover(db, "2026-03-08", early);
    expect(firesIn(await walk(db, trial, "2026-02-10", "2026-03-05"))).toEqual(["acme 2026-02-22 11:59"]);
  });

  test("judges several versions in one walk as it judges each alone", async ({ db }) => {
    const body = (below: number) =>
      playbook({
        trigger: { on: "threshold", when: { fact: "score", below } },
        guards: { maxPerAccount: { runs: 2, per: "30d" } },
      });
    const bodies = [30, 50, 70].map(body);
    const trial = await begin(db, bodies);
    const wave = Array.from({ length: 60 }, (_, day) => Math.round(5 + 5 * Math.sin(day / 4)));
    await take(db, account("acme", "2026-03-08", wave), early);
    await cover(db, "2026-03-08", early);
    const together = await walk(db, trial, "2026-01-15", "2026-03-05");
    for (const [version, one] of bodies.entries()) {
      const alone = await compileCandidates(db, { id: "save", bodies: [one] });
      if ("faults" in alone) throw new Error(JSON.stringify(alone.faults));
      const fires = firesIn(await walk(db, alone, "2026-01-15", "2026-03-05"));
      expect(firesIn(together, version)).toEqual(fires);
      expect(fires.length).toBeGreaterThan(0);
    }
  });

  test("takes up events in the moment in which they became known", async ({ db }) => {
    const trigger = { on: "event", record: "ticket", where: { fact: "priority", is: "urgent" } };
    const trial = await begin(db, [playbook({ trigger, entry: { mode: "episode", onActivate: "baseline" } })]);
    await take(db, account("acme", "2026-03-08", [1, 2, 3]), early);
    const ticket = (id: string, at: string): Input => ({
      kind: "ticket",
      account: "acme",
      id,
      at,
      set: { subject: "It is down", status: "open", priority: "urgent", openedAt: at },
    });
    await take(db, [ticket("one", "2026-02-20T09:30:00Z")], new Date("2026-02-20T09:30:00Z"));
    await take(db, [ticket("two", "2026-02-23T10:00:00Z")], new Date("2026-02-23T15:00:00Z"));
    await cover(db, "2026-03-08", early);
    const fires = firesIn(await walk(db, trial, "2026-02-10", "2026-03-05"));
    expect(fires).toEqual(["acme 2026-02-20 09:30", "acme 2026-02-23 15:00"]);
  });
});
