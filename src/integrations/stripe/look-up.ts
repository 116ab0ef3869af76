import { z } from "zod";
import type { Answer, CallRequest } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { PullContext } from "../source-port.ts";

/** How Stripe is asked: where, as whom, in which version of its API. */
export interface StripeApi {
  readonly baseUrl: string;
  readonly key: string;
  readonly version: string;
}

type Query = readonly (readonly [string, string])[];

/** A GET of the API. Lists inside a query are written as Stripe reads them, `expand[]=a&expand[]=b`. */
export function stripeRequest({ baseUrl, key, version }: StripeApi, path: string, query: Query): CallRequest {
  const text = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  return {
    method: "GET",
    url: `${baseUrl}${path}${text === "" ? "" : `?${text}`}`,
    headers: { authorization: `Bearer ${key}`, "stripe-version": version, accept: "application/json" },
  };
}

/** Single things by their ids, kept for an hour: prices, coupons and products are many times used and seldom changed. */
export interface LookUp {
  find(path: string, query: Query, context: PullContext): Promise<Found | null>;
}

export type Found = z.infer<typeof foundSchema>;

const foundSchema = z.looseObject({ id: z.string(), deleted: z.boolean().optional() });
const keptMs = 3_600_000;
const mostKept = 1_000;

/** Opens a look-up with a memory of its own. What is deleted, or was never there, is null. */
export function openLookUp(api: StripeApi): LookUp {
  const kept = new Map<string, { readonly found: Found | null; readonly until: number }>();
  return {
    async find(path, query, context) {
      const known = kept.get(path);
      if (known !== undefined && known.until > context.now.getTime()) return known.found;
      const found = foundIn(await context.call(stripeRequest(api, path, query)));
      if (kept.size >= mostKept) kept.clear();
      kept.set(path, { found, until: context.now.getTime() + keptMs });
      return found;
    },
  };
}

/** The thing of an answer, or null where Stripe has it no more. */
export function foundIn(answer: Answer): Found | null {
  if (answer.status === 404) return null;
  const found = readAnswer(answer, foundSchema);
  return found.deleted === true ? null : found;
}
