import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

export const taskStates = ["open", "done", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

/** Which tasks to list; what is not given does not narrow. */
export interface TaskFilter {
  readonly assignee?: string | undefined;
  readonly state?: TaskState | undefined;
  /** The account's key. */
  readonly account?: string | undefined;
  /** Leaves out open tasks that are put off beyond this moment. */
  readonly awakeAt?: Date | undefined;
  /** Only what comes after this one in the order of the list. */
  readonly after?: TaskPlace | undefined;
  readonly limit: number;
}

/** Where a task stands in the order of the list. */
export interface TaskPlace {
  /** `YYYY-MM-DD`. */
  readonly dueOn: string | null;
  readonly id: number;
}

/** A task that a person gives. */
export interface TaskByHand {
  readonly accountId: number;
  readonly title: string;
  readonly body: string;
  readonly assignee: string | null;
  /** Given to whoever owns the account. */
  readonly asOwner: boolean;
  /** `YYYY-MM-DD`. */
  readonly dueOn: string | null;
  readonly createdBy: string;
}

/** A task as people see it. */
export interface Task {
  readonly id: number;
  readonly account: string;
  readonly accountName: string;
  /** Why the account is archived; null while it is not. */
  readonly accountArchived: string | null;
  readonly title: string;
  readonly body: string;
  readonly assignee: string | null;
  /** Given to whoever owns the account. */
  readonly asOwner: boolean;
  /** `YYYY-MM-DD`. */
  readonly dueOn: string | null;
  /** Put off until then. */
  readonly snoozedUntil: Date | null;
  readonly state: TaskState;
  readonly outcome: string | null;
  /** The playbook that asked for it; null when a person did. */
  readonly playbook: string | null;
  /** The person who asked for it; null when a playbook did. */
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
  readonly settledBy: string | null;
}

/** What became of a wish to change a task. */
export type TaskChange =
  | { readonly kind: "changed"; readonly accountId: number }
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
      "a.archivedReason as accountArchived",
      "t.title",
      "t.body",
      "t.assignee",
      "t.asOwner",
      "t.dueOn",
      "t.snoozedUntil",
      "t.state",
      "t.outcome",
      "n.playbookId as playbook",
      "t.createdBy",
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
  if (filter.awakeAt !== undefined) query = query.where(isAwake(filter.awakeAt));
  if (filter.after !== undefined) query = query.where(comesAfter(filter.after));
  return await query.execute();
}

function isAwake(at: Date) {
  return sql<boolean>`(t.state <> 'open' or t.snoozed_until is null or t.snoozed_until <= ${at})`;
}

/** A task without a due day stands behind all that have one. */
function comesAfter({ dueOn, id }: TaskPlace) {
  return sql<boolean>`(coalesce(t.due_on, 'infinity'), t.id) > (coalesce(${dueOn}::date, 'infinity'), ${id}::bigint)`;
}

/** Keeps a task that a person gives, open. */
export async function createTask(tx: Tx, task: TaskByHand, now: Date): Promise<number> {
  const row = await tx
    .insertInto("tasks")
    .values({ ...task, actionId: null, state: "open", createdAt: now })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** A task's account, as far as a hand on the task must know it. */
export interface TaskAccount {
  readonly accountId: number;
  readonly key: string;
  readonly owner: string | null;
  /** Null: the company's. */
  readonly zone: string | null;
}

/** The account a task is about; null when there is no such task. The task is locked until the transaction ends. */
export async function holdTask(tx: Tx, id: number): Promise<TaskAccount | null> {
  const row = await tx
    .selectFrom("tasks as t")
    .innerJoin("accounts as a", "a.id", "t.accountId")
    .select(["t.accountId", "a.key", "a.owner", "a.zone"])
    .where("t.id", "=", id)
    .forUpdate("t")
    .executeTakeFirst();
  return row ?? null;
}

/** Gives an open task to somebody. */
export async function assignTask(
  tx: Tx,
  id: number,
  to: { readonly assignee: string | null; readonly asOwner: boolean },
): Promise<TaskChange> {
  return changeTask(tx, id, ["open"], to);
}

/** Closes an open task with what came of it. */
export async function finishTask(
  tx: Tx,
  id: number,
  result: { readonly outcome: string; readonly author: string },
  now: Date,
): Promise<TaskChange> {
  const { outcome, author } = result;
  return changeTask(tx, id, ["open"], { state: "done", outcome, settledAt: now, settledBy: author });
}

/** Puts an open task off. */
export async function snoozeTask(tx: Tx, id: number, until: Date): Promise<TaskChange> {
  return changeTask(tx, id, ["open"], { snoozedUntil: until });
}

/** Opens a task again that was closed by mistake. */
export async function reopenTask(tx: Tx, id: number): Promise<TaskChange> {
  const set = { state: "open", outcome: null, settledAt: null, settledBy: null, snoozedUntil: null } as const;
  return changeTask(tx, id, ["done", "cancelled"], set);
}

interface TaskSettings {
  readonly state?: TaskState;
  readonly outcome?: string | null;
  readonly settledAt?: Date | null;
  readonly settledBy?: string | null;
  readonly assignee?: string | null;
  readonly asOwner?: boolean;
  readonly snoozedUntil?: Date | null;
}

/** Of two that close one task the second finds it closed: the state is judged anew once the first has let go of the row. */
async function changeTask(tx: Tx, id: number, from: readonly TaskState[], set: TaskSettings): Promise<TaskChange> {
  const changed = await tx
    .updateTable("tasks")
    .set(set)
    .where("id", "=", id)
    .where("state", "in", from)
    .returning("accountId")
    .executeTakeFirst();
  if (changed !== undefined) return { kind: "changed", accountId: changed.accountId };
  const row = await tx.selectFrom("tasks").select("state").where("id", "=", id).executeTakeFirst();
  return row === undefined ? { kind: "not-found" } : { kind: "refused", state: row.state };
}

/** Closes the open tasks of a run as cancelled; answers which. */
export async function closeTasksOfRun(tx: Tx, runId: number, outcome: string, now: Date): Promise<readonly number[]> {
  const { rows } = await sql<{ id: number }>`
    update tasks t set state = 'cancelled', outcome = ${outcome}, settled_at = ${now}, settled_by = 'keepwell'
    from actions a
    where t.action_id = a.id and a.run_id = ${runId} and t.state = 'open'
    returning t.id`.execute(tx);
  return rows.map(({ id }) => id);
}
