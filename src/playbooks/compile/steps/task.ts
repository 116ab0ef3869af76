import { faultAt } from "../../../scoring/fault.ts";
import type { Assignee, TaskStep } from "../../playbook.ts";
import { listed, templateAt } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";

/** A `task` step, or null with its faults told. */
export function compileTask(step: StepOf<"task">, site: Site): TaskStep | null {
  const { at, frame, compilation } = site;
  const title = templateAt(step.title, "line", `${at}.title`, compilation);
  const body = step.body === undefined ? null : templateAt(step.body, "text", `${at}.body`, compilation);
  const assignee = assigneeOf(step, site);
  const due = dueOf(step, site);
  const sync = sinkOf(step, site);
  return title && { ...frame, kind: "task", title, body, assignee, due, sync };
}

function assigneeOf({ assignee }: StepOf<"task">, { at, compilation }: Site): Assignee {
  const owners = compilation.context.owners.map(({ id }) => id);
  const refuse = (path: string, met: string, message: string) =>
    compilation.faults.push(faultAt(`${at}.${path}`, met, message));
  if (typeof assignee === "string") {
    const known = ["owner", "manager", ...owners];
    if (!known.includes(assignee)) refuse("assignee", assignee, `expected ${listed(known, "an owner's id")}`);
    return assignee;
  }
  const isLeast = "leastLoaded" in assignee;
  const among = isLeast ? assignee.leastLoaded : assignee.roundRobin;
  for (const [index, id] of among.entries()) {
    const path = `assignee.${isLeast ? "leastLoaded" : "roundRobin"}[${index}]`;
    if (!owners.includes(id)) refuse(path, id, `expected ${listed(owners, "an owner's id")}`);
    else if (among.indexOf(id) < index) refuse(path, id, "this owner is named twice");
  }
  return { kind: isLeast ? "least-loaded" : "round-robin", among };
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
