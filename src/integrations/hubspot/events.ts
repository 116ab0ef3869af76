import { z } from "zod";
import type { HookReading } from "../hook-port.ts";
import type { AccountMerge, Deletion } from "../mapped-port.ts";
import { kindOf, type ObjectName } from "./objects.ts";

/** The names in events of the older format, and HubSpot's numbers in those of the newer one. */
const objects: ReadonlyMap<string, ObjectName> = new Map([
  ...(["company", "0-2"] as const).map((name) => [name, "companies"] as const),
  ...(["contact", "0-1"] as const).map((name) => [name, "contacts"] as const),
  ...(["deal", "0-3"] as const).map((name) => [name, "deals"] as const),
  ...(["ticket", "0-5"] as const).map((name) => [name, "tickets"] as const),
  ...(["feedback_submission", "0-19"] as const).map((name) => [name, "feedback_submissions"] as const),
  ...(["task", "0-27"] as const).map((name) => [name, "tasks"] as const),
]);

const id = z.union([z.string().min(1), z.number()]).transform(String);

const eventSchema = z.looseObject({
  subscriptionType: z.string(),
  /** In events of the newer format, whose types begin with "object.". */
  objectTypeId: id.optional(),
  occurredAt: z.number().optional(),
  objectId: id.optional(),
  propertyName: z.string().optional(),
  primaryObjectId: id.optional(),
  newObjectId: id.optional(),
  mergedObjectIds: z.array(id).optional(),
  associationType: z.string().optional(),
  fromObjectTypeId: id.optional(),
  toObjectTypeId: id.optional(),
  fromObjectId: id.optional(),
  toObjectId: id.optional(),
});
type Event = z.infer<typeof eventSchema>;

/**
 * What an event means. Events come in any order and more than once, so most are a reason to look; what was deleted or merged cannot be
 * looked at and is taken at the event's own time.
 */
export function readEvent(body: string, written: readonly string[], streams: readonly string[]): HookReading {
  const parsed = eventSchema.safeParse(JSON.parse(body));
  if (!parsed.success) return { ignored: "not an event as HubSpot describes it" };
  const reading = readKnown(parsed.data, written);
  const { refetch } = reading;
  if (refetch === undefined) return reading;
  const followed = refetch.filter(({ stream }) => streams.includes(stream));
  if (followed.length > 0) return { ...reading, refetch: followed };
  const { refetch: _, ...rest } = reading;
  return rest.mapped === undefined ? { ignored: `${refetch[0]?.stream ?? "it"} is not pulled` } : rest;
}

function readKnown(event: Event, written: readonly string[]): HookReading {
  const { subscriptionType, objectTypeId, objectId, propertyName } = event;
  const [name = "", happened = ""] = subscriptionType.split(".");
  if (happened === "associationChange") return readLinkChange(event);
  const object = objects.get(name === "object" ? (objectTypeId ?? "") : name);
  if (object === undefined) return { ignored: `nothing is known of ${subscriptionType}` };
  if (happened === "merge") return readMerge(object, event);
  if (objectId === undefined) return { ignored: "the event names nothing" };
  switch (happened) {
    case "propertyChange":
      if (object === "companies" && propertyName !== undefined && written.includes(propertyName)) {
        return { ignored: "we wrote it ourselves" };
      }
      return { refetch: [{ stream: object, id: objectId }] };
    case "creation":
    case "restore":
      return { refetch: [{ stream: object, id: objectId }] };
    case "deletion":
    case "privacyDeletion":
      return readDeletion(object, [objectId], event);
    default:
      return { ignored: `nothing is known of ${subscriptionType}` };
  }
}

function readDeletion(object: ObjectName, ids: readonly string[], event: Event): HookReading {
  const at = timeOf(event);
  if (at === null) return { ignored: "the event has no time" };
  return { mapped: { deleted: deletionsOf(object, ids, at) } };
}

/** What was merged is gone; what came of it is looked at. Of companies the merge itself is told. */
function readMerge(object: ObjectName, event: Event): HookReading {
  const { primaryObjectId, newObjectId, mergedObjectIds = [], objectId } = event;
  const into = newObjectId ?? primaryObjectId ?? objectId;
  const at = timeOf(event);
  if (into === undefined || at === null) return { ignored: "the merge names nothing, or has no time" };
  const all = primaryObjectId === undefined ? mergedObjectIds : [...mergedObjectIds, primaryObjectId];
  const gone = [...new Set(all)].filter((each) => each !== into);
  const refetch = [{ stream: object, id: into }];
  if (object !== "companies") return { mapped: { deleted: deletionsOf(object, gone, at) }, refetch };
  const merged: AccountMerge[] = gone.map((from) => ({ from, into, at }));
  return { mapped: { merged }, refetch };
}

/** Whose a thing is may have changed: the one that belongs to the other is looked at. */
function readLinkChange(event: Event): HookReading {
  const [fromName, toName] = (event.associationType ?? "").toLowerCase().split("_to_");
  const from = objects.get(event.fromObjectTypeId ?? fromName ?? "");
  const to = objects.get(event.toObjectTypeId ?? toName ?? "");
  const { fromObjectId, toObjectId } = event;
  if (from === undefined || to === undefined || fromObjectId === undefined || toObjectId === undefined) {
    return { ignored: "nothing is known of what is linked" };
  }
  if (depth[from] === depth[to]) return { ignored: `${from} are not told by ${to}` };
  return depth[from] > depth[to]
    ? { refetch: [{ stream: from, id: fromObjectId }] }
    : { refetch: [{ stream: to, id: toObjectId }] };
}

/** How far a thing is from the company it belongs to. */
const depth: Readonly<Record<ObjectName, number>> = {
  companies: 0,
  contacts: 1,
  deals: 2,
  tickets: 2,
  feedback_submissions: 2,
  tasks: 2,
};

function deletionsOf(object: ObjectName, ids: readonly string[], at: string): Deletion[] {
  const kind = kindOf[object];
  return kind === null ? [] : ids.map((each) => ({ kind, id: each, at }));
}

function timeOf({ occurredAt }: Event): string | null {
  const at = new Date(occurredAt ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
