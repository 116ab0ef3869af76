import { z } from "zod";
import { sourcesSchema } from "../../integrations/sources-schema.ts";
import { channelsSchema } from "../../playbooks/channels.ts";
import { houseGuardsSchema } from "../../playbooks/guards-document.ts";
import { ownersSchema } from "../../playbooks/owners.ts";
import { playbookSchema } from "../../playbooks/schema.ts";
import { companySchema } from "../../scoring/company.ts";
import { healthModelSchema } from "../../scoring/health-model.ts";
import { lifecycleSchema } from "../../scoring/lifecycle/document.ts";
import { metricSettingsSchema } from "../../scoring/metric-settings.ts";
import { formulaNameSchema } from "../../scoring/metrics/formula-document.ts";
import { fixedMetricNames, metricForms } from "../../scoring/metrics.ts";
import type { DeploymentWords } from "./deployment-words.ts";
import { nameWords } from "./named-words.ts";

export const schemaDrafts = ["7", "2020-12"] as const;
export type SchemaDraft = (typeof schemaDrafts)[number];

/** A JSON Schema, as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The kinds of document, each with its format. */
const documentSchemas = {
  company: companySchema,
  owners: ownersSchema,
  channels: channelsSchema,
  sources: sourcesSchema,
  guards: houseGuardsSchema,
  lifecycle: lifecycleSchema,
  metrics: metricSettingsSchema,
  "health-model": healthModelSchema,
  playbook: playbookSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;
type DocumentKind = keyof typeof documentSchemas;

/** True for the kinds that are built. */
export function isDocumentKind(kind: string): kind is DocumentKind {
  return Object.hasOwn(documentSchemas, kind);
}

/** The formats as JSON Schemas, by kind, for editors that complete and flag; with a company's own names where they are given. */
export function configSchemas(
  draft: SchemaDraft,
  words: DeploymentWords | null = null,
): Readonly<Record<DocumentKind, JsonSchema>> {
  const publish = (schema: z.ZodType, reused: "inline" | "ref" = "inline"): JsonSchema => {
    const published = z.toJSONSchema(schema, {
      reused,
      target: draft === "7" ? "draft-7" : "draft-2020-12",
      io: "input",
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema === formulaNameSchema) Reflect.set(jsonSchema, "anyOf", numberMetricWords);
      },
    });
    nameWords(published, words);
    return published;
  };
  return {
    company: publish(documentSchemas.company),
    owners: publish(documentSchemas.owners),
    channels: publish(documentSchemas.channels),
    // Written out each time, the mapping that several kinds of source share makes half a megabyte.
    sources: publish(documentSchemas.sources, "ref"),
    guards: publish(documentSchemas.guards),
    lifecycle: publish(documentSchemas.lifecycle),
    metrics: publish(documentSchemas.metrics),
    "health-model": publish(documentSchemas["health-model"]),
    // A branch holds steps: the schema refers to itself.
    playbook: publish(documentSchemas.playbook, "ref"),
  };
}

const numbers = metricForms.filter(({ type }) => type !== "text");
const numberMetricWords = [
  { enum: numbers.map(({ name }) => name).filter((name) => fixedMetricNames.includes(name)) },
  ...numbers.map(({ pattern }) => ({ pattern })),
];
