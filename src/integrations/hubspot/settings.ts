import { z } from "zod";
import { currencySchema, recordFields } from "../../scoring/records.ts";
import { fromEnvironment, secretsFromEnvironment, sourceBase } from "../source-settings.ts";

/** HubSpot's internal name of a property, not its label. */
const property = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, "expected the internal name of a HubSpot property");
const opportunityTypes = ["new", "expansion", "renewal"] as const;
const ticketStatuses = recordFields.ticket.shape.status.unwrap();

/** A HubSpot account. Whatever is left out of the optional parts is not done. */
export const hubspotSettings = z.strictObject({
  ...sourceBase,
  kind: z.literal("hubspot"),
  /** The access token of a private app or a service key. */
  token: fromEnvironment,
  /** The app's client secrets: they sign its webhooks, which are refused without them. */
  clientSecret: secretsFromEnvironment.optional(),
  /** Takes webhooks signed in HubSpot's versions 1 and 2, which anybody who saw one can send again for ever. */
  allowOldSignatures: z.boolean().default(false),
  /** What is not pulled. */
  skip: z.array(z.enum(["contacts", "deals", "tickets", "feedback_submissions"])).default([]),
  /** The companies that count: those whose property has one of these values. All of them unless given. */
  onlyCompanies: z.strictObject({ property, in: z.array(z.string().min(1)).min(1) }).optional(),
  /** The company property that holds our key of the account. */
  accountKeyProperty: property.optional(),
  stageProperty: property.default("lifecyclestage"),
  segmentProperty: property.optional(),
  /** A date: the first day as a customer. */
  beganOnProperty: property.optional(),
  /** Company properties that become the account's own fields, under the same names: as texts, unless it is said as what else. */
  accountFields: z
    .array(z.union([property, z.strictObject({ property, as: z.enum(["text", "number", "boolean", "day"]) })]))
    .max(100)
    .default([]),
  /** Of deals that name none. */
  currency: currencySchema.optional(),
  /** HubSpot's deal types by value, beside `newbusiness` and `existingbusiness`. */
  dealTypes: z.record(z.string(), z.enum(opportunityTypes)).default({}),
  /** Ticket stages by id, where open and closed do not say enough. */
  ticketStatuses: z.record(z.string(), ticketStatuses).default({}),
  /** The best answer of a CSAT survey. */
  csatScale: z.int().positive().default(5),
  limits: z
    .strictObject({
      /** 190 is what Professional and Enterprise allow a private app. */
      callsPer10Seconds: z.int().positive().default(190),
      searchesPerSecond: z.int().positive().default(5),
    })
    .prefault({}),
  /** Tasks of playbooks go to HubSpot, and how they stand there comes back. */
  tasks: z
    .strictObject({
      /** A task property whose values are unique: it holds our key. */
      keyProperty: property.default("keepwell_key"),
      /** HubSpot's number for "task to company". */
      companyAssociation: z.int().positive().default(192),
    })
    .optional(),
  /** The company properties that show an account's state. */
  writeFields: z
    .strictObject({
      score: property.optional(),
      band: property.optional(),
      risk: property.optional(),
      driver: property.optional(),
    })
    .optional(),
});

export type HubSpotSettings = z.infer<typeof hubspotSettings>;

/** A company property that becomes one of the account's own fields. */
export interface AccountField {
  readonly property: string;
  readonly as: "text" | "number" | "boolean" | "day";
}

/** The account's own fields, each with what it is read as. */
export function accountFieldsOf({ accountFields }: HubSpotSettings): AccountField[] {
  return accountFields.map((field) => (typeof field === "string" ? { property: field, as: "text" } : field));
}

/** The company properties that we write. */
export function writtenProperties({ writeFields }: HubSpotSettings): string[] {
  return Object.values(writeFields ?? {}).filter((name) => name !== undefined);
}
