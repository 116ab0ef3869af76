import type { Mapped } from "../../mapped-port.ts";
import { emailOf, labelOf } from "../../record-values.ts";
import { mergedInto } from "../objects.ts";
import type { RawThing } from "../surroundings.ts";
import { timesOf } from "./reading.ts";

/** A contact of a company. People of no company, of whom a CRM is full, are passed over. */
export function mapContact({ thing, company }: RawThing): Mapped {
  if (company === null) return {};
  const { id, properties } = thing;
  const times = timesOf(thing);
  if (times === null) return { skipped: `contact ${id} has no time of its last change` };
  const name = labelOf([properties["firstname"], properties["lastname"]].filter((part) => part != null).join(" "));
  const set = {
    name,
    email: emailOf(properties["email"]),
    title: labelOf(properties["jobtitle"]),
    deleted: false,
  };
  return {
    inputs: [{ kind: "contact", id, account: company, at: times.now, set }],
    deleted: mergedInto(thing).map((gone) => ({ kind: "contact" as const, id: gone, at: times.now })),
  };
}
