import { z } from "zod";
import { type Task, taskStates } from "../../store/tasks.ts";

const moment = z.iso.datetime();

/** A task as both doors tell it. */
export const taskSchema = z.strictObject({
  id: z.int(),
  /** The account's key. */
  account: z.string(),
  accountName: z.string(),
  /** Why the account is archived; null while it is not. */
  accountArchived: z.string().nullable(),
  title: z.string(),
  body: z.string(),
  assignee: z.string().nullable(),
  /** Given to whoever owns the account. */
  asOwner: z.boolean(),
  dueOn: z.iso.date().nullable(),
  /** Put off until then. */
  snoozedUntil: moment.nullable(),
  state: z.enum(taskStates),
  outcome: z.string().nullable(),
  /** The playbook that asked for it; null when a person did. */
  playbook: z.string().nullable(),
  /** The person who asked for it; null when a playbook did. */
  createdBy: z.string().nullable(),
  createdAt: moment,
  settledAt: moment.nullable(),
  settledBy: z.string().nullable(),
});

/** A task with its moments as texts. */
export function toTaskJson(task: Task): z.infer<typeof taskSchema> {
  return {
    ...task,
    snoozedUntil: task.snoozedUntil?.toISOString() ?? null,
    createdAt: task.createdAt.toISOString(),
    settledAt: task.settledAt?.toISOString() ?? null,
  };
}
