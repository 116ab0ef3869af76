import { z } from "zod";
import { conditionSchema } from "../scoring/conditions.ts";
import { durationSchema } from "../scoring/duration.ts";
import type { Vocabulary } from "../scoring/fault.ts";
import { longestTemplate } from "./render.ts";

/** Names that are kept in keys and shown in messages: `save-at-risk`. */
const kebab = z
  .string()
  .max(80)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected small letters, digits and single hyphens, such as "save-at-risk"');
const templateText = z.string().min(1).max(longestTemplate);
const name = z.string().min(1).max(200);

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
  enters: z.union([name, z.array(name).min(1)]),
  for: durationSchema.optional(),
  keepFor: durationSchema.optional(),
});
const stageSchema = z.strictObject({
  on: z.literal("stage"),
  /** A stage, or several. */
  enters: z.union([name, z.array(name).min(1)]),
  /** The stage before, or several it may be. */
  from: z.union([name, z.array(name).min(1)]).optional(),
  for: durationSchema.optional(),
  keepFor: durationSchema.optional(),
});
const milestoneSchema = z.strictObject({
  on: z.literal("milestone"),
  milestone: name,
  /** `behind` includes `stuck`. */
  status: z.enum(["reached", "behind", "stuck"]).default("reached"),
});
const renewalSchema = z.strictObject({
  on: z.literal("renewal"),
  /** Before the end of a period, in whole days. */
  within: durationSchema,
});
const value = z.union([z.string(), z.number(), z.boolean()]);
const changeSchema = z.strictObject({
  on: z.literal("change"),
  // Not the schema of a name: the published form of this one lists the facts.
  fact: z.string().describe("A number with fallsBy or risesBy; else the stage or a field of the account"),
  fallsBy: z.number().optional(),
  risesBy: z.number().optional(),
  from: z.union([value, z.array(value).min(1)]).optional(),
  to: z.union([value, z.array(value).min(1)]).optional(),
  within: durationSchema.optional(),
  for: durationSchema.optional(),
  keepFor: durationSchema.optional(),
});

const entrySchema = z.strictObject({
  mode: z.literal("episode").default("episode"),
  cooldown: durationSchema.optional(),
  onActivate: z.enum(["baseline", "fire"]).default("baseline"),
});

const stepSchemas = {
  email: z.strictObject({
    id: kebab,
    do: z.literal("email"),
    to: z.union([z.literal("primary-contact"), z.literal("owner"), z.strictObject({ address: z.email() })]),
    subject: templateText,
    body: templateText,
    /** An e-mail channel; may be left out where there is only one. */
    via: name.optional(),
  }),
  slack: z.strictObject({ id: kebab, do: z.literal("slack"), to: name, text: templateText }),
  task: z.strictObject({
    id: kebab,
    do: z.literal("task"),
    title: templateText,
    body: templateText.optional(),
    /** `owner`, or the id of one. */
    assignee: name,
    dueInDays: z.int().min(0).max(3650).optional(),
    /** By the calendar of who is given the task. */
    dueInWorkingDays: z.int().min(0).max(1000).optional(),
    /** The source whose CRM is to have the task, too. */
    sync: name.optional(),
  }),
  webhook: z.strictObject({
    id: kebab,
    do: z.literal("webhook"),
    to: name,
    /** Texts are templates. */
    payload: z
      .record(z.string().regex(/^[A-Za-z_][\w-]{0,99}$/), z.union([templateText, z.number(), z.boolean()]))
      .optional(),
  }),
  wait: z.strictObject({ id: kebab, do: z.literal("wait"), for: durationSchema }),
} as const;

/** A playbook document. */
export const playbookSchema = z.strictObject({
  $schema: z.string().optional(),
  id: kebab,
  name,
  enabled: z.boolean(),
  priority: z.enum(["info", "warning", "escalation"]).default("warning"),
  audience: conditionSchema.optional(),
  trigger: z.discriminatedUnion("on", [
    thresholdSchema,
    bandSchema,
    stageSchema,
    milestoneSchema,
    renewalSchema,
    changeSchema,
  ]),
  entry: entrySchema.default({ mode: "episode", onActivate: "baseline" }),
  steps: z
    .array(
      z.discriminatedUnion("do", [
        stepSchemas.email,
        stepSchemas.slack,
        stepSchemas.task,
        stepSchemas.webhook,
        stepSchemas.wait,
      ]),
    )
    .min(1, "expected at least one step")
    .max(100),
});

export type PlaybookDocument = z.infer<typeof playbookSchema>;
export type TriggerDocument = PlaybookDocument["trigger"];
export type StepDocument = PlaybookDocument["steps"][number];

/** A part of the format that comes in variants: which key tells them apart, what is built, and what is planned. */
export interface Variants {
  readonly key: "on" | "do";
  readonly schemas: Readonly<Record<string, z.ZodObject>>;
  readonly planned: readonly string[];
  /** Keys of the format that no variant has yet. */
  readonly plannedKeys: readonly string[];
}

export const triggerVariants: Variants = {
  key: "on",
  schemas: {
    threshold: thresholdSchema,
    band: bandSchema,
    stage: stageSchema,
    milestone: milestoneSchema,
    renewal: renewalSchema,
    change: changeSchema,
  },
  planned: ["risk", "event", "survey", "segment", "schedule", "disagreement"],
  plannedKeys: [],
};

export const stepVariants: Variants = {
  key: "do",
  schemas: stepSchemas,
  planned: ["branch", "split", "crm-task", "crm-field", "enroll", "exit", "update", "sms"],
  plannedKeys: ["if", "until"],
};

/** The frame of the document, its variants not looked into. */
export const frameSchema = playbookSchema.extend({
  audience: z.unknown().optional(),
  trigger: z.unknown().optional(),
  steps: z.array(z.unknown()).min(1, "expected at least one step").max(100),
});

/** Keys the frame knows, and those that come later. */
export const frameVocabulary: Vocabulary = {
  keys: [...Object.keys(playbookSchema.shape), ...Object.keys(entrySchema.shape)],
  planned: ["guards", "holdout", "goal", "exit"],
};

/** Values of `entry.mode` that come later. */
export const plannedModes: readonly string[] = ["once", "every", "always", "daily"];
