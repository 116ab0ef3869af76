import { z } from "zod";
import { conditionSchema } from "../scoring/conditions.ts";
import { durationSchema } from "../scoring/duration.ts";
import type { Vocabulary } from "../scoring/fault.ts";
import { guardsSchema } from "./schema/guards.ts";
import { recoveryStepSchema, stepSchemas, stepsSchema } from "./schema/steps.ts";
import { triggerSchema, triggerSchemas } from "./schema/triggers.ts";
import { kebabSchema, nameSchema, prioritySchema } from "./schema/words.ts";

export type { DigestDocument, StepDocument } from "./schema/steps.ts";
export type { TriggerDocument } from "./schema/triggers.ts";

const entrySchema = z.strictObject({
  /** `once`: one run for an account, ever. */
  mode: z.enum(["episode", "once"]).default("episode"),
  /** While it fires: another run each time so long after the last. */
  repeatEvery: durationSchema.optional(),
  cooldown: durationSchema.optional(),
  onActivate: z.enum(["baseline", "fire"]).default("baseline"),
});

const goalSchema = z.strictObject({ when: conditionSchema, within: durationSchema });

/** A playbook document. */
export const playbookSchema = z.strictObject({
  $schema: z.string().optional(),
  id: kebabSchema,
  name: nameSchema,
  enabled: z.boolean(),
  priority: prioritySchema.default("warning"),
  /** A higher priority while one of these is so: the first that is true counts. */
  severity: z
    .array(z.strictObject({ when: conditionSchema, priority: prioritySchema }))
    .min(1)
    .max(5)
    .optional(),
  audience: conditionSchema.optional(),
  trigger: triggerSchema,
  entry: entrySchema.default({ mode: "episode", onActivate: "baseline" }),
  guards: guardsSchema.default({}),
  /** So many of a hundred accounts get a run in which nothing is done, to compare with. */
  holdout: z.strictObject({ percent: z.number().gt(0).max(50) }).optional(),
  /** What a run is to bring about: reached, it ends. */
  goal: goalSchema.optional(),
  /** A run ends as soon as this is so. */
  exit: conditionSchema.optional(),
  /** What becomes of the open tasks of a run that its exit or goal ends. */
  whenEnded: z.strictObject({ openTasks: z.enum(["keep", "close"]) }).default({ openTasks: "keep" }),
  steps: stepsSchema,
  /** Done when an episode whose run had begun is over. */
  onRecover: z.array(recoveryStepSchema).min(1).max(10).optional(),
});

export type PlaybookDocument = z.infer<typeof playbookSchema>;

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
  schemas: triggerSchemas,
  planned: ["risk"],
  plannedKeys: [],
};

export const stepVariants: Variants = {
  key: "do",
  schemas: stepSchemas,
  planned: ["sms"],
  plannedKeys: [],
};

const recoveryKinds: readonly string[] = ["email", "slack", "webhook"];

/** What may stand in `onRecover`. */
export const recoveryVariants: Variants = {
  ...stepVariants,
  schemas: Object.fromEntries(Object.entries(stepSchemas).filter(([kind]) => recoveryKinds.includes(kind))),
};

/** The frame of the document, its variants and conditions not looked into. */
export const frameSchema = playbookSchema.extend({
  audience: z.unknown().optional(),
  trigger: z.unknown().optional(),
  severity: z
    .array(z.strictObject({ when: z.unknown(), priority: prioritySchema }))
    .min(1)
    .max(5)
    .optional(),
  goal: goalSchema.extend({ when: z.unknown() }).optional(),
  exit: z.unknown().optional(),
  steps: z.array(z.unknown()).min(1, "expected at least one step").max(100),
  onRecover: z.array(z.unknown()).min(1).max(10).optional(),
});

/** Keys the frame knows, and those that come later. */
export const frameVocabulary: Vocabulary = {
  keys: [
    ...Object.keys(playbookSchema.shape),
    ...Object.keys(entrySchema.shape),
    ...Object.keys(guardsSchema.shape),
    ...Object.keys(goalSchema.shape),
  ],
  planned: [],
};
