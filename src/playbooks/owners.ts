import { z } from "zod";
import { type Fault, faultAt, faultsOf } from "../scoring/fault.ts";
import { zoneSchema } from "../scoring/records.ts";

const ownerSchema = z.strictObject({
  /** As accounts name their owner. */
  id: z.string().min(1).max(300),
  name: z.string().min(1).max(300),
  email: z.email(),
  /** A Slack member id: mentions come from here only. */
  slackId: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,30}$/, "expected a Slack member id, such as U012AB3CD")
    .optional(),
  zone: zoneSchema.optional(),
});

/** `owners.json`: the people who look after accounts. */
export const ownersSchema = z.strictObject({
  $schema: z.string().optional(),
  owners: z.array(ownerSchema),
  /** Who stands in where an account has no owner, or one that is not listed. */
  fallback: z.string().optional(),
});

export type Owner = Readonly<z.infer<typeof ownerSchema>>;
export type Owners = Readonly<z.infer<typeof ownersSchema>>;

/** `owners.json` as data, or every fault in it. */
export function parseOwners(document: unknown): { readonly owners: Owners } | { readonly faults: readonly Fault[] } {
  const parsed = ownersSchema.safeParse(document);
  if (!parsed.success) {
    const keys = [...Object.keys(ownersSchema.shape), ...Object.keys(ownerSchema.shape)];
    return { faults: faultsOf(parsed.error, document, { keys, planned: ["cover"] }) };
  }
  const faults = doubtfulOwners(parsed.data);
  return faults.length > 0 ? { faults } : { owners: parsed.data };
}

/** The owner of an account by the id it names, else the fallback, else null. */
export function resolveOwner(owners: Owners, id: string | null): Owner | null {
  const named = owners.owners.find((owner) => owner.id === id);
  return named ?? owners.owners.find((owner) => owner.id === owners.fallback) ?? null;
}

function doubtfulOwners(document: Owners): readonly Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  document.owners.forEach((owner, index) => {
    if (seen.has(owner.id)) faults.push(faultAt(`owners[${index}].id`, owner.id, "this owner is listed twice"));
    seen.add(owner.id);
  });
  if (document.fallback !== undefined && !seen.has(document.fallback)) {
    faults.push(faultAt("fallback", document.fallback, "expected the id of a listed owner"));
  }
  return faults;
}
