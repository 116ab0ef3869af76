import type { Sink } from "../sink-port.ts";
import type { HubSpotApi } from "./api.ts";
import { putField, putFields } from "./field-writes.ts";
import type { HubSpotSettings } from "./settings.ts";
import { putTask } from "./task-writes.ts";
import { setUpPage } from "./write-faults.ts";

/** As many companies as HubSpot changes at once. */
const companiesAtOnce = 100;

/** What goes back to HubSpot: tasks by our key where the settings name them, and fields of companies. */
export function openSink(api: HubSpotApi, { tasks, writeFields }: HubSpotSettings): Sink {
  return {
    fieldsAtOnce: companiesAtOnce,
    putTask: async (task, context) =>
      tasks === undefined
        ? { kind: "failed", reason: `the source's settings have no "tasks": ${setUpPage}` }
        : putTask(api, tasks, task, context),
    putField: (write, context) => putField(api, write, context),
    ...(writeFields === undefined
      ? {}
      : { putFields: (writes, context) => putFields(api, writeFields, writes, context) }),
  };
}
