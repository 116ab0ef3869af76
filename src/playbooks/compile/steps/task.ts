import { faultAt } from "../../../scoring/fault.ts";
import type { TaskStep } from "../../playbook.ts";
import { listed, templateAt } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";

/** A `task` step, or null with its faults told. */
export function compileTask(step: StepOf<"task">, site: Site): TaskStep | null {
  const { at, frame, compilation } = site;
  const title = templateAt(step.title, "line", `${at}.title`, compilation);
  const body = step.body === undefined ? null : templateAt(step.body, "text", `${at}.body`, compilation);
  const { assignee } = step;
  if (typeof assignee !== "string") {
    compilation.faults.push(faultAt(`${at}.assignee`, assignee, "is not supported yet"));
    return null;
  }
  const { owners } = compilation.context;
  if (assignee !== "owner" && !owners.some((owner) => owner.id === assignee)) {
    const known = ["owner", ...owners.map((owner) => owner.id)];
    compilation.faults.push(faultAt(`${at}.assignee`, assignee, `expected ${listed(known, "an owner's id")}`));
  }
  const due = dueOf(step, site);
  const sync = sinkOf(step, site);
  return title && { ...frame, kind: "task", title, body, assignee, due, sync };
}

function dueOf(step: StepOf<"task">, { at, compilation }: Site): TaskStep["due"] {
  const { dueInDays: days, dueInWorkingDays: workingDays } = step;
  if (days !== undefined && workingDays !== undefined) {
    const message = "expected one of dueInDays and dueInWorkingDays, not both";
    compilation.faults.push(faultAt(`${at}.dueInWorkingDays`, workingDays, message));
  }
  if (workingDays !== undefined) return { in: workingDays, unit: "working-days" };
  return days === undefined ? null : { in: days, unit: "days" };
}

function sinkOf({ sync }: StepOf<"task">, { at, compilation }: Site): string | null {
  const { context, faults } = compilation;
  if (sync === undefined || context.sinks.includes(sync)) return sync ?? null;
  faults.push(faultAt(`${at}.sync`, sync, `expected ${listed(context.sinks, "a source that takes tasks")}`));
  return null;
}
