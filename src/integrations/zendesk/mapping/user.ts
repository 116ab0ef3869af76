import { z } from "zod";
import type { Mapped } from "../../mapped-port.ts";
import { emailOf, labelOf } from "../../record-values.ts";
import { idText, momentText } from "./values.ts";

const userSchema = z.looseObject({
  id: idText,
  name: z.string().nullish().catch(null),
  email: z.string().nullish().catch(null),
  role: z.string().nullish().catch(null),
  active: z.boolean().nullish().catch(null),
  organization_id: idText.nullish(),
  updated_at: momentText,
});

/** An end user as a contact. Our own agents are none. */
export function mapUser(raw: unknown): Mapped {
  const parsed = userSchema.safeParse(raw);
  if (!parsed.success) return { skipped: "a user without an id or a time" };
  const { id, role, organization_id: account, updated_at: at } = parsed.data;
  if (role === "agent" || role === "admin") return {};
  if (parsed.data.active === false) return { deleted: [{ kind: "contact", id, at }] };
  if (account == null) return { skipped: "a user without an organization" };
  const set = { name: labelOf(parsed.data.name), email: emailOf(parsed.data.email) };
  return { states: [{ kind: "contact", id, account, at, set }] };
}
