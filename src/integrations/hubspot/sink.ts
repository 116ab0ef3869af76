import type { Sink } from "../sink-port.ts";
import type { HubSpotApi } from "./api.ts";
import { putFields } from "./field-writes.ts";
import type { HubSpotSettings } from "./settings.ts";
import { putTask } from "./task-writes.ts";
import { setUpPage } from "./write-faults.ts";

/** As many companies as HubSpot changes at once. */
const companiesAtOnce = 100;

/** What goes back to HubSpot: tasks by our key, and fields of companies. Undefined where the settings name neither. */
export function openSink(api: HubSpotApi, { tasks, writeFields }: HubSpotSettings): Sink | undefined {
  if (tasks === undefined && writeFields === undefined) return undefined;
  return {
    fieldsAtOnce: companiesAtOnce,
    putTask: async (task, context) =>
      tasks === undefined
        ? { kind: "failed", reason: `the source's settings have no "tasks": ${setUpPage}` }
        : putTask(api, tasks, task, context),
    ...(writeFields === undefined
      ? {}
      : { putFields: (writes, context) => putFields(api, writeFields, writes, context) }),
  };
}
