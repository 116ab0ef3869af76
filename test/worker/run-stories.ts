import { createLog } from "../../src/log.ts";
import type { Configuration } from "../../src/playbooks/configuration.ts";
import type { Db } from "../../src/store/db.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { playbook, take } from "./scenario.ts";

const log = createLog({ level: "silent", format: "json" });

/** A playbook that begins a run when the field `go` of an account is set, with other steps. */
export function onGo(id: string, steps: readonly object[], parts: Readonly<Record<string, unknown>> = {}) {
  const trigger = { on: "threshold", when: { fact: "account.fields.go", is: true } };
  return playbook({ id, name: id, trigger, steps, ...parts });
}

/** A step that tells a channel its own id. */
export function say(id: string, more: object = {}): object {
  return { id, do: "slack", to: "alerts", text: id, ...more };
}

/** Sets fields of the account `acme` and lets its playbooks be judged. */
export async function set(
  db: Db,
  configuration: Configuration,
  fields: Readonly<Record<string, string | number | boolean | null>>,
  now: Date,
): Promise<void> {
  const set = { name: "Acme", owner: "anna", beganOn: "2025-01-01", fields };
  await take(db, [{ kind: "account", id: "acme", at: now.toISOString(), set }], now);
  await scoreDue({ db, configuration, log }, now);
  await look(db, configuration, now);
}

/** Lets what is due be judged, with no news. */
export async function look(db: Db, configuration: Configuration, now: Date): Promise<void> {
  await respondDue({ db, configuration, log }, now);
}

/** What the steps of a playbook's runs have made, in order: those that were made by their ids, the others with the state and why. */
export async function trailOf(db: Db, playbookId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("actions")
    .select(["stepId", "state", "kind", "reason"])
    .where("playbookId", "=", playbookId)
    .orderBy("id")
    .execute();
  return rows.map(({ stepId, state, reason }) => (state === "skipped" ? `${stepId} skipped: ${reason}` : stepId));
}

/** How the runs of a playbook stand, the oldest first. */
export async function runsOf(db: Db, playbookId: string) {
  return db
    .selectFrom("runs")
    .select(["state", "stepId", "waitId", "dueAt", "reason", "revision", "cause", "depth", "chain", "goalReachedAt"])
    .where("playbookId", "=", playbookId)
    .orderBy("id")
    .execute();
}
