import { z } from "zod";
import { archivalSchema } from "../archival.ts";
import { scoreChangeSchema } from "./change.ts";

const stateSchema = z.enum(["value", "no-data", "stale", "not-applicable"]);
const driverStateSchema = z.enum([...stateSchema.options, "held"]);
const valueSchema = z.union([z.number(), z.string()]).nullable();

const lifecycleSchema = z.strictObject({
  stage: z.string().nullable(),
  decidedBy: z.enum(["hand", "crm", "conditions"]).nullable(),
  since: z.string().nullable(),
  previous: z.string().nullable(),
  reason: z.string(),
  milestones: z.array(
    z.strictObject({
      id: z.string(),
      status: z.enum(["reached", "on-track", "behind", "stuck", "open"]),
      reachedAt: z.string().nullable(),
      by: z.enum(["condition", "event", "hand"]).nullable(),
      expectedAt: z.string().nullable(),
    }),
  ),
});

/** What `explain --json` and `GET /api/v1/accounts/:id` answer. */
export const explanationSchema = z.strictObject({
  /** The account's key. */
  account: z.string(),
  name: z.string(),
  owner: z.string().nullable(),
  segment: z.string().nullable(),
  stage: z.string().nullable(),
  /** As of now, whatever day is asked for. */
  archived: archivalSchema,
  /** The moment the score speaks of. */
  asOf: z.string(),
  model: z.string(),
  revision: z.number(),
  score: z.number().nullable(),
  band: z.string().nullable(),
  /** Why this model; null in scores of an older version, as the next four. */
  modelReason: z.string().nullable(),
  /** The score as it would be without an override. */
  computed: z.number().nullable(),
  /** Without a score: the band of what is known, as a hint. */
  suggestedBand: z.string().nullable(),
  /** How far the score can be relied on: coverage × freshness × history, each 0–1. */
  confidence: z
    .strictObject({ value: z.number(), coverage: z.number(), freshness: z.number(), history: z.number() })
    .nullable(),
  lifecycle: lifecycleSchema.nullable(),
  /** What a person put in place of the computed score or band. */
  override: z
    .strictObject({
      score: z.number().nullable(),
      band: z.string().nullable(),
      until: z.string().nullable(),
      reason: z.string(),
      by: z.string(),
    })
    .nullable(),
  /** 0–1. */
  coverage: z.number(),
  reason: z.string(),
  /** Why the score moved. */
  change: scoreChangeSchema,
  drivers: z.array(
    z.strictObject({
      group: z.string(),
      measure: z.string(),
      metric: z.string(),
      value: valueSchema,
      unit: z.string(),
      ageDays: z.number().nullable(),
      state: driverStateSchema,
      points: z.number().nullable(),
      weight: z.number(),
      contribution: z.number(),
      reason: z.string().optional(),
    }),
  ),
  metrics: z.record(
    z.string(),
    z.strictObject({
      value: valueSchema,
      unit: z.string(),
      ageDays: z.number().nullable(),
      state: stateSchema,
      reason: z.string().optional(),
    }),
  ),
  playbooks: z.array(
    z.strictObject({
      id: z.string(),
      /** Why it fired or did not, in a sentence. */
      reason: z.string(),
      state: z.string(),
      since: z.string().nullable(),
      /** When time alone may change the state. */
      dueAt: z.string().nullable(),
      /** What keeps its run from beginning. */
      guard: z.string().nullable(),
      /** Each with what it found; `truth` is null where that is not known. */
      conditions: z.array(
        z.strictObject({
          part: z.enum(["audience", "trigger", "recovery"]),
          fact: z.string(),
          value: z.union([z.string(), z.number(), z.boolean()]).nullable(),
          truth: z.boolean().nullable(),
          words: z.string(),
        }),
      ),
    }),
  ),
});
export type Explanation = z.infer<typeof explanationSchema>;
