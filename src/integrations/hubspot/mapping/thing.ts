import { z } from "zod";
import type { MapContext, Mapped } from "../../mapped-port.ts";
import { labelOf } from "../../record-values.ts";
import { crmObject, kindOf, type ObjectName } from "../objects.ts";
import type { HubSpotSettings } from "../settings.ts";
import { rawThing } from "../surroundings.ts";
import { mapCompany } from "./company.ts";
import { mapContact } from "./contact.ts";
import { mapDeal } from "./deal.ts";
import { mapFeedback } from "./feedback.ts";
import { moment } from "./reading.ts";
import { mapTask } from "./task.ts";
import { mapTicket } from "./ticket.ts";

/** What a thing of a sort means. */
export function mapThing(object: ObjectName, raw: unknown, settings: HubSpotSettings, context: MapContext): Mapped {
  const known = rawThing.safeParse(raw);
  if (!known.success) return { skipped: `one of the ${object} is not as HubSpot describes it` };
  switch (object) {
    case "companies":
      return mapCompany(known.data.thing, settings, context);
    case "contacts":
      return mapContact(known.data);
    case "deals":
      return mapDeal(known.data, settings, context);
    case "tickets":
      return mapTicket(known.data, settings);
    case "feedback_submissions":
      return mapFeedback(known.data, settings);
    case "tasks":
      return mapTask(known.data.thing, settings);
    default:
      return object satisfies never;
  }
}

/** A thing of the list of what was deleted. */
export function mapArchived(object: ObjectName, raw: unknown): Mapped {
  const known = crmObject.safeParse(raw);
  const kind = kindOf[object];
  const at = known.success ? (moment(known.data.archivedAt) ?? moment(known.data.updatedAt)) : null;
  if (!known.success || kind === null || at === null)
    return { skipped: `one of the deleted ${object} has no id or time` };
  return { deleted: [{ kind, id: known.data.id, at }] };
}

const ownerSchema = z.looseObject({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  email: z.string().nullish(),
  firstName: z.string().nullish(),
  lastName: z.string().nullish(),
});

/** A user who may own companies. */
export function mapOwner(raw: unknown): Mapped {
  const known = ownerSchema.safeParse(raw);
  if (!known.success) return { skipped: "an owner is not as HubSpot describes it" };
  const { id, email, firstName, lastName } = known.data;
  const name = labelOf([firstName, lastName].filter((part) => part != null).join(" "));
  return { owners: [{ externalId: id, email: labelOf(email), name }] };
}
