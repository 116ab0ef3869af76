import type { FieldsOf } from "../scoring/records.ts";
import { labelOf } from "./record-values.ts";
import { usageNameOf, valueAt } from "./usage-rules.ts";
import { domainOfWebsite } from "./website-domain.ts";

type Traits = Readonly<Record<string, unknown>>;

/** Traits that become fields of the account by themselves; `website` stands for a domain. */
const named = new Set(["name", "domain", "website", "industry", "country"]);
const mostFields = 50;

/** What the traits that trackers keep of a group say of its account: all that are plain values become fields of one's own. */
export function accountTraits(traits: Traits): FieldsOf<"account"> {
  const name = textIn(traits["name"]);
  const domain = domainOfWebsite(textIn(traits["domain"]) ?? textIn(traits["website"]) ?? "");
  const industry = textIn(traits["industry"]);
  const country = textIn(traits["country"]) ?? textIn(valueAt(traits, "address.country"));
  const fields = fieldsOf(traits);
  return {
    ...(name === null ? {} : { name }),
    ...(domain === null ? {} : { domain }),
    ...(industry === null ? {} : { industry }),
    ...(country === null ? {} : { country }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
}

function fieldsOf(traits: Traits): Record<string, string | number | boolean | null> {
  const fields: [string, string | number | boolean | null][] = [];
  for (const [trait, value] of Object.entries(traits)) {
    const key = /^[a-z][a-z0-9_]*$/i.test(trait) ? trait : usageNameOf(trait);
    if (named.has(trait) || key === null || !/^[a-z]/i.test(key) || !isPlain(value)) continue;
    if (fields.length < mostFields) fields.push([key, typeof value === "string" ? value.slice(0, 1000) : value]);
  }
  return Object.fromEntries(fields);
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function textIn(value: unknown): string | null {
  return typeof value === "string" ? labelOf(value) : null;
}
