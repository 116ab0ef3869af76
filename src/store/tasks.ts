import type { Db, Tx } from "./db.ts";

export const taskStates = ["open", "done", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

/** Which tasks to list; what is not given does not narrow. */
export interface TaskFilter {
  readonly assignee?: string | undefined;
  readonly state?: TaskState | undefined;
  /** The account's key. */
  readonly account?: string | undefined;
  readonly limit: number;
}

/** A task as people see it. */
export interface Task {
  readonly id: number;
  readonly account: string;
  readonly accountName: string;
  readonly title: string;
  readonly body: string;
  readonly assignee: string | null;
  /** `YYYY-MM-DD`. */
  readonly dueOn: string | null;
  readonly state: TaskState;
  readonly outcome: string | null;
  /** The playbook that asked for it; null when a person did. */
  readonly playbook: string | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  readonly settledBy: string | null;
}

/** What became of a wish to change a task. */
export type TaskChange =
  | { readonly kind: "changed" }
  | { readonly kind: "not-found" }
  | { readonly kind: "refused"; readonly state: TaskState };

/** Tasks by due day, those without one last. */
export async function listTasks(db: Db, filter: TaskFilter): Promise<readonly Task[]> {
  let query = db
    .selectFrom("tasks as t")
    .innerJoin("accounts as a", "a.id", "t.accountId")
    .leftJoin("actions as n", "n.id", "t.actionId")
    .select([
      "t.id",
      "a.key as account",
      "a.name as accountName",
      "t.title",
      "t.body",
      "t.assignee",
      "t.dueOn",
      "t.state",
      "t.outcome",
      "n.playbookId as playbook",
      "t.createdAt",
      "t.settledAt",
      "t.settledBy",
    ])
    .orderBy("t.dueOn", (order) => order.asc().nullsLast())
    .orderBy("t.id")
    .limit(filter.limit);
  if (filter.assignee !== undefined) query = query.where("t.assignee", "=", filter.assignee);
  if (filter.state !== undefined) query = query.where("t.state", "=", filter.state);
  if (filter.account !== undefined) query = query.where("a.key", "=", filter.account);
  return await query.execute();
}

/** Closes an open task with what came of it. */
export async function finishTask(
  tx: Tx,
  id: number,
  result: { readonly outcome: string; readonly author: string },
  now: Date,
): Promise<TaskChange> {
  const { numUpdatedRows } = await tx
    .updateTable("tasks")
    .set({ state: "done", outcome: result.outcome, settledAt: now, settledBy: result.author })
    .where("id", "=", id)
    .where("state", "=", "open")
    .executeTakeFirst();
  return numUpdatedRows > 0n ? { kind: "changed" } : refusal(tx, id);
}

/** Opens a task again that was closed by mistake. */
export async function reopenTask(tx: Tx, id: number): Promise<TaskChange> {
  const { numUpdatedRows } = await tx
    .updateTable("tasks")
    .set({ state: "open", outcome: null, settledAt: null, settledBy: null })
    .where("id", "=", id)
    .where("state", "in", ["done", "cancelled"])
    .executeTakeFirst();
  return numUpdatedRows > 0n ? { kind: "changed" } : refusal(tx, id);
}

async function refusal(tx: Tx, id: number): Promise<TaskChange> {
  const row = await tx.selectFrom("tasks").select("state").where("id", "=", id).executeTakeFirst();
  return row === undefined ? { kind: "not-found" } : { kind: "refused", state: row.state };
}
