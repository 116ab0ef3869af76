import { SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { PullContext, SourceCheck } from "../source-port.ts";
import { type StripeApi, stripeRequest } from "./look-up.ts";
import { listSchema } from "./mapping/shapes.ts";

/** Everything that is read, with the permission a restricted key needs for it. */
const read = [
  ["/v1/customers", "Customers: read"],
  ["/v1/subscriptions", "Subscriptions: read"],
  ["/v1/invoices", "Invoices: read"],
  ["/v1/events", "Events: read"],
  ["/v1/prices", "Prices: read"],
  ["/v1/products", "Products: read"],
  ["/v1/coupons", "Coupons: read"],
] as const;

/** Asks for one of each thing that is read. What the key may not read is named as Stripe names it, else as its dashboard does. */
export async function checkStripe(api: StripeApi, context: PullContext): Promise<SourceCheck> {
  const missing: string[] = [];
  try {
    for (const [path, permission] of read) {
      const lack = await lackOf(api, path, context);
      if (lack !== null) missing.push(lack === "" ? permission : lack);
    }
  } catch (error) {
    if (!(error instanceof SourceHalt)) throw error;
    return { ok: false, detail: error.message, missing };
  }
  const detail = missing.length === 0 ? `reads everything in ${modeOf(api.key)}` : "the key may not read everything";
  return { ok: missing.length === 0, detail, missing };
}

/** Null where it may be read; else the permission that is missing, empty where Stripe does not say. */
async function lackOf(api: StripeApi, path: string, context: PullContext): Promise<string | null> {
  try {
    readAnswer(await context.call(stripeRequest(api, path, [["limit", "1"]])), listSchema);
    return null;
  } catch (error) {
    if (!(error instanceof SourceHalt) || error.verdict.kind !== "forbidden") throw error;
    return error.verdict.missing ?? "";
  }
}

function modeOf(key: string): string {
  return key.includes("_test_") ? "test mode" : "live mode";
}
