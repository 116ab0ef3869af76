import { z } from "zod";
import { conditionSchema } from "../conditions.ts";
import { durationSchema } from "../duration.ts";
import type { Vocabulary } from "../fault.ts";

const id = z
  .string()
  .max(60, "expected at most 60 characters")
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "expected lower-case letters and digits, with - between them");
const name = z.string().min(1, "expected a name").max(200, "expected at most 200 characters");
const word = z.string().min(1, "expected a text").max(300, "expected at most 300 characters");

/** What may decide a stage. */
export const stageDeciders = ["hand", "crm", "conditions"] as const;
export type StageDecider = (typeof stageDeciders)[number];

const stageSchema = z.strictObject({
  id,
  name,
  crm: z
    .array(word)
    .max(50, "expected at most 50 values")
    .describe("Values of the account's stage field that mean this stage; its id and its name always do")
    .default([]),
  when: conditionSchema.describe("While this is true an account moves to this stage").optional(),
  from: z
    .array(id)
    .min(1, "expected at least one stage")
    .describe("The stages from which `when` leads here; left out: from any")
    .optional(),
});

const expectedSchema = z.strictObject({
  within: durationSchema.describe("How long it should take"),
  from: z
    .union([z.literal("began"), z.strictObject({ stage: id }), z.strictObject({ milestone: id })])
    .describe("From when on: the account's first day, the entry into a stage, or another milestone")
    .default("began"),
});

const milestoneSchema = z.strictObject({
  id,
  name,
  stage: id.describe("The stage it belongs to, for those who read the journey").optional(),
  when: conditionSchema.describe("It is reached at the first moment this is true").optional(),
  event: z
    .strictObject({ name: word, where: z.record(word, z.union([z.string(), z.number(), z.boolean()])).default({}) })
    .describe("It is reached by the first event of this name whose payload has these values")
    .optional(),
  anniversary: z
    .int("expected whole years")
    .min(1, "expected 1 year or more")
    .max(100, "expected at most 100 years")
    .describe("It is reached so many years after the account's first day")
    .optional(),
  byHand: z.boolean().describe("Whether a person may say that it is reached").default(true),
  expected: expectedSchema.optional(),
  stuckAfter: durationSchema
    .describe("So long after the expected time it counts as stuck; 14d unless given")
    .optional(),
});

/** `lifecycle.json` as managers write it. */
export const lifecycleSchema = z.strictObject({
  $schema: z.string().optional(),
  precedence: z
    .array(z.enum(stageDeciders))
    .min(1, "expected at least one of hand, crm and conditions")
    .describe("What decides the stage: the first of these that names one")
    .default([...stageDeciders]),
  stages: z.array(stageSchema).min(1, "expected at least one stage").max(50, "expected at most 50 stages"),
  milestones: z.array(milestoneSchema).max(200, "expected at most 200 milestones").default([]),
});
export type LifecycleDocument = z.infer<typeof lifecycleSchema>;

/** Words of the format, for suggestions. */
export const lifecycleWords: Vocabulary = {
  keys: [
    ...Object.keys(lifecycleSchema.shape),
    ...Object.keys(stageSchema.shape),
    ...Object.keys(milestoneSchema.shape),
    ...["within", "where"],
  ],
  planned: [],
};
