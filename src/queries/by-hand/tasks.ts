import { z } from "zod";
import { resolveOwner } from "../../playbooks/owners.ts";
import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import { writeAudit } from "../../store/audit.ts";
import { holdAccount } from "../../store/by-hand.ts";
import type { Tx } from "../../store/db.ts";
import {
  assignTask,
  createTask,
  finishTask,
  holdTask,
  reopenTask,
  snoozeTask,
  type TaskAccount,
  type TaskChange,
  taskStates,
} from "../../store/tasks.ts";
import { auditRow, endOf, type Hand, type HandOutcome, type HandRefusal, unknownWord } from "./hand.ts";
import type { AssignWish, DoneWish, PutOffWish, ReopenWish, TaskWish } from "./wishes.ts";

/** What a deed on a task came to, as both doors tell it. */
export const taskDeedSchema = z.strictObject({
  id: z.int(),
  /** The account's key. */
  account: z.string(),
  state: z.enum(taskStates),
});
export type TaskDeed = z.infer<typeof taskDeedSchema>;

type Answer = HandOutcome<TaskDeed>;

/** Gives somebody something to do for an account. */
export async function giveTask(
  tx: Tx,
  named: { readonly accountId: number },
  wish: TaskWish,
  hand: Hand,
  now: Date,
): Promise<Answer> {
  const account = await holdAccount(tx, named.accountId);
  const to = recipientOf(wish.assignee, account, hand, now);
  if ("kind" in to) return to;
  const { dueInDays } = wish;
  const dueOn = dueInDays === undefined ? (wish.dueOn ?? null) : dayThere(account, hand.words.zone, now, dueInDays);
  const { accountId, key } = account;
  const { title, body = "" } = wish;
  const id = await createTask(tx, { accountId, title, body, ...to, dueOn, createdBy: hand.author }, now);
  const data = { title, ...to, dueOn };
  await writeAudit(tx, [auditRow(hand, { deed: "task.create", accountId, subject: String(id), data })], now);
  return { kind: "done", done: { id, account: key, state: "open" } };
}

/** Gives an open task to somebody else. */
export async function handOverTask(tx: Tx, id: number, wish: AssignWish, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdTask(tx, id);
  if (account === null) return noTask(id);
  const to = recipientOf(wish.assignee, account, hand, now);
  if ("kind" in to) return to;
  const change = await assignTask(tx, id, to);
  return settle(tx, { id, account, deed: "task.assign", state: "open", data: to }, change, hand, now);
}

/** Closes an open task with what came of it. Of two who close one task, the second is told. */
export async function closeTask(tx: Tx, id: number, wish: DoneWish, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdTask(tx, id);
  if (account === null) return noTask(id);
  const { outcome } = wish;
  const change = await finishTask(tx, id, { outcome, author: hand.author }, now);
  return settle(tx, { id, account, deed: "task.done", state: "done", data: { outcome } }, change, hand, now);
}

/** Puts an open task off: lists leave it out until then. */
export async function putOffTask(tx: Tx, id: number, wish: PutOffWish, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdTask(tx, id);
  if (account === null) return noTask(id);
  const end = endOf(wish.until, account.zone ?? hand.words.zone, now);
  if (!(end instanceof Date)) return end;
  const change = await snoozeTask(tx, id, end);
  const data = { until: end.toISOString() };
  return settle(tx, { id, account, deed: "task.snooze", state: "open", data }, change, hand, now);
}

/** Opens a task again that was closed by mistake. */
export async function openAgain(tx: Tx, id: number, _wish: ReopenWish, hand: Hand, now: Date): Promise<Answer> {
  const account = await holdTask(tx, id);
  if (account === null) return noTask(id);
  const change = await reopenTask(tx, id);
  return settle(tx, { id, account, deed: "task.reopen", state: "open", data: {} }, change, hand, now);
}

interface TaskStep {
  readonly id: number;
  readonly account: TaskAccount;
  readonly deed: string;
  readonly state: TaskDeed["state"];
  readonly data: Readonly<Record<string, unknown>>;
}

async function settle(tx: Tx, step: TaskStep, change: TaskChange, hand: Hand, now: Date): Promise<Answer> {
  const { id, account, deed, state, data } = step;
  if (change.kind === "not-found") return noTask(id);
  if (change.kind === "refused") return { kind: "conflict", reason: `The task ${id} is ${change.state}` };
  const { accountId, key } = account;
  await writeAudit(tx, [auditRow(hand, { deed, accountId, subject: String(id), data })], now);
  return { kind: "done", done: { id, account: key, state } };
}

function noTask(id: number): HandRefusal {
  return { kind: "missing", reason: `There is no task ${id}` };
}

/**
 * Who gets a task. With `owner` it goes to whoever owns the account, and moves on with the account; while they are away it goes to their
 * cover, and stays there.
 */
function recipientOf(
  assignee: string,
  account: { readonly owner: string | null; readonly zone: string | null },
  { words }: Hand,
  now: Date,
): { readonly assignee: string | null; readonly asOwner: boolean } | HandRefusal {
  const { owners } = words;
  if (assignee !== "owner") {
    const ids = owners === null ? null : owners.owners.map((owner) => owner.id);
    return unknownWord("owner", assignee, ids) ?? { assignee, asOwner: false };
  }
  if (owners === null) return { assignee: account.owner, asOwner: true };
  const { owner, standsInFor } = resolveOwner(owners, account.owner, dayThere(account, words.zone, now, 0));
  return { assignee: owner?.id ?? account.owner, asOwner: standsInFor === null };
}

/** The day so many days from today, where the account is. */
function dayThere(account: { readonly zone: string | null }, zone: string, now: Date, days: number): string {
  return formatDay(dayOfInstant(account.zone ?? zone, now.getTime()) + days);
}
