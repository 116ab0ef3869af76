import { z } from "zod";
import { SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { PullContext, SourceCheck } from "../source-port.ts";
import type { HubSpotApi } from "./api.ts";
import { isObjectName } from "./objects.ts";
import { type HubSpotSettings, writtenProperties } from "./settings.ts";

const propertySchema = z.looseObject({ hasUniqueValue: z.boolean().catch(false) });

/** Asks for one of everything that is pulled, and for the properties that are written. */
export async function checkHubSpot(
  api: HubSpotApi,
  settings: HubSpotSettings,
  streams: readonly string[],
  context: PullContext,
): Promise<SourceCheck> {
  const objects = streams.filter(isObjectName);
  const found: Finding[] = [await tryIt(() => context.call(api.owners({ limit: "1" })))];
  for (const object of objects) found.push(await tryIt(() => context.call(api.list(object, { limit: "1" }))));
  if (settings.tasks !== undefined) found.push(await checkKey(api, settings.tasks.keyProperty, context));
  for (const name of writtenProperties(settings)) {
    found.push(await tryIt(() => context.call(api.property("companies", name)), `the company property "${name}"`));
  }
  const missing = [...new Set(found.flatMap((each) => each.missing))];
  const faults = [...new Set(found.flatMap((each) => each.faults))];
  if (missing.length === 0 && faults.length === 0) {
    return { ok: true, detail: `owners, ${objects.join(", ")} can be read`, missing };
  }
  return { ok: false, detail: faults.length === 0 ? "scopes are missing" : faults.join("; "), missing };
}

interface Finding {
  readonly missing: readonly string[];
  readonly faults: readonly string[];
}

const nothing: Finding = { missing: [], faults: [] };

async function checkKey(api: HubSpotApi, name: string, context: PullContext): Promise<Finding> {
  const what = `the task property "${name}"`;
  return tryIt(async () => {
    const { hasUniqueValue } = readAnswer(await context.call(api.property("tasks", name)), propertySchema);
    return hasUniqueValue ? undefined : `${what} must have unique values`;
  }, what);
}

async function tryIt(attempt: () => Promise<unknown>, what?: string): Promise<Finding> {
  try {
    const fault = await attempt();
    return typeof fault === "string" ? { missing: [], faults: [fault] } : nothing;
  } catch (error) {
    if (!(error instanceof SourceHalt)) throw error;
    const { verdict } = error;
    if (verdict.kind === "forbidden" && verdict.missing !== null) {
      return { missing: verdict.missing.split(", "), faults: [] };
    }
    return { missing: [], faults: [what === undefined ? verdict.reason : `${what}: ${verdict.reason}`] };
  }
}
