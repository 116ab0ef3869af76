import fc from "fast-check";
import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import type { Input } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";
import { applyDocuments } from "../../src/store/documents.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { test } from "../support/database.ts";
import { configure, playbook, take } from "./scenario.ts";

const start = Date.parse("2026-03-10T12:00:00Z");
const hour = 3_600_000;
const log = createSilentLog();
const keys = ["acme", "beta", "cyan"] as const;
type Key = (typeof keys)[number];

const hot = (edge: number) => ({ on: "threshold", when: { fact: "account.fields.heat", above: edge } });
const severity = [{ when: { fact: "account.fields.heat", above: 90 }, priority: "escalation" }];
/** What the one playbook is edited to. */
const edits: readonly Readonly<Record<string, unknown>>[] = [
  { trigger: hot(40) },
  { trigger: { ...hot(40), for: "2h", keepFor: "2h" }, severity },
  { trigger: hot(60), entry: { repeatEvery: "3h" } },
  { trigger: hot(40), entry: { cooldown: "1d" }, severity },
  { trigger: { on: "schedule", at: "15:00" } },
  { trigger: hot(40), enabled: false },
];
const plain = { entry: { mode: "episode", onActivate: "baseline" } };
const cancelled = { on: "event", record: "event", where: { fact: "name", is: "cancelled" } };
/** Nobody edits this one. */
const each = playbook({ ...plain, id: "each", trigger: cancelled });
const edited = (edit: number) => playbook({ ...plain, ...edits[edit] });

/** One life of a few accounts, told to the database. */
class Life {
  readonly #db: Db;
  readonly #name: string;
  #now = start;
  #revision = 1;
  #configuration = configure([each, edited(0)]);
  #fired = 0;
  #records = 0;

  constructor(db: Db, name: string, startedAt: number) {
    this.#db = db;
    this.#name = name;
    this.#now = startedAt;
  }

  get now(): number {
    return this.#now;
  }

  async begin(): Promise<void> {
    await this.take(
      keys.map((key) => ({
        kind: "account",
        id: this.#keyOf(key),
        at: new Date(this.#now - hour).toISOString(),
        set: { name: key, owner: "anna", fields: { heat: 10 } },
      })),
    );
    await this.pass();
    // What was there when it began is taken as it is.
    this.#now += 60_000;
  }

  #keyOf(key: Key): string {
    return `${this.#name}-${key}`;
  }

  async take(inputs: readonly Input[]): Promise<void> {
    await take(this.#db, inputs, new Date(this.#now));
  }

  async heat(key: Key, heat: number): Promise<void> {
    const at = new Date(this.#now).toISOString();
    await this.take([{ kind: "account", id: this.#keyOf(key), at, set: { fields: { heat } } }]);
  }

  async cancel(key: Key, count: number): Promise<void> {
    const at = new Date(this.#now).toISOString();
    const account = this.#keyOf(key);
    const events = Array.from({ length: count }, (_, index): Input => {
      const id = `${account}-${this.#records + index}`;
      return { kind: "event", id, account, at, set: { name: "cancelled" } };
    });
    this.#records += count;
    await this.take(events);
  }

  async snooze(key: Key, hours: number): Promise<void> {
    const until = new Date(this.#now + hours * hour).toISOString();
    const account = this.#keyOf(key);
    const set = { until, reason: "on holiday", by: "anna" };
    await this.take([{ kind: "snooze", id: `${account}/snooze`, account, at: new Date(this.#now).toISOString(), set }]);
  }

  async edit(edit: number): Promise<void> {
    this.#revision += 1;
    this.#configuration = configure([each, edited(edit)], this.#revision);
    const body = { ...edited(edit), note: `${this.#name} ${this.#revision}` };
    const options = { author: "anna", note: null, now: new Date(this.#now) };
    await this.#db.transaction().execute((tx) => applyDocuments(tx, [{ kind: "playbook", id: "save", body }], options));
  }

  async pass(hours = 0, workers = 1, configuration = this.#configuration): Promise<void> {
    this.#now += hours * hour;
    const now = new Date(this.#now);
    const deps = { db: this.#db, configuration, log };
    await scoreDue({ ...deps, configuration: this.#configuration }, now);
    const done = await Promise.all(Array.from({ length: workers }, () => respondDue(deps, now)));
    for (const { fired } of done) this.#fired += fired;
  }

  /** Whoever renders a message dies of it: in the middle of the transaction, states and runs are written already. */
  async crash(): Promise<void> {
    await this.pass(0, 1, crashing(this.#configuration));
  }

  /** After every command: what stands in the database is what was told, each run once and with its state. */
  async check(): Promise<void> {
    const runs = await this.#runs();
    expect(runs).toHaveLength(this.#fired);
    const names = runs.map(({ playbookId, key, episode, round, cause }) =>
      [playbookId, key, episode, round, cause].join(),
    );
    expect(new Set(names).size).toBe(runs.length);
    const states = await this.#states();
    for (const state of states) {
      const own = runs.filter(({ playbookId, key }) => playbookId === state.playbookId && key === state.key);
      expect(state.reason).not.toBe("");
      expect(state.lastFiredAt?.getTime() ?? null).toBe(own.at(-1)?.startedAt.getTime() ?? null);
      expect(own.filter(({ episode }) => episode > state.episode)).toEqual([]);
      expect(own.filter(({ episode }) => episode === state.episode)).toHaveLength(state.round);
    }
    expect(runs.filter(({ actions }) => actions !== 1)).toEqual([]);
    expect(runs.filter(({ reason }) => reason === "")).toEqual([]);
  }

  /** When nothing stands in the way any more, each record that came has had its run. */
  async settle(): Promise<void> {
    for (const hours of [30, 1, 1]) await this.pass(hours);
    await this.check();
    const runs = (await this.#runs()).filter(({ playbookId }) => playbookId === "each");
    expect(runs).toHaveLength(this.#records);
  }

  #runs() {
    return this.#db
      .selectFrom("runs")
      .innerJoin("accounts", "accounts.id", "runs.accountId")
      .select(["playbookId", "key", "episode", "round", "cause", "reason", "startedAt"])
      .select((query) =>
        query
          .selectFrom("actions")
          .whereRef("actions.runId", "=", "runs.id")
          .select((count) => count.fn.countAll<number>().as("count"))
          .as("actions"),
      )
      .where("key", "like", `${this.#name}-%`)
      .orderBy("runs.id")
      .execute()
      .then((rows) => rows.map((row) => ({ ...row, actions: Number(row.actions) })));
  }

  #states() {
    return this.#db
      .selectFrom("triggerStates")
      .innerJoin("accounts", "accounts.id", "triggerStates.accountId")
      .select(["playbookId", "key", "episode", "round", "lastFiredAt", "reason"])
      .where("key", "like", `${this.#name}-%`)
      .execute();
  }
}

function crashing(configuration: Configuration): Configuration {
  const render = () => {
    throw new Error("the power went out");
  };
  const playbooks = configuration.playbooks.map((one) => ({
    ...one,
    steps: one.steps.map((step) => (step.kind === "slack" ? { ...step, text: { ...step.text, render } } : step)),
  }));
  return { ...configuration, playbooks };
}

type Command = fc.AsyncCommand<object, Life>;

/** Something that happens, and a look at the database behind it. */
function command(words: string, happens: (life: Life) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (_model, life) => {
      await happens(life);
      await life.check();
    },
    toString: () => words,
  };
}

const key = fc.constantFrom(...keys);
const commands = [
  fc.constantFrom(0, 1, 3, 20).map((hours) => command(`pass(${hours})`, (life) => life.pass(hours))),
  fc.constantFrom(0, 1, 3).map((hours) => command(`race(${hours})`, (life) => life.pass(hours, 2))),
  fc
    .tuple(key, fc.constantFrom(10, 50, 70, 95))
    .map(([at, heat]) => command(`heat(${at}, ${heat})`, (life) => life.heat(at, heat))),
  fc
    .tuple(key, fc.constantFrom(50, 95))
    .map(([at, heat]) => command(`heat(${at}, ${heat})`, (life) => life.heat(at, heat))),
  fc
    .tuple(key, fc.constantFrom(1, 2, 5))
    .map(([at, count]) => command(`cancel(${at}, ${count})`, (life) => life.cancel(at, count))),
  fc
    .tuple(key, fc.constantFrom(1, 5))
    .map(([at, hours]) => command(`snooze(${at}, ${hours})`, (life) => life.snooze(at, hours))),
  fc.integer({ min: 0, max: edits.length - 1 }).map((edit) => command(`edit(${edit})`, (life) => life.edit(edit))),
  fc.constant(command("crash", (life) => life.crash())),
];

// The time guards against a hang; nothing is judged by its speed.
test("whatever happens, each run begins once, with its state, and each record that comes has its run", {
  timeout: 180_000,
}, async ({ db }) => {
  let lives = 0;
  let now = start;
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 20, size: "max" }), async (course) => {
      lives += 1;
      const life = new Life(db, `life${lives}`, now);
      await life.begin();
      await fc.asyncModelRun(() => ({ model: {}, real: life }), course);
      await life.settle();
      now = life.now;
      // Whoever is archived is looked at no more.
      await db
        .updateTable("accounts")
        .set({ archivedAt: new Date(now) })
        .execute();
    }),
    { numRuns: 12, endOnFailure: true },
  );
});
