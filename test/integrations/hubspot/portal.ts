/** What a HubSpot account holds, as far as its fake needs it. */

export interface Thing {
  readonly id: string;
  properties: Record<string, string | null>;
  createdAt: string;
  updatedAt: string;
  archivedAt: string | null;
}

interface Link {
  toObjectId: string;
  readonly associationTypes: { category: string; typeId: number; label: string | null }[];
}

export interface Portal {
  /** HubSpot's own clock. */
  clock: Date;
  readonly things: Map<string, Map<string, Thing>>;
  readonly owners: { id: string; email: string; firstName: string; lastName: string }[];
  readonly pipelines: Record<"deals" | "tickets", unknown[]>;
  /** By `contacts>companies` and the id of the one it starts from. */
  readonly links: Map<string, Map<string, Link[]>>;
  /** Properties that were made, by object; those with unique values are true. */
  readonly properties: Map<string, Map<string, boolean>>;
  /** The rules of its administrators: what is wrong with values, or null. */
  rule: (object: string, properties: Record<string, string | null>) => string | null;
  /** Scopes it was not granted, by object. */
  readonly missingScopes: Map<string, string>;
  /** Ids that lead to what they were merged into. */
  readonly mergedInto: Map<string, string>;
  /** What search does not know yet. */
  readonly notIndexed: Set<string>;
  /** Search gives what it found in any order within a page. */
  isShuffled: boolean;
}

const objects = ["companies", "contacts", "deals", "tickets", "feedback_submissions", "tasks"];

/** An account without anything in it, but for the pipelines that HubSpot comes with. */
export function emptyPortal(clock: Date): Portal {
  const stage = (id: string, metadata: object) => ({ id, label: `Stage ${id}`, metadata });
  return {
    clock,
    things: new Map(objects.map((object) => [object, new Map()])),
    owners: [],
    pipelines: {
      deals: [
        {
          id: "default",
          stages: [
            stage("qualified", { isClosed: "false", probability: "0.4" }),
            stage("closedwon", { isClosed: "true", probability: "1.0" }),
            stage("closedlost", { isClosed: "true", probability: "0.0" }),
          ],
        },
      ],
      tickets: [
        {
          id: "0",
          stages: ["1", "2", "3", "4"].map((id) => stage(id, { ticketState: id === "4" ? "CLOSED" : "OPEN" })),
        },
      ],
    },
    links: new Map(),
    properties: new Map(objects.map((object) => [object, new Map()])),
    rule: () => null,
    missingScopes: new Map(),
    mergedInto: new Map(),
    notIndexed: new Set(),
    isShuffled: false,
  };
}

/** Makes or changes a thing, at the portal's time unless another is given. */
export function put(
  portal: Portal,
  object: string,
  id: string,
  properties: Record<string, string | null>,
  at: string = portal.clock.toISOString(),
): Thing {
  const known = thingsOf(portal, object).get(id);
  const thing: Thing = {
    id,
    properties: { ...known?.properties, ...properties },
    createdAt: known?.createdAt ?? at,
    updatedAt: at,
    archivedAt: null,
  };
  thingsOf(portal, object).set(id, thing);
  return thing;
}

export function archive(portal: Portal, object: string, id: string, at: string): void {
  const thing = thingsOf(portal, object).get(id);
  if (thing === undefined) throw new Error(`there is no ${object} ${id}`);
  thing.archivedAt = at;
}

/** Brings back what was deleted; that changes it. */
export function restore(portal: Portal, object: string, id: string, at: string): void {
  const thing = thingsOf(portal, object).get(id);
  if (thing !== undefined && thing.archivedAt !== null) put(portal, object, id, {}, at);
}

/** The first one vanishes, without a trace but for the property of the second one. */
export function merge(portal: Portal, object: string, from: string, into: string, at: string): void {
  thingsOf(portal, object).delete(from);
  const before = thingsOf(portal, object).get(into)?.properties["hs_merged_object_ids"];
  put(portal, object, into, { hs_merged_object_ids: [before, from].filter(Boolean).join(";") }, at);
  portal.mergedInto.set(from, into);
  for (const links of portal.links.values()) {
    for (const each of [...links.values()].flat()) if (each.toObjectId === from) each.toObjectId = into;
  }
}

/** Links two things; the primary one of several is named so. */
export function link(
  portal: Portal,
  from: string,
  id: string,
  to: string,
  toObjectId: string,
  isPrimary = false,
): void {
  const links = portal.links.get(`${from}>${to}`) ?? new Map<string, Link[]>();
  const types = [{ category: "HUBSPOT_DEFINED", typeId: 341, label: null }];
  const primary = isPrimary ? [{ category: "HUBSPOT_DEFINED", typeId: 5, label: "Primary" }] : [];
  const others = (links.get(id) ?? []).filter((each) => each.toObjectId !== toObjectId);
  links.set(id, [...others, { toObjectId, associationTypes: [...types, ...primary] }]);
  portal.links.set(`${from}>${to}`, links);
}

export function thingsOf(portal: Portal, object: string): Map<string, Thing> {
  const things = portal.things.get(object);
  if (things === undefined) throw new Error(`HubSpot has no ${object}`);
  return things;
}
