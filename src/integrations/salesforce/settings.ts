import { z } from "zod";
import { currencySchema } from "../../scoring/records.ts";
import { fromEnvironment, secretsFromEnvironment, sourceBase } from "../source-settings.ts";

const fieldName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/, "expected the API name of a field, such as Segment__c");
/** Ids have 15 characters, or 18 that say the same; case counts in the first 15. */
const organizationId = z
  .string()
  .regex(/^00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$/, "an organization's id begins with 00D");
const words = z.string().min(1).max(255);

/** A Salesforce organization. */
export const salesforceSettings = z.strictObject({
  ...sourceBase,
  kind: z.literal("salesforce"),
  /** My Domain, such as `acme.my.salesforce.com`. */
  domain: z.string().regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, "expected a host name, such as acme.my.salesforce.com"),
  /** The consumer key and secret of an app with the client credentials flow. */
  clientId: fromEnvironment,
  clientSecret: fromEnvironment,
  apiVersion: z
    .string()
    .regex(/^v\d{2,3}\.0$/, "expected a version such as v62.0")
    .default("v62.0"),
  /** Of amounts; an organization with several currencies states its own with each. */
  currency: currencySchema,
  /** What is not pulled. */
  skip: z.array(z.enum(["contacts", "opportunities", "cases"])).default([]),
  /** The Accounts that count: those whose field has one of these values. All of them unless given. */
  onlyAccounts: z.strictObject({ field: fieldName, in: z.array(words).min(1).max(100) }).optional(),
  /** Fields of the Account, by what they are here. */
  account: z
    .strictObject({
      /** Holds our key. */
      key: fieldName.optional(),
      segment: fieldName.optional(),
      stage: fieldName.optional(),
      beganOn: fieldName.optional(),
      fields: z
        .record(z.string().regex(/^[a-z][a-z0-9_]*$/i), fieldName)
        // A query has to fit into a URL.
        .refine((fields) => Object.keys(fields).length <= 100, "at most 100 fields")
        .default({}),
    })
    .prefault({}),
  /** What values of the organization's own picklists mean, where the usual words do not say it. */
  opportunityTypes: z.record(words, z.enum(["new", "expansion", "renewal"])).default({}),
  caseStatuses: z.record(words, z.enum(["new", "open", "pending", "hold", "solved", "closed"])).default({}),
  casePriorities: z.record(words, z.enum(["low", "normal", "high", "urgent"])).default({}),
  /** A field of the Case with the moment of the first answer. */
  caseFirstResponse: fieldName.optional(),
  /** Tasks of playbooks go to Salesforce, and how they stand there comes back. */
  tasks: z
    .strictObject({
      /** A text field of the Task that keeps our key. */
      keyField: fieldName.default("Keepwell_Key__c"),
    })
    .optional(),
  /** The fields of the Account that show its state. */
  writeFields: z
    .strictObject({ score: fieldName, band: fieldName, risk: fieldName, driver: fieldName })
    .partial()
    .optional(),
  outboundMessages: z
    .strictObject({
      /** `?key=` of the endpoint's URL. */
      keys: secretsFromEnvironment,
      organizations: z.array(organizationId).min(1).max(20),
      /** What a proxy in front, which asks for Salesforce's client certificate, says of it. */
      clientCertificate: z
        .strictObject({
          header: z
            .string()
            .regex(/^[a-z0-9-]+$/i)
            .toLowerCase(),
          value: words,
        })
        .optional(),
    })
    .optional(),
  /** Callouts of Flows, with `Authorization: Bearer`. */
  callouts: z.strictObject({ tokens: secretsFromEnvironment }).optional(),
});
export type SalesforceSettings = z.infer<typeof salesforceSettings>;
