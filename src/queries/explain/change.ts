import { z } from "zod";
import type { Scorer } from "../../scoring/account-score.ts";
import { compileHealthModel, type HealthModel } from "../../scoring/health-model.ts";
import { type ScoreSide, type SplitPart, splitCauses, splitScores } from "../../scoring/split.ts";
import type { Db } from "../../store/db.ts";
import { readDocument } from "../../store/documents.ts";
import type { StoredScore } from "../../store/scores.ts";

const momentSchema = z.strictObject({
  asOf: z.string(),
  score: z.number().nullable(),
  band: z.string().nullable(),
  model: z.string(),
  revision: z.number(),
  /** False where the score was computed for this question, from what was known then. */
  isStored: z.boolean(),
});

/** Why a score moved since a day. */
export const scoreChangeSchema = z.strictObject({
  from: momentSchema,
  to: momentSchema,
  /** `to` less `from`; null where the difference cannot be taken apart, for `reason`. */
  points: z.number().nullable(),
  reason: z.string().nullable(),
  /** One per cause, in the order in which the difference is taken apart; they add up to `points` exactly, shares to their part. */
  parts: z.array(
    z.strictObject({
      cause: z.enum(splitCauses),
      points: z.number(),
      words: z.string(),
      shares: z.array(
        z.strictObject({ group: z.string(), measure: z.string(), points: z.number(), words: z.string() }),
      ),
    }),
  ),
});
export type ScoreChange = z.infer<typeof scoreChangeSchema>;

/** A score, and whether it was stored or computed for a question. */
export interface KeptScore {
  readonly score: StoredScore;
  readonly isStored: boolean;
}

/** Takes the difference of two scores of one account apart, each by the revision of the model that made it. */
export async function explainChange(db: Db, scorer: Scorer, before: KeptScore, after: KeptScore): Promise<ScoreChange> {
  const ends = { from: momentOf(before), to: momentOf(after) };
  const unknown = (reason: string): ScoreChange => ({ ...ends, points: null, reason, parts: [] });
  if (before.score.at >= after.score.at) return unknown("the day to compare with is not before the score's own");
  const was = await sideOf(db, scorer, before.score);
  if (was === null) return unknown(lostModel(before.score));
  const is = await sideOf(db, scorer, after.score);
  if (is === null) return unknown(lostModel(after.score));
  const split = splitScores(was, is);
  if (split.kind === "unknown") return unknown(split.reason);
  return { ...ends, points: split.points, reason: null, parts: split.parts.map(plainPart) };
}

function momentOf({ score: { at, score, band, modelId, modelRevision }, isStored }: KeptScore): ScoreChange["from"] {
  return { asOf: at.toISOString(), score, band, model: modelId, revision: modelRevision, isStored };
}

function lostModel({ modelId, modelRevision }: StoredScore): string {
  return `the health model ${modelId} revision ${modelRevision} can no longer be read`;
}

async function sideOf(db: Db, scorer: Scorer, stored: StoredScore): Promise<ScoreSide | null> {
  const model = await modelOf(db, scorer, stored);
  if (model === null) return null;
  const { drivers, score, computed, metrics } = stored;
  return { model, metrics: new Map(Object.entries(metrics)), drivers, score, computed };
}

async function modelOf(db: Db, scorer: Scorer, { modelId, modelRevision }: StoredScore): Promise<HealthModel | null> {
  const live = scorer.models.find(({ id, revision }) => id === modelId && revision === modelRevision);
  if (live !== undefined) return live;
  const document = await readDocument(db, "health-model", modelId, modelRevision);
  const compiled = document === undefined ? null : compileHealthModel(document, modelRevision);
  return compiled !== null && "model" in compiled ? compiled.model : null;
}

function plainPart({ cause, points, words, shares }: SplitPart): ScoreChange["parts"][number] {
  return { cause, points, words, shares: shares.map((share) => ({ ...share })) };
}
