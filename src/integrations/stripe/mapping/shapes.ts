import { z } from "zod";

/** What is read of Stripe's objects, in the shapes before and since 2025-03-31 alike. Everything else may be there and may change. */

const seconds = z.int();
const amount = z.int().nullish();
const decimalText = z.union([z.string(), z.number()]).nullish();
/** An id, or the object itself where it was expanded. */
const reference = z.union([z.string(), z.looseObject({ id: z.string() })]);

export const couponSchema = z.looseObject({
  id: z.string(),
  amount_off: amount,
  currency: z.string().nullish(),
  percent_off: z.number().nullish(),
  duration: z.string(),
});
export type Coupon = z.infer<typeof couponSchema>;

const coupon = z.union([z.string(), couponSchema]).nullish();

const discountSchema = z.looseObject({
  id: z.string().nullish(),
  /** Before 2025-09-30. */
  coupon,
  /** Since then. */
  source: z.looseObject({ coupon }).nullish(),
  end: seconds.nullish(),
});
const discounts = z.array(z.union([z.string(), discountSchema])).nullish();
export type Discount = z.infer<typeof discountSchema>;

export const tierSchema = z.looseObject({
  up_to: z.int().nullish(),
  unit_amount: amount,
  unit_amount_decimal: decimalText,
  flat_amount: amount,
  flat_amount_decimal: decimalText,
});
export type Tier = z.infer<typeof tierSchema>;

const quantityRule = z.looseObject({ divide_by: z.int().positive(), round: z.string() }).nullish();

export const priceSchema = z.looseObject({
  id: z.string(),
  currency: z.string(),
  nickname: z.string().nullish(),
  lookup_key: z.string().nullish(),
  product: z.union([z.string(), z.looseObject({ id: z.string(), name: z.string().nullish() })]).nullish(),
  billing_scheme: z.string().nullish(),
  unit_amount: amount,
  unit_amount_decimal: decimalText,
  tiers_mode: z.string().nullish(),
  tiers: z.array(tierSchema).nullish(),
  transform_quantity: quantityRule,
  recurring: z
    .looseObject({ interval: z.string(), interval_count: z.int().positive(), usage_type: z.string().nullish() })
    .nullish(),
});
export type Price = z.infer<typeof priceSchema>;

const itemSchema = z.looseObject({
  id: z.string(),
  quantity: z.int().nonnegative().nullish(),
  price: priceSchema.nullish(),
  current_period_end: seconds.nullish(),
  discounts,
});
export type Item = z.infer<typeof itemSchema>;

export const subscriptionSchema = z.looseObject({
  id: z.string(),
  customer: reference,
  status: z.string(),
  created: seconds,
  start_date: seconds.nullish(),
  currency: z.string().nullish(),
  items: z.looseObject({ data: z.array(itemSchema), has_more: z.boolean().nullish() }),
  discounts,
  /** Before 2025-03-31. */
  discount: discountSchema.nullish(),
  /** Before 2025-03-31. */
  current_period_end: seconds.nullish(),
  cancel_at: seconds.nullish(),
  cancel_at_period_end: z.boolean().nullish(),
  canceled_at: seconds.nullish(),
  cancellation_details: z.looseObject({ reason: z.string().nullish() }).nullish(),
  ended_at: seconds.nullish(),
  trial_start: seconds.nullish(),
  trial_end: seconds.nullish(),
  pause_collection: z.looseObject({ behavior: z.string().nullish() }).nullish(),
});
export type Subscription = z.infer<typeof subscriptionSchema>;

export const invoiceSchema = z.looseObject({
  id: z.string(),
  customer: reference.nullish(),
  number: z.string().nullish(),
  status: z.string().nullish(),
  currency: z.string(),
  created: seconds,
  effective_at: seconds.nullish(),
  due_date: seconds.nullish(),
  amount_due: z.int(),
  amount_paid: z.int().nullish(),
  status_transitions: z
    .looseObject({
      finalized_at: seconds.nullish(),
      paid_at: seconds.nullish(),
      voided_at: seconds.nullish(),
      marked_uncollectible_at: seconds.nullish(),
    })
    .nullish(),
});
export type Invoice = z.infer<typeof invoiceSchema>;

export const customerSchema = z.looseObject({
  id: z.string(),
  deleted: z.literal(true).optional(),
  name: z.string().nullish(),
  email: z.string().nullish(),
  description: z.string().nullish(),
  created: seconds.nullish(),
  address: z.looseObject({ country: z.string().nullish() }).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
export type Customer = z.infer<typeof customerSchema>;

export const eventSchema = z.looseObject({
  id: z.string().min(1).max(200),
  object: z.string(),
  type: z.string(),
  created: seconds,
  /** Of a connected account: not ours. */
  account: z.string().nullish(),
  data: z.looseObject({ object: z.looseObject({ object: z.string().nullish() }) }),
});
export type StripeEvent = z.infer<typeof eventSchema>;

/** What a list of Stripe's answers. */
export const listSchema = z.looseObject({
  data: z.array(z.looseObject({ id: z.string() })),
  has_more: z.boolean(),
});

/** The id of a reference, expanded or not. */
export function idOf(value: z.infer<typeof reference>): string {
  return typeof value === "string" ? value : value.id;
}
