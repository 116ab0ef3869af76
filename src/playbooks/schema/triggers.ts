import { z } from "zod";
import { weekdays } from "../../scoring/calendar.ts";
import { conditionSchema } from "../../scoring/conditions.ts";
import { durationSchema } from "../../scoring/duration.ts";
import { nameSchema, namesSchema, scalarSchema, timeOfDaySchema } from "./words.ts";

const times = { for: durationSchema.optional(), keepFor: durationSchema.optional() };

const thresholdSchema = z.strictObject({
  on: z.literal("threshold"),
  when: conditionSchema,
  for: durationSchema.optional(),
  recover: conditionSchema.optional(),
  keepFor: durationSchema.optional(),
});
const bandSchema = z.strictObject({
  on: z.literal("band"),
  /** A band, or several. */
  enters: namesSchema,
  ...times,
});
const stageSchema = z.strictObject({
  on: z.literal("stage"),
  /** A stage, or several. One of `enters`, `leaves` and `stuck`. */
  enters: namesSchema.optional(),
  leaves: namesSchema.optional(),
  /** In one of these stages for longer than `after`. */
  stuck: namesSchema.optional(),
  /** With `stuck`: for how long, in whole days. */
  after: durationSchema.optional(),
  /** With `enters`: the stage before, or several it may be. */
  from: namesSchema.optional(),
  ...times,
});
const milestoneSchema = z.strictObject({
  on: z.literal("milestone"),
  milestone: nameSchema,
  /** `overdue`: behind or stuck; `behind` is the same. */
  status: z.enum(["reached", "overdue", "behind", "stuck"]).default("reached"),
});
const renewalSchema = z.strictObject({
  on: z.literal("renewal"),
  /** Before the end of a period, in whole days. One of the two. */
  within: durationSchema.optional(),
  /** Before the end of a period, in working days of the account's owner. */
  withinWorkingDays: z.int().min(1).max(250).optional(),
});
const changeSchema = z.strictObject({
  on: z.literal("change"),
  // Not the schema of a name: the published form of this one lists the facts.
  fact: z.string().describe("A number with fallsBy or risesBy; else the stage or a field of the account"),
  fallsBy: z.number().optional(),
  risesBy: z.number().optional(),
  from: z.union([scalarSchema, z.array(scalarSchema).min(1)]).optional(),
  to: z.union([scalarSchema, z.array(scalarSchema).min(1)]).optional(),
  within: durationSchema.optional(),
  ...times,
});
/** The kinds of record that a trigger can wait for. */
export const arrivalKinds = [
  "event",
  "ticket",
  "survey",
  "invoice",
  "subscription",
  "opportunity",
  "touchpoint",
  "contact",
  "pulse",
] as const;
export type ArrivalKind = (typeof arrivalKinds)[number];

const eventSchema = z.strictObject({
  on: z.literal("event"),
  /** What arrives: a kind of record. */
  record: z.enum(arrivalKinds),
  /** What must be so of its fields, as in `{ "fact": "priority", "is": "urgent" }`; left out, any will do. */
  where: conditionSchema.optional(),
  /** One that became true longer ago is no news. */
  within: durationSchema.optional(),
});
const surveySchema = z.strictObject({
  on: z.literal("survey"),
  type: z.enum(["nps", "csat", "ces"]),
  /** What must be so of the answer: facts `score` and `comment`. */
  where: conditionSchema.optional(),
  within: durationSchema.optional(),
});
const segmentSchema = z.strictObject({
  on: z.literal("segment"),
  /** A segment, or several; one of the two. */
  enters: namesSchema.optional(),
  leaves: namesSchema.optional(),
  ...times,
});
const scheduleSchema = z.strictObject({
  on: z.literal("schedule"),
  /** In the account's zone. */
  at: timeOfDaySchema.default("09:00"),
  /** On these days of the week; left out, on any. */
  weekdays: z.array(z.enum(weekdays)).min(1).optional(),
  /** On these days of the month; -1 is the last one. */
  daysOfMonth: z
    .array(
      z
        .int()
        .min(-28)
        .max(31)
        .refine((day) => day !== 0, { error: "expected a day of the month, or -1 for the last" }),
    )
    .min(1)
    .optional(),
  /** In these months, 1 to 12. */
  months: z.array(z.int().min(1).max(12)).min(1).optional(),
  /** Only if this is so at that time. */
  when: conditionSchema.optional(),
});
const disagreementSchema = z.strictObject({
  on: z.literal("disagreement"),
  /** Statements that cannot all be right: it begins when they are all true. */
  between: z.array(conditionSchema).min(2).max(10).optional(),
  /** Or two facts that should say the same. */
  facts: z.tuple([z.string(), z.string()]).optional(),
  /** With `facts` that are numbers: how far apart they may not be. */
  by: z.number().positive().optional(),
  ...times,
});

/** The kinds of trigger that are built, by `on`. */
export const triggerSchemas = {
  threshold: thresholdSchema,
  band: bandSchema,
  stage: stageSchema,
  milestone: milestoneSchema,
  renewal: renewalSchema,
  change: changeSchema,
  event: eventSchema,
  survey: surveySchema,
  segment: segmentSchema,
  schedule: scheduleSchema,
  disagreement: disagreementSchema,
} as const;

export const triggerSchema = z.discriminatedUnion("on", [
  thresholdSchema,
  bandSchema,
  stageSchema,
  milestoneSchema,
  renewalSchema,
  changeSchema,
  eventSchema,
  surveySchema,
  segmentSchema,
  scheduleSchema,
  disagreementSchema,
]);
export type TriggerDocument = z.infer<typeof triggerSchema>;
