import { z } from "zod";

/** The kinds of record that sources deliver. Usage is kept apart, as daily totals. */
export const sourceKinds = [
  "account",
  "contact",
  "ticket",
  "survey",
  "subscription",
  "invoice",
  "opportunity",
  "touchpoint",
  "event",
] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** The kinds that only a person makes, with Keepwell's own commands and API. A touchpoint may come from both sides. */
const handKinds = ["pulse", "note", "override", "milestone", "stage", "snooze"] as const;

/** The kinds of record that mutate over time and are kept as change rows. */
const recordKinds = [...sourceKinds, ...handKinds] as const;
export type RecordKind = (typeof recordKinds)[number];

/** The kinds a stream can deliver: those of sources, and usage. */
export const streamKinds = [...sourceKinds, "usage"] as const;
export type StreamKind = (typeof streamKinds)[number];

const text = z.string().max(10_000);
const label = z.string().min(1).max(300);
/** A calendar day, `YYYY-MM-DD`, without a zone. */
export const daySchema = z.iso.date();
/** A moment: ISO 8601 with an offset or Z. */
const momentSchema = z.iso.datetime({ offset: true });
/** ISO 4217, upper case. */
export const currencySchema = z.string().regex(/^[A-Z]{3}$/, "a currency is three capital letters, such as EUR");
/** Sums of such numbers stay far from what a float can hold. */
const quantity = z.number().min(-1e15).max(1e15);
/** Money in minor units (cents), always an integer. */
const minorUnits = z.int();
export const zoneSchema = z.string().refine(isZone, { error: "not a time zone of the IANA database" });

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const scalar = z.union([text, z.number(), z.boolean(), z.null()]);

/** Gone in its source from then on; false: it came back. Measures pass it over. */
const deleted = z.boolean();

/**
 * What a change row may set, by kind. A field that is left out stays as it was; `null` clears it.
 * Dates that are only later truth (`solvedAt`, `endsOn`, `paidAt`) belong into a change at their own time.
 */
export const recordFields = {
  account: z
    .strictObject({
      name: label,
      zone: zoneSchema.nullable(),
      owner: label.nullable(),
      segment: label.nullable(),
      stage: label.nullable(),
      parent: label.nullable(),
      domain: label.nullable(),
      industry: label.nullable(),
      country: label.nullable(),
      /** First day as a customer. */
      beganOn: daySchema.nullable(),
      /** Fields of one's own, named in conditions as `account.fields.<name>`. */
      fields: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/i), scalar),
      deleted,
    })
    .partial(),
  contact: z
    .strictObject({
      name: label.nullable(),
      email: z.email().nullable(),
      title: label.nullable(),
      role: z.enum(["primary", "champion", "billing", "user"]).nullable(),
      /** Day from which the person is gone. */
      leftOn: daySchema.nullable(),
      deleted,
    })
    .partial(),
  ticket: z
    .strictObject({
      subject: text.nullable(),
      status: z.enum(["new", "open", "pending", "hold", "solved", "closed"]),
      priority: z.enum(["low", "normal", "high", "urgent"]).nullable(),
      openedAt: momentSchema,
      firstRespondedAt: momentSchema.nullable(),
      solvedAt: momentSchema.nullable(),
      escalated: z.boolean().nullable(),
      /** How often it was opened again, as the vendor counts; without it the changes of its status are counted. */
      reopens: z.int().nonnegative().nullable(),
      deleted,
    })
    .partial(),
  survey: z
    .strictObject({
      type: z.enum(["nps", "csat", "ces"]),
      /** A survey without a score was asked and not answered. As answered: NPS 0–10, CSAT 1–`scale` (5 unless given), CES 1–7. */
      score: quantity,
      scale: quantity.positive().nullable(),
      comment: text.nullable(),
      contact: label.nullable(),
      deleted,
    })
    .partial(),
  subscription: z
    .strictObject({
      plan: label.nullable(),
      status: z.enum(["active", "trialing", "past_due", "paused", "canceled", "incomplete", "unpaid"]).nullable(),
      startsOn: daySchema,
      /** First day on which it is no longer in force. */
      endsOn: daySchema.nullable(),
      periodEndsOn: daySchema.nullable(),
      /** Price of one interval, for all seats. */
      amountMinor: minorUnits,
      currency: currencySchema,
      interval: z.enum(["month", "quarter", "year"]),
      seats: z.int().nonnegative().nullable(),
      trial: z.boolean().nullable(),
      autoRenew: z.boolean().nullable(),
      /** Day on which the customer said that it will end. */
      noticeOn: daySchema.nullable(),
      deleted,
    })
    .partial(),
  invoice: z
    .strictObject({
      number: label.nullable(),
      status: z.enum(["open", "paid", "void", "uncollectible"]),
      amountMinor: minorUnits,
      currency: currencySchema,
      issuedOn: daySchema,
      dueOn: daySchema,
      paidAt: momentSchema.nullable(),
      /** What has been paid of it so far. */
      amountPaidMinor: minorUnits.nullable(),
      /** The newest attempt to collect it that failed; each failed attempt is a change of its own. */
      paymentFailedAt: momentSchema.nullable(),
      deleted,
    })
    .partial(),
  opportunity: z
    .strictObject({
      name: label.nullable(),
      type: z.enum(["new", "expansion", "renewal"]).nullable(),
      outcome: z.enum(["open", "won", "lost"]),
      amountMinor: minorUnits.nullable(),
      currency: currencySchema.nullable(),
      closesOn: daySchema.nullable(),
      deleted,
    })
    .partial(),
  touchpoint: z
    .strictObject({
      type: z.enum(["call", "meeting", "email", "visit", "other"]),
      by: label.nullable(),
      note: text.nullable(),
      deleted,
    })
    .partial(),
  event: z.strictObject({ name: label, payload: z.record(z.string(), z.json()), deleted }).partial(),
  /** What the CSM feels: 1 (will leave) to 5 (delighted). Each is a record of its own. */
  pulse: z.strictObject({ score: z.int().min(1).max(5), note: text.nullable(), by: label }).partial(),
  note: z.strictObject({ text, by: label }).partial(),
  /** One record per account, id `override`: what people are shown in place of the computed score or band; both null takes it back. */
  override: z
    .strictObject({
      score: z.number().min(0).max(100).nullable(),
      band: label.nullable(),
      /** First moment at which it no longer holds. */
      until: momentSchema.nullable(),
      reason: text,
      by: label,
    })
    .partial(),
  /** The record's id is the milestone's, and so is `milestone`; `reached: false` takes back a slip of the hand. */
  milestone: z.strictObject({ milestone: label, reached: z.boolean(), note: text.nullable(), by: label }).partial(),
  /** One record per account, id `stage`: null gives the choice back to the CRM and the rules. */
  stage: z.strictObject({ stage: label.nullable(), reason: text.nullable(), by: label }).partial(),
  /** One record per account, id `snooze`: until then no playbook begins a run; null ends it. */
  snooze: z.strictObject({ until: momentSchema.nullable(), reason: text.nullable(), by: label }).partial(),
} as const satisfies Record<RecordKind, z.ZodType>;

export type FieldsOf<K extends RecordKind> = z.infer<(typeof recordFields)[K]>;

/** One change of one record, as every door hands it in. For `account` records `account` is left out: `id` is the account's. */
export type RecordInput = {
  readonly [K in RecordKind]: {
    readonly kind: K;
    /** The record's id in its source; unique there within its kind. */
    readonly id: string;
    /** The account's key, or its id in this source. */
    readonly account?: string | undefined;
    /** When it became true. */
    readonly at: string;
    readonly set: FieldsOf<K>;
  };
}[RecordKind];

/**
 * Usage, either a day's total (`mode: "daily"`: a later one replaces it) or one event (`mode: "event"`: summed by day, deduped by
 * `id`, or by its content where it has none).
 */
export interface UsageInput {
  readonly kind: "usage";
  readonly mode: "daily" | "event";
  readonly account: string;
  readonly name: string;
  /** The account's local day. */
  readonly day: string;
  readonly value: number;
  readonly id?: string | undefined;
  /** Who used it, by any id the sender has: counted, never shown. Events only. */
  readonly user?: string | undefined;
}

export type Input = RecordInput | UsageInput;

/** `usage.<name>` must be readable inside a metric name: no dots. */
export const usageNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,99}$/i, "a usage name has letters, digits, _ and - only, at most 100");

const changeOf = <K extends RecordKind>(kind: K) =>
  z.strictObject({
    kind: z.literal(kind),
    id: label,
    account:
      kind === "account"
        ? z.undefined({ error: "an account record is named by its own id: leave account out" }).optional()
        : label,
    at: momentSchema,
    set: recordFields[kind],
  });

/** The door's parser of one input, for the API and for imports alike. */
export const inputSchema = z.discriminatedUnion("kind", [
  changeOf("account"),
  changeOf("contact"),
  changeOf("ticket"),
  changeOf("survey"),
  changeOf("subscription"),
  changeOf("invoice"),
  changeOf("opportunity"),
  changeOf("touchpoint"),
  changeOf("event"),
  z
    .strictObject({
      kind: z.literal("usage"),
      mode: z.enum(["daily", "event"]).default("daily"),
      account: label,
      name: usageNameSchema,
      day: daySchema,
      value: quantity,
      id: label.optional(),
      user: label.optional(),
    })
    .refine(({ mode, user }) => mode === "event" || user === undefined, {
      path: ["user"],
      error: "a day's total has no user: only an event has",
    }),
]);
