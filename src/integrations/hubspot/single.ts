import { z } from "zod";
import { SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { FetchedPage, PullContext } from "../source-port.ts";
import type { HubSpotApi } from "./api.ts";
import { crmObject, idsOf, mergedInto, type ObjectName, propertiesOf } from "./objects.ts";
import type { HubSpotSettings } from "./settings.ts";
import { withSurroundings } from "./surroundings.ts";

/** HubSpot reads as many at once. */
const idsAtOnce = 100;

const readSchema = z.looseObject({
  results: z.array(z.unknown()),
  errors: z.array(z.looseObject({ category: z.string().nullish(), message: z.string().catch("") })).catch([]),
});

/** Single things as they are now. What HubSpot does not give back is gone there, unless it lives on in what it was merged into. */
export async function fetchThings(
  { api, settings }: { readonly api: HubSpotApi; readonly settings: HubSpotSettings },
  object: ObjectName,
  ids: readonly string[],
  context: PullContext,
): Promise<FetchedPage> {
  const things: unknown[] = [];
  for (let first = 0; first < ids.length; first += idsAtOnce) {
    const inputs = ids.slice(first, first + idsAtOnce).map((id) => ({ id }));
    const body = { inputs, properties: propertiesOf(object, settings), propertiesWithHistory: [] };
    const { results, errors } = readAnswer(await context.call(api.batch(object, "read", body)), readSchema);
    const strange = errors.find(({ category }) => category !== "OBJECT_NOT_FOUND");
    if (strange !== undefined) {
      throw new SourceHalt({
        kind: "retry",
        scope: "call",
        afterMs: null,
        reason: "HubSpot could not read all of them",
      });
    }
    things.push(...results);
  }
  const alive = new Set([...idsOf(things), ...things.flatMap(mergedIds)]);
  return {
    raw: await withSurroundings(api, object, things, context),
    deleted: ids.filter((id) => !alive.has(id)),
  };
}

function mergedIds(thing: unknown): readonly string[] {
  const known = crmObject.safeParse(thing);
  return known.success ? mergedInto(known.data) : [];
}
