import { z } from "zod";
import type { Mapped } from "../../mapped-port.ts";
import { labelOf, textOf } from "../../record-values.ts";
import { idText, momentText } from "./values.ts";

const organizationSchema = z.looseObject({
  id: idText,
  name: z.string().nullish(),
  external_id: z.string().nullish(),
  domain_names: z.array(z.string()).nullish().catch(null),
  organization_fields: z.record(z.string(), z.unknown()).nullish().catch(null),
  updated_at: momentText,
  deleted_at: momentText.nullish().catch(null),
});

type Organization = z.infer<typeof organizationSchema>;

export interface OrganizationOptions {
  /** Names and domains are told only to a source that may make accounts: elsewhere they are another source's to say. */
  readonly isAuthority: boolean;
  readonly accountFields: readonly string[];
}

/** An organization as an account, with what it may be known by. */
export function mapOrganization(raw: unknown, options: OrganizationOptions): Mapped {
  const parsed = organizationSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "an organization without an id or a time" };
  const organization = parsed.data;
  const { id, updated_at: at, deleted_at: deletedAt } = organization;
  if (deletedAt != null) return { deleted: [{ kind: "account", id, at: deletedAt }] };
  const domains = organization.domain_names ?? [];
  const name = labelOf(organization.name);
  const known = options.isAuthority ? { ...(name !== null && { name }), domain: labelOf(domains[0]) } : {};
  const fields = fieldsOf(organization, options.accountFields);
  return {
    states: [{ kind: "account", id, at, set: { ...known, ...(options.accountFields.length > 0 && { fields }) } }],
    claims: [{ externalId: id, name, ourKey: labelOf(organization.external_id), domains }],
  };
}

function fieldsOf(
  { organization_fields: values }: Organization,
  names: readonly string[],
): Record<string, string | number | boolean | null> {
  return Object.fromEntries(names.map((name) => [name, scalarOf(values?.[name])]));
}

function scalarOf(value: unknown): string | number | boolean | null {
  if (typeof value === "string") return textOf(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)) ? value : null;
}
