import { z } from "zod";
import { type ConditionDocument, conditionSchema } from "../../scoring/conditions.ts";
import { durationSchema } from "../../scoring/duration.ts";
import { surveyWordsSchema } from "../survey/words.ts";
import { kebabSchema, nameSchema, scalarSchema, templateSchema, timeOfDaySchema } from "./words.ts";

const frame = {
  id: kebabSchema,
  /** Only if this is so when the step is reached; it is passed over otherwise. */
  if: conditionSchema.optional(),
  /** Reached later than this after it was due, it is passed over. */
  skipAfter: durationSchema.optional(),
};

/** Told together with others to the same receiver: after a while, or at a time of day of the owner. */
const digestSchema = z.union([z.strictObject({ window: durationSchema }), z.strictObject({ at: timeOfDaySchema })]);
export type DigestDocument = z.infer<typeof digestSchema>;

const emailSchema = z.strictObject({
  ...frame,
  do: z.literal("email"),
  to: z.union([z.literal("primary-contact"), z.literal("owner"), z.strictObject({ address: z.email() })]),
  subject: templateSchema,
  body: templateSchema,
  /** An e-mail channel; may be left out where there is only one. */
  via: nameSchema.optional(),
  /** To the owner only. */
  digest: digestSchema.optional(),
});
const slackSchema = z.strictObject({
  ...frame,
  do: z.literal("slack"),
  to: nameSchema,
  text: templateSchema,
  digest: digestSchema.optional(),
});
const taskSchema = z.strictObject({
  ...frame,
  do: z.literal("task"),
  title: templateSchema,
  body: templateSchema.optional(),
  /** `owner`, `manager` (of the owner), the id of an owner, or one of several. */
  assignee: z.union([
    nameSchema,
    z.strictObject({ leastLoaded: z.array(nameSchema).min(1).max(200) }),
    z.strictObject({ roundRobin: z.array(nameSchema).min(1).max(200) }),
  ]),
  dueInDays: z.int().min(0).max(3650).optional(),
  /** By the calendar of who is given the task. */
  dueInWorkingDays: z.int().min(0).max(1000).optional(),
  /** The source whose CRM is to have the task, too. */
  sync: nameSchema.optional(),
});
const webhookSchema = z.strictObject({
  ...frame,
  do: z.literal("webhook"),
  to: nameSchema,
  /** Texts are templates. */
  payload: z
    .record(z.string().regex(/^[A-Za-z_][\w-]{0,99}$/), z.union([templateSchema, z.number(), z.boolean()]))
    .optional(),
});
const waitSchema = z.strictObject({
  ...frame,
  do: z.literal("wait"),
  /** For a time; with `until` or `untilDate` the longest it waits. */
  for: durationSchema.optional(),
  workingDays: z.int().min(1).max(250).optional(),
  /** Until this is so. */
  until: conditionSchema.optional(),
  /** Until a day that a fact names (or a number of days to come leads to), in the account's zone. */
  untilDate: z
    .strictObject({
      fact: z.string(),
      daysBefore: z.int().min(0).max(400).optional(),
      daysAfter: z.int().min(0).max(400).optional(),
      at: timeOfDaySchema.default("09:00"),
    })
    .optional(),
});
const surveySchema = z.strictObject({
  ...frame,
  do: z.literal("survey"),
  survey: z.enum(["nps", "csat", "ces"]),
  to: z.literal("primary-contact").default("primary-contact"),
  subject: templateSchema,
  /** Stands above the question. */
  intro: templateSchema.optional(),
  /** In place of the standard question. */
  question: templateSchema.optional(),
  /** In place of the standard words beside it, as for a question in another language. */
  words: surveyWordsSchema.optional(),
  via: nameSchema.optional(),
  /** How long an answer is taken. */
  expiresAfter: durationSchema.default("30d"),
});
const setFieldSchema = z.strictObject({
  ...frame,
  do: z.literal("set-field"),
  /** `segment`, `owner` or `account.fields.<name>`. */
  field: z.string(),
  /** Texts are templates; null empties the field. */
  value: scalarSchema.nullable(),
});
const updateCrmSchema = z.strictObject({
  ...frame,
  do: z.literal("update-crm"),
  /** A source that takes fields. */
  source: nameSchema,
  /** As the CRM names it. */
  field: nameSchema,
  value: scalarSchema.nullable(),
});
const setStageSchema = z.strictObject({
  ...frame,
  do: z.literal("set-stage"),
  stage: nameSchema,
  reason: templateSchema.optional(),
});
const callPlaybookSchema = z.strictObject({ ...frame, do: z.literal("call-playbook"), playbook: kebabSchema });
const stopSchema = z.strictObject({ ...frame, do: z.literal("stop"), reason: nameSchema.optional() });

/** A step that parts ways: one of `cases` and `random`. */
export interface BranchDocument {
  readonly id: string;
  readonly if?: ConditionDocument | undefined;
  readonly skipAfter?: string | undefined;
  readonly do: "branch";
  /** The first whose condition is true. */
  readonly cases?: readonly { readonly when: ConditionDocument; readonly steps: readonly StepDocument[] }[] | undefined;
  readonly otherwise?: readonly StepDocument[] | undefined;
  /** By chance, in these proportions. */
  readonly random?: readonly { readonly weight: number; readonly steps: readonly StepDocument[] }[] | undefined;
}

const leafSchemas = {
  email: emailSchema,
  slack: slackSchema,
  task: taskSchema,
  webhook: webhookSchema,
  wait: waitSchema,
  survey: surveySchema,
  "set-field": setFieldSchema,
  "update-crm": updateCrmSchema,
  "set-stage": setStageSchema,
  "call-playbook": callPlaybookSchema,
  stop: stopSchema,
} as const;

type LeafDocument = { [K in keyof typeof leafSchemas]: z.infer<(typeof leafSchemas)[K]> }[keyof typeof leafSchemas];
export type StepDocument = LeafDocument | BranchDocument;

/** Published: what stands in a branch is a step again. */
const branchSchema = z.strictObject({
  ...frame,
  do: z.literal("branch"),
  get cases() {
    return z
      .array(z.strictObject({ when: conditionSchema, steps: stepListSchema }))
      .min(1)
      .max(20)
      .optional();
  },
  get otherwise() {
    return stepListSchema.optional();
  },
  get random() {
    return z
      .array(z.strictObject({ weight: z.number().positive().max(1e6), steps: stepListSchema }))
      .min(2)
      .max(20)
      .optional();
  },
});

/** The kinds of step, by `do`. The steps in a branch are not looked into here: they are read one by one, as those around them. */
export const stepSchemas = {
  ...leafSchemas,
  branch: z.strictObject({
    ...frame,
    do: z.literal("branch"),
    cases: z
      .array(z.strictObject({ when: z.unknown(), steps: z.array(z.unknown()).max(100) }))
      .min(1)
      .max(20)
      .optional(),
    otherwise: z.array(z.unknown()).max(100).optional(),
    random: z
      .array(z.strictObject({ weight: z.number().positive().max(1e6), steps: z.array(z.unknown()).max(100) }))
      .min(2)
      .max(20)
      .optional(),
  }),
} as const;

const stepSchema: z.ZodType<StepDocument> = z.discriminatedUnion("do", [
  emailSchema,
  slackSchema,
  taskSchema,
  webhookSchema,
  waitSchema,
  surveySchema,
  setFieldSchema,
  updateCrmSchema,
  setStageSchema,
  callPlaybookSchema,
  stopSchema,
  branchSchema,
]);
const stepListSchema = z.array(z.lazy(() => stepSchema)).max(100);

export const stepsSchema = z.array(stepSchema).min(1, "expected at least one step").max(100);

/** What is done when an episode that was told of is over. */
export const recoveryStepSchema = z.discriminatedUnion("do", [emailSchema, slackSchema, webhookSchema]);
