import type { FieldsOf } from "../../scoring/records.ts";
import { emailOf, labelOf } from "../record-values.ts";

type Traits = Readonly<Record<string, unknown>>;

/** What the traits of a user say of a contact; null without an address. */
export function contactTraits(traits: Traits): FieldsOf<"contact"> | null {
  const email = emailOf(textIn(traits["email"]));
  if (email === null) return null;
  const parts = [textIn(traits["firstName"]), textIn(traits["lastName"])].filter((part) => part !== null);
  const name = textIn(traits["name"]) ?? textIn(parts.join(" "));
  const title = textIn(traits["title"]);
  return { email, ...(name === null ? {} : { name }), ...(title === null ? {} : { title }) };
}

function textIn(value: unknown): string | null {
  return typeof value === "string" ? labelOf(value) : null;
}
