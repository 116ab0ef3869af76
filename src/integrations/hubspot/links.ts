import { z } from "zod";
import { readAnswer } from "../read-answer.ts";
import type { PullContext } from "../source-port.ts";
import type { HubSpotApi } from "./api.ts";
import type { ObjectName } from "./objects.ts";

/** Whose a thing is, by HubSpot's ids. */
export interface Place {
  readonly company: string | null;
  readonly contact: string | null;
}

const nowhere: Place = { company: null, contact: null };
/** HubSpot takes up to a thousand. */
const idsAtOnce = 500;
/** HubSpot's numbers for the primary company of a contact, a deal and a ticket. */
const primaryTypes: ReadonlySet<number> = new Set([1, 5, 26]);

const linksSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      from: z.looseObject({ id: z.coerce.string() }),
      to: z.array(
        z.looseObject({
          toObjectId: z.coerce.string(),
          associationTypes: z.array(z.looseObject({ typeId: z.number(), label: z.string().nullish() })).default([]),
        }),
      ),
    }),
  ),
});
type Links = z.infer<typeof linksSchema>["results"][number]["to"];

/**
 * Which company each thing belongs to: the one it is linked to itself, else that of its contact. A survey response is linked to its contact
 * only.
 */
export async function placesOf(
  api: HubSpotApi,
  object: ObjectName,
  ids: readonly string[],
  context: PullContext,
): Promise<ReadonlyMap<string, Place>> {
  const direct =
    object === "feedback_submissions"
      ? new Map<string, string>()
      : await linked(api, object, "companies", ids, context);
  const others = object === "contacts" ? [] : ids.filter((id) => !direct.has(id));
  const contacts = await linked(api, object, "contacts", others, context);
  const ofContacts = await linked(api, "contacts", "companies", [...new Set(contacts.values())], context);
  return new Map(
    ids.map((id) => {
      const contact = contacts.get(id) ?? null;
      const company = direct.get(id) ?? (contact === null ? undefined : ofContacts.get(contact)) ?? null;
      return [id, company === null && contact === null ? nowhere : { company, contact }];
    }),
  );
}

/** The one thing of another sort that each is linked to; what is linked to none is left out. */
async function linked(
  api: HubSpotApi,
  from: string,
  to: string,
  ids: readonly string[],
  context: PullContext,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let first = 0; first < ids.length; first += idsAtOnce) {
    const inputs = ids.slice(first, first + idsAtOnce).map((id) => ({ id }));
    // Things without a link come as errors of a 207, beside the results.
    const { results } = readAnswer(await context.call(api.links(from, to, "read", { inputs })), linksSchema);
    for (const each of results) {
      const chosen = chosenOf(each.to);
      if (chosen !== null) found.set(each.from.id, chosen);
    }
  }
  return found;
}

/** The primary one; without it the oldest, so that it is always the same. */
function chosenOf(links: Links): string | null {
  const primary = links.filter(({ associationTypes }) =>
    associationTypes.some(({ typeId, label }) => primaryTypes.has(typeId) || label === "Primary"),
  );
  const [first] = (primary.length > 0 ? primary : links)
    .map(({ toObjectId }) => toObjectId)
    .sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
  return first ?? null;
}
