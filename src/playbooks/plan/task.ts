import { addWorkingDays } from "../../scoring/calendar.ts";
import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import { assign, noWorkload, turnKey } from "../assignment.ts";
import { clip } from "../escape.ts";
import type { Owner } from "../owners.ts";
import type { TaskStep } from "../playbook.ts";
import { type PlannedAction, pending, renderAll, skipped, standInWords, type TaskContent } from "./action.ts";
import type { Occasion } from "./occasion.ts";

/** The task as a row of ours, and where it is synced, its way into the CRM. */
export function planTask(step: TaskStep, occasion: Occasion): PlannedAction | readonly PlannedAction[] {
  const { subject, workload = noWorkload, playbook } = occasion;
  const turnsSoFar = workload.turns.get(turnKey(playbook.id, step.id)) ?? 0;
  const { assignee, owner, standsInFor, asOwner, why, turns } = assign(step.assignee, subject, workload, turnsSoFar);
  if (assignee === null) {
    return skipped(step, occasion, "nobody", "the account has no owner, and there is no fallback");
  }
  const rendered = renderAll(occasion, [step.title, step.body]);
  if ("refusal" in rendered) return skipped(step, occasion, "task", rendered.refusal);
  const [title = "", body = ""] = rendered.texts;
  const dueOn = dueDay(step, owner, occasion);
  const message = {
    kind: "task",
    title: clip(title === "" ? playbook.name : title, 300),
    body,
    assignee,
    dueOn,
    asOwner,
  } as const;
  const due = dueOn === null ? "" : `, due on ${dueOn}`;
  const choice = why === "" ? "" : `; ${why}`;
  const reason = `task for ${assignee}${standInWords({ standsInFor })}${due}${choice}`;
  const goesRound = turns === undefined ? {} : { turns };
  const task = { ...pending(step, occasion, "task", message), ...goesRound, state: "sent", reason } as const;
  return step.sync === null ? task : [task, planSync(step.sync, step, occasion, message)];
}

function planSync(source: string, step: TaskStep, occasion: Occasion, task: TaskContent): PlannedAction {
  const { run } = occasion;
  const { title, body, assignee, dueOn } = task;
  const key = `${run.runId}-${run.visit}-${step.id}`;
  const message = { kind: "crm-task", key, title, body, assignee, dueOn } as const;
  return { ...pending(step, occasion, source, message), kind: "crm-task", channel: source };
}

/** A day in the account's zone; working days are those of whoever is to do it. */
function dueDay({ due }: TaskStep, owner: Owner | null, { subject, now }: Occasion): string | null {
  if (due === null) return null;
  const today = dayOfInstant(subject.zone, now);
  if (due.unit === "days") return formatDay(today + due.in);
  const calendar = subject.calendarOf(owner?.country ?? null, owner?.region ?? null);
  return formatDay(addWorkingDays(calendar, today, due.in));
}
