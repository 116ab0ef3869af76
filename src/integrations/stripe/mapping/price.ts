import { decimal, type Fraction, minus, product, rounded, sum, whole, zero } from "./fraction.ts";
import type { Coupon, Discount, Item, Price, Subscription, Tier } from "./shapes.ts";

/** What a subscription costs in one interval of ours. */
export interface Charge {
  readonly amountMinor: number;
  readonly currency: string;
  readonly interval: "month" | "quarter" | "year";
}

type Recurring = NonNullable<Price["recurring"]>;

/** Days of a year that prices by day and week are counted with. */
const yearDays = 365n;

/**
 * The price of all licensed items in one interval, after discounts that last and before taxes; null where it cannot be told, as for
 * metered items alone. Monthly, quarterly and yearly prices stay to the minor unit what they are; all else is told by the year, rounded once.
 */
export function chargeOf(subscription: Subscription, atSeconds: number): Charge | null {
  const priced = licensedItems(subscription).map((item) => ({ item, yearly: yearlyOf(item, atSeconds) }));
  const [first] = priced;
  if (first === undefined || priced.some(({ yearly }) => yearly === null)) return null;
  const { currency, recurring } = first.item.price;
  const listed = priced.reduce((all, { yearly }) => sum(all, yearly ?? zero), zero);
  const yearly = discounted(listed, discountsOf(subscription), { currency, recurring, atSeconds });
  const interval = intervalOf(priced.map(({ item }) => item.price.recurring));
  const amountMinor = rounded(product(yearly, { over: 1n, under: perYear[interval] }));
  return amountMinor === null ? null : { amountMinor, currency: currency.toUpperCase(), interval };
}

/** The items that are bought ahead, with a price and an interval; what is metered is only known afterwards. */
export function licensedItems({ items }: Subscription): (Item & { price: Price & { recurring: Recurring } })[] {
  return items.data.flatMap((item) => {
    const { price } = item;
    const recurring = price?.recurring;
    if (price == null || recurring == null || recurring.usage_type === "metered") return [];
    return [{ ...item, price: { ...price, recurring } }];
  });
}

/** Whether something of a subscription must be looked up before its price can be told. */
export function isPartial(subscription: Subscription): boolean {
  if (subscription.items.has_more === true) return true;
  const discounts = [
    ...discountsOf(subscription),
    ...subscription.items.data.flatMap(({ discounts }) => discounts ?? []),
  ];
  if (discounts.some((one) => typeof one === "string" || typeof couponOf(one) === "string")) return true;
  return licensedItems(subscription).some(({ price }) => isTiered(price) && price.tiers == null);
}

/** The discounts of the subscription itself, in whichever shape. */
function discountsOf({ discounts, discount }: Subscription): readonly (string | Discount)[] {
  if (discounts != null && discounts.length > 0) return discounts;
  return discount == null ? [] : [discount];
}

/** The coupon of a discount: itself, its id where it was not expanded, or null. */
export function couponOf({ coupon, source }: Discount): string | Coupon | null {
  return source?.coupon ?? coupon ?? null;
}

export function isTiered(price: Price): boolean {
  return price.billing_scheme === "tiered";
}

const perYear = { month: 12n, quarter: 4n, year: 1n } as const;

function intervalOf(all: readonly Recurring[]): Charge["interval"] {
  const months = new Set(all.map(({ interval, interval_count }) => (interval === "month" ? interval_count : null)));
  if (months.size !== 1) return "year";
  if (months.has(1)) return "month";
  return months.has(3) ? "quarter" : "year";
}

/** How often an interval fits into a year; null for one that nobody knows. */
function timesPerYear({ interval, interval_count }: Recurring): Fraction | null {
  const under = BigInt(interval_count);
  switch (interval) {
    case "day":
      return { over: yearDays, under };
    case "week":
      return { over: yearDays, under: 7n * under };
    case "month":
      return { over: 12n, under };
    case "year":
      return { over: 1n, under };
    default:
      return null;
  }
}

function yearlyOf(item: Item & { price: Price & { recurring: Recurring } }, atSeconds: number): Fraction | null {
  const { price, quantity, discounts } = item;
  const times = timesPerYear(price.recurring);
  const amount = amountOf(price, quantity ?? 1);
  if (times === null || amount === null) return null;
  const { currency, recurring } = price;
  return discounted(product(amount, times), discounts ?? [], { currency, recurring, atSeconds });
}

/** What a quantity costs in one interval of the price. */
function amountOf(price: Price, quantity: number): Fraction | null {
  if (isTiered(price)) return tieredAmount(price, quantity);
  const unit = exactly(price.unit_amount_decimal, price.unit_amount);
  return unit === null ? null : product(unit, whole(packages(price, quantity)));
}

function packages({ transform_quantity: rule }: Price, quantity: number): number {
  if (rule == null) return quantity;
  return rule.round === "up" ? Math.ceil(quantity / rule.divide_by) : Math.floor(quantity / rule.divide_by);
}

function tieredAmount({ tiers, tiers_mode: mode }: Price, quantity: number): Fraction | null {
  if (tiers == null) return null;
  if (mode === "volume") {
    const tier = tiers.find(({ up_to }) => up_to == null || quantity <= up_to);
    return tier === undefined ? null : tierAmount(tier, quantity);
  }
  let total = zero;
  let below = 0;
  for (const tier of tiers) {
    if (quantity <= below && below > 0) break;
    const within = Math.min(quantity, tier.up_to ?? quantity) - below;
    const amount = tierAmount(tier, within);
    if (amount === null) return null;
    total = sum(total, amount);
    below = tier.up_to ?? quantity;
  }
  return total;
}

function tierAmount(tier: Tier, quantity: number): Fraction | null {
  const unit = exactly(tier.unit_amount_decimal, tier.unit_amount ?? 0);
  const flat = exactly(tier.flat_amount_decimal, tier.flat_amount ?? 0);
  return unit === null || flat === null ? null : sum(flat, product(unit, whole(quantity)));
}

function exactly(text: string | number | null | undefined, integer: number | null | undefined): Fraction | null {
  if (text != null) return decimal(text);
  return integer == null ? null : whole(integer);
}

/** Only what lasts: a coupon that counts `once` lowers one invoice, not what the subscription is worth. Never below nothing. */
function discounted(
  yearly: Fraction,
  discounts: readonly (string | Discount)[],
  about: { readonly currency: string; readonly recurring: Recurring; readonly atSeconds: number },
): Fraction {
  let left = yearly;
  for (const discount of discounts) {
    const coupon = typeof discount === "string" ? null : couponOf(discount);
    if (coupon === null || typeof coupon === "string" || typeof discount === "string") continue;
    if (coupon.duration === "once" || (discount.end != null && discount.end <= about.atSeconds)) continue;
    left = minus(left, reductionOf(coupon, left, about));
    if (left.over < 0n) return zero;
  }
  return left;
}

function reductionOf(
  { percent_off: percent, amount_off: amount, currency }: Coupon,
  left: Fraction,
  about: { readonly currency: string; readonly recurring: Recurring },
): Fraction {
  const share = percent == null ? null : decimal(percent);
  if (share !== null) return product(left, { over: share.over, under: share.under * 100n });
  const times = timesPerYear(about.recurring);
  if (amount == null || times === null || currency?.toLowerCase() !== about.currency.toLowerCase()) return zero;
  return product(whole(amount), times);
}
