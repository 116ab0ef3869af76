import { z } from "zod";
import type { FieldsOf } from "../../../scoring/records.ts";
import type { MapContext, Mapped } from "../../mapped-port.ts";
import { emailOf, labelOf, textOf } from "../../record-values.ts";
import { domainOfWebsite } from "../../website-domain.ts";
import { idText, momentOfSeconds } from "./values.ts";

const textOrNone = z.string().nullish().catch(null);

const companySchema = z.looseObject({
  id: idText,
  company_id: idText.nullish().catch(null),
  name: textOrNone,
  website: textOrNone,
  industry: textOrNone,
  plan: z.looseObject({ name: textOrNone }).nullish().catch(null),
  custom_attributes: z.record(z.string(), z.unknown()).nullish().catch(null),
  updated_at: momentOfSeconds,
});

type Company = z.infer<typeof companySchema>;

export interface CompanyOptions {
  /** Name, domain and industry are told only to a source that may make accounts: elsewhere they are another source's to say. */
  readonly isAuthority: boolean;
  readonly ownerAttribute: string | undefined;
  readonly accountFields: readonly string[];
}

/** A company as an account, with what it may be known by. Its time is that of the newest touch, whatever that was. */
export function mapCompany(raw: unknown, options: CompanyOptions, context: MapContext): Mapped {
  const parsed = companySchema.safeParse(raw);
  if (!parsed.success) return { skipped: "a company without an id or a time" };
  const company = parsed.data;
  const { id, updated_at: at } = company;
  const name = labelOf(company.name);
  const domain = domainOfWebsite(company.website ?? "");
  const set = {
    ...(options.isAuthority && { ...(name !== null && { name }), domain, industry: labelOf(company.industry) }),
    ...ownerOf(company, options, context),
    ...fieldsOf(company, options.accountFields),
  };
  return {
    states: [{ kind: "account", id, at, set }],
    claims: [{ externalId: id, name, ourKey: labelOf(company.company_id), domains: domain === null ? [] : [domain] }],
  };
}

function ownerOf(
  { custom_attributes: values }: Company,
  { ownerAttribute }: CompanyOptions,
  context: MapContext,
): FieldsOf<"account"> {
  if (ownerAttribute === undefined) return {};
  const told = labelOf(String(scalarOf(values?.[ownerAttribute]) ?? ""));
  if (told === null) return { owner: null };
  return { owner: emailOf(told) ?? context.ownerOf(told) };
}

function fieldsOf(company: Company, names: readonly string[]): FieldsOf<"account"> {
  if (names.length === 0) return {};
  const own: Readonly<Record<string, unknown>> = { ...company, plan: company.plan?.name };
  const values = company.custom_attributes ?? {};
  return { fields: Object.fromEntries(names.map((name) => [name, scalarOf(values[name] ?? own[name])])) };
}

function scalarOf(value: unknown): string | number | boolean | null {
  if (typeof value === "string") return textOf(value);
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)) ? value : null;
}
