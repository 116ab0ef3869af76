import fc from "fast-check";
import type { Db } from "../../../src/store/db.ts";
import { readTables, type VendorTruth } from "../source-tables.ts";
import { archive, emptyPortal, link, merge, type Portal, put, restore, type Thing, thingsOf } from "./portal.ts";

const companies = ["11", "12", "13", "14", "15", "16"] as const;
/** Something that happens in HubSpot. */
export const deed = fc.record({
  do: fc.constantFrom(
    ...(["name", "name", "ticket", "ticket", "ticket"] as const),
    ...(["archive", "restore", "merge", "archive-ticket", "restore-ticket"] as const),
  ),
  company: fc.constantFrom(...companies),
  into: fc.constantFrom(...companies),
  ticket: fc.integer({ min: 41, max: 46 }).map(String),
  name: fc.stringMatching(/^[a-z]{1,8}$/),
  isClosed: fc.boolean(),
});
export type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never;

/** A portal with companies in it. */
export function portalWithCompanies(begin: Date): Portal {
  const portal = emptyPortal(begin);
  for (const id of companies) put(portal, "companies", id, { name: `company ${id}` });
  return portal;
}

/** What HubSpot's webhooks say of a deed. */
export type Event = Readonly<Record<string, unknown>>;

/** Each deed takes a minute; what cannot be done is left. Answers what HubSpot's webhooks say of it. */
export function happen(portal: Portal, given: Deed): Event | null {
  portal.clock = new Date(portal.clock.getTime() + 60_000);
  const said = deeds[given.do](portal, given, portal.clock.toISOString());
  return said === null
    ? null
    : { portalId: 1, eventId: 7, subscriptionId: 2, occurredAt: portal.clock.getTime(), ...said };
}

const deeds: Readonly<Record<Deed["do"], (portal: Portal, given: Deed, at: string) => Event | null>> = {
  name: (portal, { company, name }) => {
    if (isGone(portal, "companies", company)) return null;
    put(portal, "companies", company, { name });
    return { subscriptionType: "company.propertyChange", objectId: Number(company), propertyName: "name" };
  },
  ticket: changeTicket,
  archive: (portal, { company }, at) => {
    if (!isAlive(portal, "companies", company)) return null;
    archive(portal, "companies", company, at);
    return { subscriptionType: "company.deletion", objectId: Number(company) };
  },
  restore: (portal, { company }, at) => {
    if (!isArchived(portal, "companies", company)) return null;
    restore(portal, "companies", company, at);
    return { subscriptionType: "company.restore", objectId: Number(company) };
  },
  merge: (portal, { company, into }, at) => {
    const isPossible = company !== into && isAlive(portal, "companies", company) && isAlive(portal, "companies", into);
    if (!isPossible) return null;
    merge(portal, "companies", company, into, at);
    const ids = { primaryObjectId: Number(into), mergedObjectIds: [Number(company)], newObjectId: Number(into) };
    return { subscriptionType: "company.merge", ...ids };
  },
  "archive-ticket": (portal, { ticket }, at) => {
    if (!isAlive(portal, "tickets", ticket)) return null;
    archive(portal, "tickets", ticket, at);
    return { subscriptionType: "object.deletion", objectTypeId: "0-5", objectId: Number(ticket) };
  },
  "restore-ticket": (portal, { ticket }, at) => {
    if (!isArchived(portal, "tickets", ticket)) return null;
    restore(portal, "tickets", ticket, at);
    return { subscriptionType: "object.restore", objectTypeId: "0-5", objectId: Number(ticket) };
  },
};

function changeTicket(portal: Portal, given: Deed): Event | null {
  if (isGone(portal, "tickets", given.ticket) || !isAlive(portal, "companies", given.company)) return null;
  // Its company is chosen once, with its first change.
  if (!isAlive(portal, "tickets", given.ticket))
    link(portal, "tickets", given.ticket, "companies", given.company, true);
  const closed_date = given.isClosed ? portal.clock.toISOString() : null;
  const hs_pipeline_stage = given.isClosed ? "4" : "1";
  put(portal, "tickets", given.ticket, { hs_pipeline: "0", hs_pipeline_stage, closed_date });
  return {
    subscriptionType: "ticket.propertyChange",
    objectId: Number(given.ticket),
    propertyName: "hs_pipeline_stage",
  };
}

function thingOf(portal: Portal, object: string, id: string): Thing | undefined {
  return thingsOf(portal, object).get(id);
}

function isAlive(portal: Portal, object: string, id: string): boolean {
  return thingOf(portal, object, id)?.archivedAt === null;
}

function isArchived(portal: Portal, object: string, id: string): boolean {
  return (thingOf(portal, object, id)?.archivedAt ?? null) !== null;
}

/** Deleted, or merged into another one. */
function isGone(portal: Portal, object: string, id: string): boolean {
  return portal.mergedInto.has(id) || isArchived(portal, object, id);
}

/** Names of companies and states of tickets as our tables have them; tickets of companies that are gone are left out. */
export async function tablesOf(db: Db, portal: Portal): Promise<VendorTruth["records"]> {
  const { records } = await readTables(db, "crm");
  const accounts = Object.entries(records.account ?? {}).map(([id, { name }]) => [id, { name }]);
  const tickets = Object.entries(records.ticket ?? {})
    .filter(([id]) => isAlive(portal, "companies", companyOf(portal, id)))
    .map(([id, { status }]) => [id, { status }]);
  return { account: Object.fromEntries(accounts), ticket: Object.fromEntries(tickets) };
}

/** The same as HubSpot has them. */
export function truthOf(portal: Portal): VendorTruth["records"] {
  const alive = (object: string) => [...thingsOf(portal, object)].filter(([id]) => isAlive(portal, object, id));
  const accounts = alive("companies").map(([id, { properties }]) => [id, { name: properties["name"]?.trim() }]);
  const tickets = alive("tickets")
    .filter(([id]) => isAlive(portal, "companies", companyOf(portal, id)))
    .map(([id, { properties }]) => [id, { status: properties["hs_pipeline_stage"] === "4" ? "closed" : "new" }]);
  return { account: Object.fromEntries(accounts), ticket: Object.fromEntries(tickets) };
}

/** Whose a ticket is, also after its company was merged. */
function companyOf(portal: Portal, id: string): string {
  const [first] = portal.links.get("tickets>companies")?.get(id) ?? [];
  return first?.toObjectId ?? "";
}
