import type { Mapped } from "../../mapped-port.ts";
import type { CrmObject } from "../objects.ts";
import type { HubSpotSettings } from "../settings.ts";
import { moment, timesOf } from "./reading.ts";

/** How a task of ours stands there. Tasks without our key are none of ours. */
export function mapTask(task: CrmObject, { tasks }: HubSpotSettings): Mapped {
  const { id, properties } = task;
  const key = tasks === undefined ? null : (properties[tasks.keyProperty] ?? null);
  if (key === null) return {};
  const times = timesOf(task);
  if (times === null) return { skipped: `task ${id} has no time of its last change` };
  const isDone = properties["hs_task_status"] === "COMPLETED";
  const at = (isDone ? moment(properties["hs_task_completion_date"]) : null) ?? times.now;
  return { tasks: [{ key, state: isDone ? "done" : "open", at, outcome: null }] };
}
