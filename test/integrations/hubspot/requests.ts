import { z } from "zod";
import { type Portal, put, type Thing, thingsOf } from "./portal.ts";

/** An answer of HubSpot's. */
export interface Said {
  readonly status: number;
  readonly body: unknown;
}

const filter = z.strictObject({
  propertyName: z.string(),
  operator: z.enum(["GTE", "GT", "HAS_PROPERTY"]),
  value: z.string().optional(),
});
const searchSchema = z.strictObject({
  filterGroups: z.array(z.strictObject({ filters: z.array(filter).max(10) })).max(5),
  sorts: z.array(z.strictObject({ propertyName: z.string(), direction: z.enum(["ASCENDING", "DESCENDING"]) })),
  properties: z.array(z.string()),
  limit: z.int().min(1).max(200),
  after: z.string(),
});
const mostResults = 10_000;

/** Finds things as HubSpot's search does: one rule of order, 10,000 results and no more, and only what was asked for of each. */
export function search(portal: Portal, object: string, body: unknown): Said {
  const parsed = searchSchema.safeParse(body);
  if (!parsed.success) return invalid(`Invalid input JSON: ${parsed.error.issues[0]?.message}`);
  const { filterGroups, sorts, properties, limit, after } = parsed.data;
  if (sorts.length > 1) return invalid("sorts can contain at most 1 entry");
  const from = Number(after);
  if (from + limit > mostResults) return invalid("The total number of results is limited to 10000");
  const [sort] = sorts;
  const found = [...thingsOf(portal, object).values()]
    .filter((thing) => thing.archivedAt === null && !portal.notIndexed.has(thing.id))
    .filter((thing) => filterGroups.every(({ filters }) => filters.every((each) => matches(object, thing, each))))
    .sort((one, other) => numberOf(object, one, sort?.propertyName) - numberOf(object, other, sort?.propertyName));
  const page = found.slice(from, from + limit);
  const isLast = from + limit >= found.length;
  return {
    status: 200,
    body: {
      total: found.length,
      results: (portal.isShuffled ? page.reverse() : page).map((thing) => shown(object, thing, properties)),
      ...(isLast ? {} : { paging: { next: { after: String(from + limit), link: "" } } }),
    },
  };
}

function matches(object: string, thing: Thing, { propertyName, operator, value }: z.infer<typeof filter>): boolean {
  const has = thing.properties[propertyName];
  if (operator === "HAS_PROPERTY") return has !== null && has !== undefined;
  const number = numberOf(object, thing, propertyName);
  return operator === "GT" ? number > Number(value) : number >= Number(value);
}

function numberOf(object: string, thing: Thing, property = "hs_object_id"): number {
  if (property === "hs_object_id") return Number(thing.id);
  const modified = object === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
  if (property === modified) return Date.parse(thing.updatedAt);
  throw new Error(`the fake does not sort or filter ${object} by ${property}`);
}

function shown(object: string, thing: Thing, properties: readonly string[]) {
  const { id, createdAt, updatedAt, archivedAt } = thing;
  const own = properties.map((name) => [name, thing.properties[name] ?? null]);
  const modified = object === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
  return {
    id,
    properties: { ...Object.fromEntries(own), createdate: createdAt, [modified]: updatedAt, hs_object_id: id },
    createdAt,
    updatedAt,
    archived: archivedAt !== null,
    ...(archivedAt === null ? {} : { archivedAt }),
  };
}

/** A list in the order of ids, a page of it. */
export function list(portal: Portal, object: string, query: URLSearchParams): Said {
  const isArchived = query.get("archived") === "true";
  const all = [...thingsOf(portal, object).values()].filter(({ archivedAt }) => (archivedAt !== null) === isArchived);
  const sorted = all.sort((one, other) => Number(one.id) - Number(other.id));
  return paged(
    sorted.map((thing) => ({ ...shown(object, thing, []) })),
    query,
  );
}

export function paged(all: readonly { readonly id: string }[], query: URLSearchParams): Said {
  const limit = Number(query.get("limit") ?? "10");
  if (limit > 100) return invalid("limit must be at most 100");
  const from = query.get("after");
  const rest = from === null ? all : all.filter(({ id }) => Number(id) >= Number(from));
  const next = rest[limit]?.id;
  return {
    status: 200,
    body: { results: rest.slice(0, limit), ...(next === undefined ? {} : { paging: { next: { after: next } } }) },
  };
}

const inputsSchema = z.looseObject({
  inputs: z.array(
    z.looseObject({
      id: z.string(),
      idProperty: z.string().optional(),
      properties: z.record(z.string(), z.string().nullable()).default({}),
    }),
  ),
  properties: z.array(z.string()).default([]),
});

/** Reads, changes or makes several things at once. */
export function batch(portal: Portal, object: string, verb: string, body: unknown): Said {
  const parsed = inputsSchema.safeParse(body);
  if (!parsed.success || parsed.data.inputs.length > 100) return invalid("inputs must be a list of at most 100");
  const { inputs, properties } = parsed.data;
  if (verb === "read") return read(portal, object, inputs, properties);
  const fault = inputs.map((each) => faultOf(portal, object, each.properties)).find((each) => each !== null);
  if (fault !== undefined) return fault;
  return verb === "upsert" ? upsert(portal, object, inputs) : update(portal, object, inputs);
}

type Inputs = z.infer<typeof inputsSchema>["inputs"];

function read(portal: Portal, object: string, inputs: Inputs, properties: readonly string[]): Said {
  const found = inputs.flatMap(({ id }) => {
    const thing = thingsOf(portal, object).get(portal.mergedInto.get(id) ?? id);
    return thing === undefined || thing.archivedAt !== null ? [] : [shown(object, thing, properties)];
  });
  const missing = inputs.filter(({ id }) => !found.some((each) => each.id === (portal.mergedInto.get(id) ?? id)));
  return parts([...new Map(found.map((each) => [each.id, each])).values()], missing);
}

function update(portal: Portal, object: string, inputs: Inputs): Said {
  const known = inputs.filter(({ id }) => thingsOf(portal, object).has(id));
  const results = known.map(({ id, properties }) => shown(object, put(portal, object, id, properties), []));
  return parts(
    results,
    inputs.filter((each) => !known.includes(each)),
  );
}

function upsert(portal: Portal, object: string, inputs: Inputs): Said {
  const results: unknown[] = [];
  for (const { id: key, idProperty = "", properties } of inputs) {
    if (portal.properties.get(object)?.get(idProperty) !== true) {
      return invalid(`Unable to perform update/upsert by non-unique 0-27 property ${idProperty} in portal ID 1`);
    }
    const things = thingsOf(portal, object);
    const known = [...things.values()].find((thing) => thing.properties[idProperty] === key);
    const id = known?.id ?? String(9_000 + things.size);
    const thing = put(portal, object, id, { hs_task_status: "NOT_STARTED", ...known?.properties, ...properties });
    results.push({ ...shown(object, thing, []), new: known === undefined });
  }
  return { status: 200, body: { status: "COMPLETE", results } };
}

/** 207 where some were not found. */
function parts(results: readonly unknown[], missing: Inputs): Said {
  if (missing.length === 0) return { status: 200, body: { status: "COMPLETE", results } };
  const errors = missing.map(({ id }) => ({
    status: "error",
    category: "OBJECT_NOT_FOUND",
    message: "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
    context: { ids: [id] },
  }));
  return { status: 207, body: { status: "COMPLETE", results, numErrors: errors.length, errors } };
}

/** What HubSpot says of properties it does not have, and of values that a rule refuses. */
function faultOf(portal: Portal, object: string, properties: Record<string, string | null>): Said | null {
  const unknown = Object.keys(properties).filter((name) => !name.startsWith("hs_") && !isKnown(portal, object, name));
  const [name] = unknown;
  if (name !== undefined) {
    const message = `Property "${name}" does not exist`;
    const faults = [{ isValid: false, message, error: "PROPERTY_DOESNT_EXIST", name, portalId: 1 }];
    return invalid(`Property values were not valid: ${JSON.stringify(faults)}`);
  }
  const refusal = portal.rule(object, properties);
  return refusal === null ? null : invalid(refusal);
}

function isKnown(portal: Portal, object: string, name: string): boolean {
  return name === "hubspot_owner_id" || portal.properties.get(object)?.has(name) === true;
}

export function invalid(message: string): Said {
  const correlationId = "00000000-0000-4000-8000-000000000000";
  return { status: 400, body: { status: "error", message, correlationId, category: "VALIDATION_ERROR" } };
}
