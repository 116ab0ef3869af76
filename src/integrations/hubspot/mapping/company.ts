import type { FieldsOf } from "../../../scoring/records.ts";
import type { MapContext, Mapped } from "../../mapped-port.ts";
import { labelOf, textOf } from "../../record-values.ts";
import { type CrmObject, mergedInto } from "../objects.ts";
import { type AccountField, accountFieldsOf, type HubSpotSettings } from "../settings.ts";
import { day, inOrder, timesOf } from "./reading.ts";

/** A company is an account of ours; the companies merged into it are told with it. */
export function mapCompany(company: CrmObject, settings: HubSpotSettings, context: MapContext): Mapped {
  const { id, properties } = company;
  const { onlyCompanies } = settings;
  if (onlyCompanies !== undefined && !onlyCompanies.in.includes(properties[onlyCompanies.property] ?? "")) return {};
  const times = timesOf(company);
  if (times === null) return { skipped: `company ${id} has no time of its last change` };
  const domains = domainsOf(company);
  const name = labelOf(properties["name"]) ?? domains[0] ?? null;
  const before = name === null ? [] : [{ at: times.from, set: { name } }];
  const set = { ...(name === null ? {} : { name }), ...fieldsOf(company, settings, context) };
  const { accountKeyProperty } = settings;
  const ourKey = accountKeyProperty === undefined ? null : labelOf(properties[accountKeyProperty]);
  return {
    inputs: inOrder<FieldsOf<"account">>(before, { at: times.now, set }).map((each) => ({
      kind: "account" as const,
      id,
      ...each,
    })),
    claims: [{ externalId: id, name, ourKey, domains }],
    merged: mergedInto(company).map((from) => ({ from, into: id, at: times.now })),
  };
}

function fieldsOf(
  { properties }: CrmObject,
  settings: HubSpotSettings,
  { ownerOf, zone }: MapContext,
): FieldsOf<"account"> {
  const { stageProperty, segmentProperty, beganOnProperty } = settings;
  const owner = properties["hubspot_owner_id"] ?? null;
  const own = accountFieldsOf(settings).map(({ property, as }) => [property, readAs[as](properties[property], zone)]);
  return {
    domain: labelOf(properties["domain"])?.toLowerCase() ?? null,
    owner: owner === null ? null : ownerOf(owner),
    stage: labelOf(properties[stageProperty]),
    industry: labelOf(properties["industry"]),
    country: labelOf(properties["country"]),
    parent: labelOf(properties["hs_parent_company_id"]),
    ...(segmentProperty === undefined ? {} : { segment: labelOf(properties[segmentProperty]) }),
    ...(beganOnProperty === undefined ? {} : { beganOn: day(properties[beganOnProperty], zone) }),
    ...(own.length === 0 ? {} : { fields: Object.fromEntries(own) }),
    deleted: false,
  };
}

type Reader = (text: string | null | undefined, zone: string) => string | number | boolean | null;

const readAs: Readonly<Record<AccountField["as"], Reader>> = {
  text: textOf,
  number: (text) => (text == null || !Number.isFinite(Number(text)) ? null : Number(text)),
  // HubSpot's checkboxes; what is neither is not known.
  boolean: (text) => (text === "true" || text === "false" ? text === "true" : null),
  day,
};

function domainsOf({ properties }: CrmObject): string[] {
  const all = [properties["domain"], ...(properties["hs_additional_domains"] ?? "").split(";")];
  const domains = all.flatMap((each) => labelOf(each)?.toLowerCase() ?? []);
  return [...new Set(domains)];
}
