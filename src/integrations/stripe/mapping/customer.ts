import type { FieldsOf } from "../../../scoring/records.ts";
import type { AccountClaim, Mapped } from "../../mapped-port.ts";
import { emailOf, labelOf } from "../../record-values.ts";
import { dayIn } from "./moments.ts";
import type { Customer } from "./shapes.ts";

/** How customers become accounts. */
export interface CustomerRules {
  readonly accounts: "create" | "match";
  /** The metadata field that holds our key. */
  readonly accountField: string;
}

/** A customer as an event tells of it, at the time of the event. */
export function customerAt(customer: Customer, at: string, rules: CustomerRules, zone: string): Mapped {
  if (rules.accounts === "match") return customerSeen(customer, at, rules, zone);
  const set = descriptionOf(customer, zone);
  return { inputs: [{ kind: "account", id: customer.id, at, set }], claims: [claimOf(customer, rules)] };
}

/**
 * A customer as it is found when everything is read. Where accounts are only matched, another system describes them: of two that set a
 * name the later one would count, so Stripe sets none.
 */
export function customerSeen(customer: Customer, at: string, rules: CustomerRules, zone: string): Mapped {
  const set = rules.accounts === "create" ? descriptionOf(customer, zone) : {};
  return { states: [{ kind: "account", id: customer.id, at, set }], claims: [claimOf(customer, rules)] };
}

/** By what it may be known as one of ours. */
function claimOf(customer: Customer, { accountField }: CustomerRules): AccountClaim {
  const key = customer.metadata?.[accountField];
  const domain = emailOf(customer.email)?.split("@").at(-1)?.toLowerCase();
  return {
    externalId: customer.id,
    name: nameOf(customer),
    ourKey: typeof key === "string" ? labelOf(key) : null,
    domains: domain === undefined ? [] : [domain],
  };
}

function descriptionOf(customer: Customer, zone: string): FieldsOf<"account"> {
  return {
    name: nameOf(customer) ?? customer.id,
    country: labelOf(customer.address?.country),
    ...(customer.created != null && { beganOn: dayIn(zone, customer.created) }),
  };
}

function nameOf({ name, description, email }: Customer): string | null {
  return labelOf(name) ?? labelOf(description) ?? labelOf(email);
}
