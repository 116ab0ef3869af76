import { readAnswer } from "../read-answer.ts";
import type { PullContext } from "../source-port.ts";
import { foundIn, type LookUp, type StripeApi, stripeRequest } from "./look-up.ts";
import { couponOf, isTiered } from "./mapping/price.ts";
import {
  couponSchema,
  type Discount,
  type Item,
  listSchema,
  type Price,
  priceSchema,
  type Subscription,
  subscriptionSchema,
} from "./mapping/shapes.ts";

/** What Stripe sends along when it is asked: the most that its four levels of expansion reach. */
export const expandedOnce = ["discounts", "items.data.discounts"] as const;

export interface Completion {
  /** The subscription with what its price hangs on: tiers, coupons, names of products. What is no subscription comes back as it is. */
  complete(raw: unknown, context: PullContext): Promise<unknown>;
}

/** Prices do not change and coupons hardly do, so they may be looked up later than the subscription was told of. */
export function openCompletion(api: StripeApi, lookUp: LookUp): Completion {
  const complete = async (raw: unknown, context: PullContext): Promise<unknown> => {
    const parsed = subscriptionSchema.safeParse(raw);
    if (!parsed.success) return raw;
    const whole = await withDiscounts(parsed.data, context);
    const items = whole.items.has_more === true ? await allItems(whole.id, context) : whole.items.data;
    return {
      ...whole,
      discounts: await each<string | Discount>(whole.discounts, (one) => withCoupon(one, context)),
      items: { ...whole.items, has_more: false, data: await each(items, (item) => completeItem(item, context)) },
    };
  };

  /** Discounts of a subscription cannot be looked up by themselves; one that is over by now is not found any more. */
  const withDiscounts = async (subscription: Subscription, context: PullContext): Promise<Subscription> => {
    if (!discountsIn(subscription).some((one) => typeof one === "string")) return subscription;
    const query = expandedOnce.map((path) => ["expand[]", path] as const);
    const now = foundIn(await context.call(stripeRequest(api, `/v1/subscriptions/${subscription.id}`, query)));
    const present = subscriptionSchema.safeParse(now);
    const known = new Map<string, Discount>();
    for (const one of present.success ? discountsIn(present.data) : []) {
      if (typeof one !== "string") known.set(one.id ?? "", one);
    }
    const resolved = (list: Item["discounts"]) => {
      const all = (list ?? []).map((one) => (typeof one === "string" ? known.get(one) : one));
      return all.filter((one) => one !== undefined);
    };
    const data = subscription.items.data.map((item): Item => ({ ...item, discounts: resolved(item.discounts) }));
    return { ...subscription, discounts: resolved(subscription.discounts), items: { ...subscription.items, data } };
  };

  const allItems = async (id: string, context: PullContext): Promise<Item[]> => {
    const query = [["subscription", id] as const, ["limit", "100"] as const, ["expand[]", "data.discounts"] as const];
    const list = readAnswer(await context.call(stripeRequest(api, "/v1/subscription_items", query)), listSchema);
    return subscriptionSchema.shape.items.parse(list).data;
  };

  const completeItem = async (item: Item, context: PullContext): Promise<Item> => ({
    ...item,
    price: item.price == null ? item.price : await completePrice(item.price, context),
    discounts: await each<string | Discount>(item.discounts, (one) => withCoupon(one, context)),
  });

  const completePrice = async (price: Price, context: PullContext): Promise<Price> => {
    const { tiers, product, id } = price;
    const isShort = isTiered(price) && tiers == null;
    const found = isShort ? await lookUp.find(`/v1/prices/${id}`, [["expand[]", "tiers"]], context) : null;
    const whole = priceSchema.safeParse(found);
    const named = typeof product === "string" ? await lookUp.find(`/v1/products/${product}`, [], context) : null;
    const parsed = priceSchema.shape.product.safeParse(named ?? product);
    return {
      ...price,
      tiers: whole.success ? whole.data.tiers : tiers,
      product: parsed.success ? parsed.data : product,
    };
  };

  const withCoupon = async (discount: string | Discount, context: PullContext): Promise<string | Discount> => {
    const coupon = typeof discount === "string" ? null : couponOf(discount);
    if (typeof discount === "string" || typeof coupon !== "string") return discount;
    const found = await lookUp.find(`/v1/coupons/${encodeURIComponent(coupon)}`, [], context);
    const parsed = couponSchema.safeParse(found);
    // A deleted coupon still lowers what was bought with it, but nobody says by how much any more.
    return { ...discount, coupon: parsed.success ? parsed.data : null, source: null };
  };

  return { complete };
}

function discountsIn({ discounts, items }: Subscription): readonly (string | Discount)[] {
  return [...(discounts ?? []), ...items.data.flatMap((item) => item.discounts ?? [])];
}

/** One after the other: most are remembered, and a page must not ask for a hundred things at once. */
async function each<T>(list: readonly T[] | null | undefined, complete: (one: T) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (const one of list ?? []) all.push(await complete(one));
  return all;
}
