import { readdirSync, readFileSync } from "node:fs";
import { createSilentLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import { customerLinks } from "../../src/playbooks/customer-links.ts";
import { textHash } from "../../src/playbooks/text-hash.ts";
import { configFaultText } from "../../src/queries/configuration/config-fault.ts";
import { compileConfiguration } from "../../src/queries/configuration.ts";
import type { Input } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";
import { writeFact } from "../../src/store/installation.ts";
import { ensureScorePartitions } from "../../src/store/partitions.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { cover, take } from "../worker/scenario.ts";

const examples = "examples/playbooks";
const sample = "examples/sample-company/config";

/** The ids of the playbooks that ship as examples. */
export const exampleIds = readdirSync(examples)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(/\.json$/, ""));

function read(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** The sample company with these playbooks and no other; its owners have a manager, as the examples ask for. */
export function companyWith(ids: readonly string[]): Configuration {
  const document = (kind: string, id: string, body: unknown) => ({ kind, id, body, revision: 1, file: null });
  const single = ["company", "channels", "lifecycle", "sources"].map((kind) =>
    document(kind, kind, read(`${sample}/${kind}.json`)),
  );
  const compiled = compileConfiguration([
    ...single,
    document("owners", "owners", ownersWithManager()),
    document("health-model", "default", read(`${sample}/health-models/default.json`)),
    ...ids.map((id) => document("playbook", id, read(`${examples}/${id}.json`))),
  ]);
  if ("faults" in compiled) throw new Error(compiled.faults.map(configFaultText).join("\n"));
  return compiled.configuration;
}

const owner = "tomas.reyl";
const manager = "mira.solberg";

function ownersWithManager(): unknown {
  const { owners, ...rest } = read(`${sample}/owners.json`);
  if (!Array.isArray(owners)) throw new Error("owners.json lists no owners");
  return { ...rest, owners: owners.map((each) => (each.id === owner ? { ...each, manager } : each)) };
}

/** One account of the company, day by day. */
export interface Story {
  /** Something becomes known and true at a time. */
  learn(at: string, ...inputs: readonly Input[]): Promise<void>;
  /** Daily totals of a usage name, the last of them of the day before `at`. */
  use(at: string, name: string, values: readonly number[]): Promise<void>;
  /** Scores and judges at a time; answers what was made since the last look: the step and what came of it. */
  pass(at: string): Promise<readonly string[]>;
  /** How the newest run stands, and the tasks of the account. */
  state(): Promise<{ readonly run: string; readonly tasks: readonly string[] }>;
}

const log = createSilentLog();
const links = customerLinks({ url: "https://keepwell.example.com", isPublic: true }, (_purpose, content) =>
  Buffer.from(content).toString("base64url"),
);

/** Begins the story of the account `acme`, of Tomas Reyl's, with Kim as its contact. Where the playbook holds accounts out, it is not one of them unless told. */
export async function beginStory(
  db: Db,
  id: string,
  account: Readonly<Record<string, unknown>>,
  how: { readonly isHeldOut?: boolean } = {},
): Promise<Story> {
  const configuration = companyWith([id]);
  await writeFact(db, "holdout-salt", saltFor(id, how.isHeldOut ?? false));
  const began = String(account["beganOn"] ?? "2025-01-06");
  const at = `${began}T08:00:00Z`;
  await take(
    db,
    [
      { kind: "account", id: "acme", at, set: { name: "Acme", owner, beganOn: began, ...account } },
      ...[contact("kim", "kim@acme.example.com", "Kim", at)],
    ],
    new Date(at),
  );
  let seen = 0;
  return {
    learn: (moment, ...inputs) => take(db, inputs, new Date(moment)),
    async use(moment, name, values) {
      const last = Date.parse(moment.slice(0, 10)) - dayMs;
      const day = (back: number) => new Date(last - back * dayMs).toISOString().slice(0, 10);
      const inputs = values.map((value, index) => ({
        ...{ kind: "usage" as const, mode: "daily" as const, account: "acme", name, value },
        day: day(values.length - 1 - index),
      }));
      await take(db, inputs, new Date(moment));
      await cover(db, day(0), new Date(moment));
    },
    async pass(moment) {
      const now = new Date(moment);
      await ensureScorePartitions(db, now);
      await db.updateTable("accountWork").set({ nextScoreAt: now }).execute();
      const scored = await scoreDue({ db, configuration, log }, now);
      const judged = await respondDue({ db, configuration, log, links }, now);
      if (scored.failed + judged.failed > 0) throw new Error("an account could not be judged");
      const news = (await readEffects(db)).filter(({ id: actionId }) => actionId > seen);
      seen = Math.max(seen, ...news.map(({ id: actionId }) => actionId));
      return news.map(({ words }) => words);
    },
    async state() {
      const run = await db.selectFrom("runs").select("state").orderBy("id", "desc").executeTakeFirst();
      const tasks = await db.selectFrom("tasks").select("state").orderBy("id").execute();
      return { run: run?.state ?? "none", tasks: tasks.map(({ state }) => state) };
    },
  };
}

const dayMs = 86_400_000;

function contact(id: string, email: string, name: string, at: string): Input {
  return { kind: "contact", id, account: "acme", at, set: { name, email, role: "primary" } };
}

/** The account of a story has the id 1. */
function saltFor(playbookId: string, isHeldOut: boolean): string {
  const isIn = (salt: string) => textHash(`${salt}/${playbookId}/1`) / 2 ** 53 < 0.1;
  let salt = 0;
  while (isIn(String(salt)) !== isHeldOut) salt += 1;
  return String(salt);
}

/** What steps have made: `unblock → task for tomas.reyl`, `ask skipped: …`. What a run decided of its own way is left out. */
async function readEffects(db: Db): Promise<readonly { id: number; words: string }[]> {
  const rows = await db
    .selectFrom("actions as a")
    .leftJoin("tasks as t", "t.actionId", "a.id")
    .select(["a.id", "a.stepId", "a.kind", "a.recipient", "a.state", "a.reason", "t.assignee"])
    .where("a.kind", "not in", ["wait", "branch", "stop"])
    .orderBy("a.id")
    .execute();
  return rows.map(({ id, stepId, kind, recipient, state, reason, assignee }) => {
    if (state === "skipped") return { id, words: `${stepId} skipped: ${reason}` };
    return { id, words: `${stepId} → ${kind === "task" ? `task for ${assignee}` : recipient}` };
  });
}
