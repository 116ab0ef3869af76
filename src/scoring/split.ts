import { splitChildren } from "./split/children.ts";
import { splitLimits } from "./split/limits.ts";
import { splitMeasures } from "./split/measures.ts";
import type { Cause, SplitShare } from "./split/shares.ts";
import { isRolledUp, type ScoreSide } from "./split/side.ts";
import { signed } from "./split/words.ts";

export type { ScoreSide } from "./split/side.ts";

/** Why a score moved, in the order in which the difference is taken apart. */
export const splitCauses = ["data", "missing", "configuration", "override", "cap"] as const;
type SplitCause = (typeof splitCauses)[number];

/** What one cause has in a difference. */
export interface SplitPart {
  readonly cause: SplitCause;
  /** With one decimal; the parts add up to the difference exactly. */
  readonly points: number;
  /** The greatest first; what did not move is left out. */
  readonly shares: readonly SplitShare[];
  readonly words: string;
}

/** The difference of two scores taken apart, or why it cannot be. */
export type ScoreSplit =
  | {
      readonly kind: "split";
      /** After less before. */
      readonly points: number;
      /** One of each cause, in their order. */
      readonly parts: readonly SplitPart[];
    }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Takes the difference of two scores of one account apart, in a fixed order: what was measured (data), what came, went, grew stale or
 * is held (missing), the model (configuration), overrides, caps. Each part is what its cause changes after those before it; parts, and
 * the shares within each, add up exactly in tenths of a point.
 */
export function splitScores(before: ScoreSide, after: ScoreSide): ScoreSplit {
  if (before.score === null) return { kind: "unknown", reason: "there was no score before" };
  if (after.score === null) return { kind: "unknown", reason: "there is no score now" };
  const base = isRolledUp(before) || isRolledUp(after) ? splitChildren(before, after) : splitMeasures(before, after);
  const causes = { ...base, override: splitLimits("override", before, after), cap: splitLimits("cap", before, after) };
  const parts = splitCauses.map((cause) => partOf(cause, causes[cause], after));
  return { kind: "split", points: (Math.round(after.score * 10) - Math.round(before.score * 10)) / 10, parts };
}

function partOf(cause: SplitCause, { tenths, shares }: Cause, after: ScoreSide): SplitPart {
  return { cause, points: tenths / 10, shares, words: `${signed(tenths / 10)} ${causeWords[cause](after)}` };
}

const causeWords: Readonly<Record<SplitCause, (after: ScoreSide) => string>> = {
  data: () => "by what was measured",
  missing: () => "by what came, went, grew stale or is held",
  configuration: ({ model }) => `by the health model, now ${model.id} revision ${model.revision}`,
  override: () => "by overrides",
  cap: () => "by caps",
};
