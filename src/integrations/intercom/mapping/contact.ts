import { z } from "zod";
import type { Mapped } from "../../mapped-port.ts";
import { emailOf, labelOf } from "../../record-values.ts";
import { idText, momentOfSeconds } from "./values.ts";

const contactSchema = z.looseObject({
  id: idText,
  name: z.string().nullish().catch(null),
  email: z.string().nullish().catch(null),
  companies: z.unknown(),
  updated_at: momentOfSeconds,
});

const companiesSchema = z.looseObject({ data: z.array(z.looseObject({ id: idText })) });

/** A user or a lead as a contact of the first company named with them. */
export function mapContact(raw: unknown): Mapped {
  const parsed = contactSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "a contact without an id or a time" };
  const { id, updated_at: at, name, email } = parsed.data;
  const [account] = companiesOfContact(raw);
  if (account === undefined) return { skipped: "a contact without a company" };
  return { states: [{ kind: "contact", id, account, at, set: { name: labelOf(name), email: emailOf(email) } }] };
}

/** The ids of the companies that come with a contact: ten at most. */
export function companiesOfContact(raw: unknown): string[] {
  const parsed = z.looseObject({ companies: companiesSchema }).safeParse(raw);
  return parsed.success ? parsed.data.companies.data.map(({ id }) => id) : [];
}
