import { z } from "zod";
import type { BandRules } from "./bands.ts";
import { type CompiledCondition, compileCondition, conditionSchema } from "./conditions.ts";
import { toTenths } from "./contributions.ts";
import { dayMs, durationSchema, parseDuration } from "./duration.ts";
import { metricsAmong } from "./fact-catalogue.ts";
import { type Fault, faultsOf, type Vocabulary } from "./fault.ts";
import { type Curve, compileCurve, curveSchema } from "./health-model/curve.ts";
import { appliesToCatalogue, capCatalogue, ruleFaults } from "./health-model/rules.ts";

/** The metric that weighs children by their revenue. */
export const revenueMetric = "billing.mrr";

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "expected lower-case letters, digits and -, at most 60");
const weight = z.number().min(0, "expected a weight of 0 or more").max(1e6, "expected a weight of at most 1000000");
/** Scores have one decimal, so everything compared with them has too. */
const scorePoints = z
  .number()
  .min(0, "expected 0 to 100")
  .max(100, "expected 0 to 100")
  .refine((points) => Math.abs(points * 10 - Math.round(points * 10)) < 1e-9, "expected at most one decimal");

const holdForSchema = durationSchema.describe("How long a measure keeps its last good points while its source fails");

const measureSchema = z.strictObject({
  id,
  metric: z.string().describe("The metric that is measured, such as usage.active_users.avg_28d"),
  per: z.string().describe("A metric to divide by, such as contract.seats").optional(),
  weight,
  curve: curveSchema,
  missing: z
    .union([z.literal("exclude"), z.literal("worst"), scorePoints])
    .describe("Without a fresh value: leave the measure out, or count it with the curve's worst points or with these")
    .default("exclude"),
  maxAge: durationSchema.describe("A value older than this is stale").optional(),
  holdFor: holdForSchema.describe("As the model's, for this measure alone").optional(),
});

const groupSchema = z.strictObject({
  id,
  weight,
  combine: z
    .enum(["mean", "worst"])
    .describe("The group's points: the weighted mean of its measures, or those of its worst")
    .default("mean"),
  measures: z.array(measureSchema).min(1, "expected at least one measure"),
});

const rollUpSchema = z.strictObject({
  method: z.enum(["mean", "revenue", "worst"]).describe("Each child alike, by its MRR, or the worst child alone"),
  includeSelf: z.boolean().describe("Count the account's own measures as one more child").default(false),
});

/** A health model as managers write it. */
export const healthModelSchema = z.strictObject({
  $schema: z.string().optional(),
  id,
  name: z.string().min(1, "expected a name").max(200, "expected at most 200 characters"),
  appliesTo: conditionSchema
    .describe("Which accounts it scores; exactly one model has no appliesTo: the default for all others")
    .optional(),
  priority: z
    .int()
    .min(0, "expected 0 or more")
    .max(1000, "expected at most 1000")
    .describe("Of several models that apply the one with the highest priority scores, then the first by id")
    .default(0),
  bands: z.array(z.strictObject({ id, from: scorePoints })).min(1, "expected at least one band"),
  hysteresis: z.strictObject({ points: scorePoints, dwell: durationSchema }).default({ points: 0, dwell: "0d" }),
  minimumCoverage: z
    .number()
    .min(0, "expected a share from 0 to 1")
    .max(1, "expected a share from 0 to 1")
    .default(0.5),
  holdFor: holdForSchema.default("7d"),
  rollUp: rollUpSchema
    .describe("An account that others name as their parent is scored by their scores instead of its own measures")
    .optional(),
  groups: z.array(groupSchema).min(1, "expected at least one group"),
  caps: z
    .array(
      z.strictObject({
        when: conditionSchema,
        max: scorePoints,
        reason: z.string().min(1, "expected a reason").max(300),
      }),
    )
    .default([]),
});

export type HealthModelDocument = z.infer<typeof healthModelSchema>;

/** Measures that stand together. */
export interface Group {
  readonly id: string;
  readonly weight: number;
  readonly combine: "mean" | "worst";
  /** Its measures are those of the model from `first` up to, not including, `end`. */
  readonly first: number;
  readonly end: number;
}

/** How a parent's score is made from its children's. */
export type RollUp = Readonly<z.infer<typeof rollUpSchema>>;

/** A metric with a weight and a curve to points. */
export interface Measure {
  readonly group: string;
  readonly id: string;
  readonly metric: string;
  /** The metric it is divided by. */
  readonly per: string | null;
  /** Within its group. */
  readonly weight: number;
  /** Its share of the whole model, 0–1, as if every measure counted: the yardstick of coverage. */
  readonly share: number;
  readonly curve: Curve;
  /** Points while there is no fresh value; null leaves the measure out. */
  readonly missingPoints: number | null;
  readonly maxAgeDays: number | null;
  /** How long it keeps its last good points while its source fails, in milliseconds. */
  readonly holdForMs: number;
  /** Only the worst of its group counts. */
  readonly isRival: boolean;
}

/** A limit of the score while a condition holds. */
export interface Cap {
  readonly when: CompiledCondition;
  readonly maxTenths: number;
  readonly reason: string;
}

/** A health model ready to score with. */
export interface HealthModel {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  /** Null: the default model. */
  readonly appliesTo: CompiledCondition | null;
  readonly priority: number;
  readonly bands: BandRules;
  readonly minimumCoverage: number;
  /** Null: every account is scored by its own measures. */
  readonly rollUp: RollUp | null;
  readonly groups: readonly Group[];
  /** In the order written; measures of one group stand together. */
  readonly measures: readonly Measure[];
  readonly caps: readonly Cap[];
  /** What caps name. */
  readonly capFacts: readonly string[];
  /** Every metric it needs, each once. */
  readonly metricNames: readonly string[];
}

const vocabulary: Vocabulary = {
  keys: [
    ...Object.keys(healthModelSchema.shape),
    ...Object.keys(groupSchema.shape),
    ...Object.keys(measureSchema.shape),
    ...Object.keys(rollUpSchema.shape),
    ...["from", "points", "dwell", "when", "max", "reason"],
  ],
  planned: ["extends"],
};

/** Compiles a health model, or lists everything wrong with the document. */
export function compileHealthModel(
  document: unknown,
  revision = 0,
): { readonly model: HealthModel } | { readonly faults: readonly Fault[] } {
  const parsed = healthModelSchema.safeParse(document);
  const shapeFaults = parsed.success ? [] : faultsOf(parsed.error, document, vocabulary);
  const faults = distinct([...shapeFaults, ...ruleFaults(document)]);
  return parsed.success && faults.length === 0 ? { model: compiled(parsed.data, revision) } : { faults };
}

/** A cap's condition is read twice, by shape and by facts. */
function distinct(faults: readonly Fault[]): readonly Fault[] {
  return [...new Map(faults.map((fault) => [`${fault.path} ${fault.message}`, fault])).values()];
}

function compiled(document: HealthModelDocument, revision: number): HealthModel {
  const measures = compileMeasures(document);
  const caps = document.caps.map(compileCap);
  const capFacts = [...new Set(caps.flatMap(({ when }) => when.facts))];
  const appliesTo = document.appliesTo === undefined ? null : compileAppliesTo(document.appliesTo);
  const measured = measures.flatMap(({ metric, per }) => (per === null ? [metric] : [metric, per]));
  const weighing = document.rollUp?.method === "revenue" ? [revenueMetric] : [];
  return {
    id: document.id,
    name: document.name,
    revision,
    appliesTo,
    priority: document.priority,
    bands: {
      bands: document.bands.map((band) => ({ id: band.id, fromTenths: toTenths(band.from) })),
      hysteresisTenths: toTenths(document.hysteresis.points),
      dwellMs: parseDuration(document.hysteresis.dwell) ?? 0,
    },
    minimumCoverage: document.minimumCoverage,
    rollUp: document.rollUp ?? null,
    groups: compileGroups(document),
    measures,
    caps,
    capFacts,
    metricNames: [...new Set([...measured, ...weighing, ...metricsAmong([...capFacts, ...(appliesTo?.facts ?? [])])])],
  };
}

function compileGroups(document: HealthModelDocument): readonly Group[] {
  let first = 0;
  return document.groups.map(({ id, weight, combine, measures }) => {
    const end = first + measures.length;
    const group = { id, weight, combine, first, end };
    first = end;
    return group;
  });
}

function compileMeasures(document: HealthModelDocument): readonly Measure[] {
  const total = sumOf(document.groups);
  return document.groups.flatMap((group) => {
    const groupTotal = sumOf(group.measures);
    return group.measures.map((measure): Measure => {
      const curve = compileCurve(measure.curve);
      return {
        group: group.id,
        id: measure.id,
        metric: measure.metric,
        per: measure.per ?? null,
        weight: measure.weight,
        share: (group.weight / total) * (measure.weight / groupTotal),
        curve,
        missingPoints: missingPoints(measure.missing, curve),
        maxAgeDays: measure.maxAge === undefined ? null : (parseDuration(measure.maxAge) ?? 0) / dayMs,
        holdForMs: parseDuration(measure.holdFor ?? document.holdFor) ?? 0,
        isRival: group.combine === "worst",
      };
    });
  });
}

function missingPoints(missing: "exclude" | "worst" | number, curve: Curve): number | null {
  if (missing === "exclude") return null;
  return missing === "worst" ? curve.worst : missing;
}

function compileCap(cap: HealthModelDocument["caps"][number]): Cap {
  const when = compileCondition(cap.when, capCatalogue);
  if ("faults" in when) throw new Error(`a cap passed the rules but does not compile: ${when.faults[0]?.message}`);
  return { when: when.condition, maxTenths: toTenths(cap.max), reason: cap.reason };
}

function compileAppliesTo(document: NonNullable<HealthModelDocument["appliesTo"]>): CompiledCondition {
  const compiled = compileCondition(document, appliesToCatalogue);
  if ("faults" in compiled)
    throw new Error(`appliesTo passed the rules but does not compile: ${compiled.faults[0]?.message}`);
  return compiled.condition;
}

function sumOf(parts: readonly { readonly weight: number }[]): number {
  return parts.reduce((sum, part) => sum + part.weight, 0);
}
