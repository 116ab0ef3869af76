import type { z } from "zod";
import type { HookReading } from "../../hook-port.ts";
import type { MapContext, Mapped } from "../../mapped-port.ts";
import { type CustomerRules, customerAt } from "./customer.ts";
import { failedPayment, invoiceChanges } from "./invoice.ts";
import { momentOf } from "./moments.ts";
import { isPartial } from "./price.ts";
import { customerSchema, eventSchema, invoiceSchema, type StripeEvent, subscriptionSchema } from "./shapes.ts";
import { subscriptionAt } from "./subscription.ts";

/** The events that are asked for: at most 20, says Stripe. Those of drafts and of payments under way tell nothing that lasts. */
export const eventTypes = [
  "customer.created",
  "customer.updated",
  "customer.deleted",
  "customer.subscription.created",
  "customer.subscription.updated",
  "customer.subscription.paused",
  "customer.subscription.resumed",
  "customer.subscription.deleted",
  "customer.discount.created",
  "customer.discount.updated",
  "customer.discount.deleted",
  "invoice.finalized",
  "invoice.updated",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.voided",
  "invoice.marked_uncollectible",
] as const;

/** What an event means: applied as it is, at its own time; looked up again where Stripe sends a part only; or nothing to us. */
export function readEvent(raw: unknown, rules: CustomerRules, context: MapContext): HookReading {
  const parsed = eventSchema.safeParse(raw);
  if (!parsed.success) return { ignored: isThin(raw) ? thinReason : `not an event: ${firstFault(parsed.error)}` };
  const event = parsed.data;
  if (event.account != null) return { ignored: "an event of a connected account" };
  if (!eventTypes.some((type) => type === event.type)) return { ignored: `events of type ${event.type} are not used` };
  switch (event.data.object.object) {
    case "customer":
      return readCustomer(event, rules, context);
    case "subscription":
      return readSubscription(event, context);
    case "invoice":
      return readInvoice(event, context);
    case "discount":
      return readDiscount(event);
    default:
      return { ignored: `events about a ${event.data.object.object ?? "thing without a name"} are not used` };
  }
}

const thinReason = "a thin event: it holds no object; send snapshot events to this endpoint";

function isThin(raw: unknown): boolean {
  return typeof raw === "object" && raw !== null && "object" in raw && raw.object === "v2.core.event";
}

/** Stripe counts seconds, and makes, changes and ends a thing in one of them: the order is the one in which a thing lives. */
function momentOfEvent({ type, created }: StripeEvent): string {
  if (type.endsWith(".created") || type === "invoice.finalized") return momentOf(created);
  return momentOf(created, type.endsWith(".deleted") ? 2 : 1);
}

function readCustomer(event: StripeEvent, rules: CustomerRules, { zone }: MapContext): HookReading {
  const customer = customerSchema.safeParse(event.data.object);
  if (!customer.success) return { ignored: `customer: ${firstFault(customer.error)}` };
  const at = momentOfEvent(event);
  if (event.type === "customer.deleted") {
    return { mapped: { deleted: [{ kind: "account", id: customer.data.id, at }] } };
  }
  return { mapped: customerAt(customer.data, at, rules, zone) };
}

function readSubscription(event: StripeEvent, { zone }: MapContext): HookReading {
  const subscription = subscriptionSchema.safeParse(event.data.object);
  if (!subscription.success) return { ignored: `subscription: ${firstFault(subscription.error)}` };
  if (isPartial(subscription.data)) return { refetch: [{ stream: "subscriptions", id: subscription.data.id }] };
  return { mapped: subscriptionAt(subscription.data, momentOfEvent(event), zone) };
}

function readInvoice(event: StripeEvent, { zone }: MapContext): HookReading {
  const invoice = invoiceSchema.safeParse(event.data.object);
  if (!invoice.success) return { ignored: `invoice: ${firstFault(invoice.error)}` };
  const at = momentOfEvent(event);
  const { inputs = [], states = [] } = invoiceChanges(invoice.data, at, zone);
  const failed = event.type === "invoice.payment_failed" ? failedPayment(invoice.data, at) : [];
  // An event has a time of its own, so what it says of the invoice has one, too.
  const mapped: Mapped = { inputs: [...inputs, ...states, ...failed] };
  return { mapped };
}

/** A discount names the subscription it lowers. One of a whole customer is not counted. */
function readDiscount({ data }: StripeEvent): HookReading {
  const id = data.object["subscription"];
  return typeof id === "string"
    ? { refetch: [{ stream: "subscriptions", id }] }
    : { ignored: "a discount of no subscription" };
}

function firstFault(error: z.ZodError): string {
  const [first] = error.issues;
  return first === undefined ? "not understood" : `${first.path.join(".")}: ${first.message}`;
}
