import { z } from "zod";
import type { SourceKind } from "../../scoring/records.ts";
import { accountFieldsOf, type HubSpotSettings } from "./settings.ts";

/** The sorts of things we know, by the name in HubSpot's paths: also the names of the streams. */
export const objectNames = ["companies", "contacts", "deals", "tickets", "feedback_submissions", "tasks"] as const;
export type ObjectName = (typeof objectNames)[number];

/** What each becomes with us; a task is none of our records. */
export const kindOf = {
  companies: "account",
  contacts: "contact",
  deals: "opportunity",
  tickets: "ticket",
  feedback_submissions: "survey",
  tasks: null,
} as const satisfies Record<ObjectName, SourceKind | null>;

export function isObjectName(name: string): name is ObjectName {
  return Object.hasOwn(kindOf, name);
}

/** The property by which a search finds what has changed. */
export function modifiedProperty(name: ObjectName): string {
  return name === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
}

/** What is asked for of each. */
export function propertiesOf(name: ObjectName, settings: HubSpotSettings): readonly string[] {
  switch (name) {
    case "companies":
      return companyProperties(settings);
    case "contacts":
      return ["email", "firstname", "lastname", "jobtitle", merged];
    case "deals":
      return ["dealname", "dealtype", "pipeline", "dealstage", "amount", "deal_currency_code", "closedate", merged];
    case "tickets":
      return [
        ...["subject", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority"],
        ...["first_agent_reply_date", "closed_date", merged],
      ];
    case "feedback_submissions":
      return ["hs_survey_type", "hs_value", "hs_content", "hs_submission_timestamp"];
    case "tasks":
      return ["hs_task_status", "hs_task_completion_date", settings.tasks?.keyProperty].filter((each) => each != null);
    default:
      return name satisfies never;
  }
}

/** Ids that were merged into a thing: HubSpot lists them nowhere else. */
const merged = "hs_merged_object_ids";

function companyProperties(settings: HubSpotSettings): string[] {
  const { accountKeyProperty, segmentProperty, stageProperty, beganOnProperty, onlyCompanies } = settings;
  const own = ["name", "domain", "hs_additional_domains", "hubspot_owner_id", "industry", "country"];
  const chosen = [accountKeyProperty, segmentProperty, stageProperty, beganOnProperty, onlyCompanies?.property];
  const fields = accountFieldsOf(settings).map(({ property }) => property);
  const named = chosen.filter((each) => each !== undefined);
  return [...new Set([...own, "hs_parent_company_id", merged, ...named, ...fields])];
}

const idText = z.union([z.string().min(1), z.number()]).transform(String);
/** HubSpot gives texts; whatever else comes is read as one, and what is no value as none. */
const valueText = z.unknown().transform((value) => {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value : null;
});

/** One thing of HubSpot's, as far as every sort has the same fields. */
export const crmObject = z.looseObject({
  id: idText,
  properties: z.record(z.string(), valueText).default({}),
  createdAt: z.string().nullish(),
  updatedAt: z.string().nullish(),
  archivedAt: z.string().nullish(),
});
export type CrmObject = z.infer<typeof crmObject>;

/** The ids of a page, in its order; what has none is left out. */
export function idsOf(things: readonly unknown[]): string[] {
  return things.flatMap((thing) => {
    const found = z.looseObject({ id: idText }).safeParse(thing);
    return found.success ? [found.data.id] : [];
  });
}

/** The ids that were merged into a thing, without its own. */
export function mergedInto({ id, properties }: Pick<CrmObject, "id" | "properties">): string[] {
  const ids = (properties[merged] ?? "").split(";").map((each) => each.trim());
  return ids.filter((each) => each !== "" && each !== id);
}
