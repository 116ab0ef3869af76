import { z } from "zod";
import type { PullContext } from "../source-port.ts";
import type { HubSpotApi } from "./api.ts";
import { placesOf } from "./links.ts";
import { crmObject, idsOf, type ObjectName } from "./objects.ts";
import { readStages } from "./pipelines.ts";

/** A thing of HubSpot's with what it does not say of itself: whose it is, and what its stage means. */
export const rawThing = z.looseObject({
  thing: crmObject,
  company: z.string().nullable(),
  contact: z.string().nullable(),
  stage: z.strictObject({ isClosed: z.boolean(), isWon: z.boolean() }).nullable(),
});
export type RawThing = z.infer<typeof rawThing>;

/** Puts beside each thing what mapping needs to know of it; asks HubSpot for nothing where nothing is needed. */
export async function withSurroundings(
  api: HubSpotApi,
  object: ObjectName,
  things: readonly unknown[],
  context: PullContext,
): Promise<readonly unknown[]> {
  if (things.length === 0) return [];
  const isPlaced = object !== "companies" && object !== "tasks";
  const places = isPlaced ? await placesOf(api, object, idsOf(things), context) : null;
  const stageOf = object === "deals" || object === "tickets" ? await readStages(api, object, context) : null;
  return things.map((thing) => {
    const known = crmObject.safeParse(thing);
    const place = known.success ? places?.get(known.data.id) : undefined;
    const { company = null, contact = null } = place ?? {};
    const stage = known.success && stageOf !== null ? stageOf(...stageIds(object, known.data.properties)) : null;
    return { thing, company, contact, stage };
  });
}

function stageIds(
  object: ObjectName,
  properties: Readonly<Record<string, string | null>>,
): readonly [string | null, string | null] {
  const [pipeline, stage] = object === "deals" ? ["pipeline", "dealstage"] : ["hs_pipeline", "hs_pipeline_stage"];
  return [properties[pipeline] ?? null, properties[stage] ?? null];
}
