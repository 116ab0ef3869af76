import fc from "fast-check";
import { type Candidates, compileCandidates } from "../../src/queries/backtest/candidates.ts";
import { formatDay, parseDay } from "../../src/scoring/days.ts";
import { dayMs } from "../../src/scoring/duration.ts";
import type { Input } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments, type DocumentInput } from "../../src/store/documents.ts";
import { applyInputs } from "../../src/store/intake.ts";
import { cover, playbook, scenarioDocuments } from "../worker/scenario.ts";

/** The days that a story tells of; the first one is the baseline. */
export const firstDay = parseDay("2026-03-02");
export const lastDay = parseDay("2026-04-12");
export const keys = ["acme", "beta", "gamma"] as const;

const early = new Date("2026-01-01T00:00:00Z");
const storyStart = (firstDay - 10) * dayMs;
const storyMinutes = (lastDay - firstDay + 10) * 1440;

const documents: readonly DocumentInput[] = [
  ...scenarioDocuments,
  {
    kind: "channels",
    id: "channels",
    body: { channels: [{ id: "alerts", kind: "slack", transport: "outbox" }] },
  },
  {
    kind: "owners",
    id: "owners",
    body: { owners: ["anna", "berta"].map((id) => ({ id, name: id, email: `${id}@example.com` })) },
  },
];

const baseline = { mode: "episode", onActivate: "baseline" };

/** Every way in which a trigger looks at time, records and scores. */
export const bodies: readonly Readonly<Record<string, unknown>>[] = [
  { trigger: { on: "threshold", when: { fact: "score", below: 50 } } },
  { trigger: { on: "threshold", when: { fact: "score", below: 60 }, for: "30h", keepFor: "20h" } },
  { trigger: { on: "band", enters: "red", for: "1d" }, guards: { window: "owner-working-hours" } },
  { trigger: { on: "change", fact: "score", fallsBy: 10, within: "6d" } },
  { trigger: { on: "change", fact: "owner", within: "3h" } },
  { trigger: { on: "event", record: "ticket", where: { fact: "priority", is: "urgent" } } },
  { trigger: { on: "survey", type: "nps", where: { fact: "score", below: 7 } } },
  { trigger: { on: "schedule", at: "07:30", weekdays: ["mon", "thu"], when: { fact: "score", below: 70 } } },
  {
    trigger: { on: "threshold", when: { fact: "usage.logins.sum_7d", below: 30 } },
    guards: { maxPerAccount: { runs: 1, per: "9d" } },
  },
].map((changes) => playbook({ entry: baseline, ...changes }));

/** The documents of a story, in force. */
export async function applyStoryDocuments(db: Db, others: readonly DocumentInput[] = []): Promise<Candidates> {
  const all = [...documents, ...others];
  await db.transaction().execute((tx) => applyDocuments(tx, all, { author: "anna", note: null, now: early }));
  const trial = await compileCandidates(db, { id: "save", bodies });
  if ("faults" in trial) throw new Error(JSON.stringify(trial.faults));
  return trial;
}

/** Something that is learnt at a minute of the story. */
export interface Learnt {
  readonly minute: number;
  readonly key: (typeof keys)[number];
  readonly what: "usage" | "corrected" | "ticket" | "survey" | "owner" | "snooze" | "imported" | "price";
  readonly value: number;
  /** Days back to what it tells of. */
  readonly back: number;
}

export const learnt: fc.Arbitrary<Learnt> = fc.record({
  minute: fc.nat(storyMinutes),
  // The last account has its wave of usage and what is always told: every trigger fires for it.
  key: fc.constantFrom("acme", "beta"),
  what: fc.constantFrom(
    "usage",
    "usage",
    "usage",
    "corrected",
    "corrected",
    "ticket",
    "survey",
    "owner",
    "snooze",
    "imported",
    "price",
  ),
  value: fc.nat(12),
  back: fc.nat(6),
});

/** What every story holds, so that no trigger is left to chance. */
export const always: readonly Learnt[] = (["owner", "ticket", "survey"] as const).map((what, place) => {
  return { minute: 30_000 + place * 2000, key: "gamma", what, value: what === "owner" ? 1 : 2, back: 0 };
});

/** When it was learnt. */
export function momentOf({ minute }: Learnt): number {
  return storyStart + minute * 60_000;
}

/** The accounts with contracts, as they began. */
export async function beginStory(db: Db): Promise<void> {
  const at = "2025-06-01T00:00:00Z";
  const inputs = keys.flatMap((key): Input[] => [
    {
      kind: "account",
      id: key,
      at,
      set: { name: key, owner: "anna", beganOn: "2025-06-01", zone: key === "beta" ? "America/New_York" : null },
    },
    {
      kind: "subscription",
      id: `${key}-plan`,
      account: key,
      at,
      set: { startsOn: "2025-06-01", amountMinor: 9000, currency: "EUR", interval: "month" },
    },
  ]);
  await say(db, inputs, early.getTime(), "now");
}

/** Takes in one thing that was learnt. */
export async function learn(db: Db, one: Learnt): Promise<void> {
  await say(db, [inputOf(one)], momentOf(one), one.what === "imported" ? "occurred" : "now");
}

/** What nightly pulls bring, some of them late, with the statement of what was delivered. */
export function statements(): readonly { readonly at: number; readonly state: (db: Db) => Promise<void> }[] {
  return Array.from({ length: lastDay - firstDay + 8 }, (_, index) => {
    const day = firstDay - 8 + index;
    const at = (day + 1) * dayMs + 4 * 3_600_000 + (index % 3) * dayMs;
    const usage = keys.map((account, place): Input => {
      const value = Math.round(6 + 6 * Math.sin(day / 5 + 2 * place));
      return { kind: "usage", mode: "daily", account, name: "logins", day: formatDay(day), value };
    });
    const state = async (db: Db) => {
      await say(db, usage, at, "now");
      await cover(db, formatDay(day), new Date(at));
    };
    return { at, state };
  });
}

function inputOf(one: Learnt): Input {
  const { key, what, value, back } = one;
  const learntAt = momentOf(one);
  const at = new Date(what === "imported" ? learntAt : learntAt - back * dayMs).toISOString();
  const account = key;
  switch (what) {
    case "usage":
    case "corrected": {
      const day = formatDay(Math.floor(learntAt / dayMs) - 1 - (what === "usage" ? 0 : back + 1));
      return { kind: "usage", mode: "daily", account, name: "logins", day, value };
    }
    case "imported":
    case "ticket": {
      const priority = value % 2 === 0 ? "urgent" : "low";
      return {
        kind: "ticket",
        id: `${key}-${value}-${one.minute}`,
        account,
        at,
        set: { status: "open", openedAt: at, priority },
      };
    }
    case "survey":
      return {
        kind: "survey",
        id: `${key}-${one.minute}`,
        account,
        at,
        set: { type: "nps", score: Math.min(10, value) },
      };
    case "owner":
      return { kind: "account", id: key, at, set: { owner: value % 2 === 0 ? "anna" : "berta" } };
    case "snooze": {
      const until = new Date(learntAt + value * 6 * 3_600_000).toISOString();
      return {
        kind: "snooze",
        id: `${key}/snooze`,
        account,
        at: new Date(learntAt).toISOString(),
        set: { until, reason: "away", by: "anna" },
      };
    }
    case "price":
      return {
        kind: "subscription",
        id: `${key}-plan`,
        account,
        at,
        set: { status: value % 4 === 0 ? "canceled" : "active" },
      };
    default:
      return what satisfies never;
  }
}

async function say(db: Db, inputs: readonly Input[], at: number, recordedAt: "now" | "occurred"): Promise<void> {
  const { rejected } = await db
    .transaction()
    .execute((tx) =>
      applyInputs(tx, { source: "test", inputs, now: new Date(at), recordedAt, unknownAccounts: "reject" }),
    );
  if (rejected.length > 0) throw new Error(JSON.stringify(rejected));
}
