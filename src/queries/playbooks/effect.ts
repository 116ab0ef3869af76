import { z } from "zod";
import { compareGroups, type Effect, type Share, shareOf } from "../../playbooks/effect.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { durationWords } from "../../scoring/duration.ts";
import type { Db } from "../../store/db.ts";
import { countEffect, type GroupCounts } from "../../store/effects.ts";

const shareShape = z.strictObject({ share: z.number(), low: z.number(), high: z.number() });
const groupShape = z.strictObject({
  accounts: z.int(),
  reached: z.int(),
  /** They still have time. */
  open: z.int(),
  /** Of those who reached the goal among the accounts, with a 95 % interval. */
  share: shareShape,
  scoreBefore: z.number().nullable(),
  scoreAfter: z.number().nullable(),
});

/** What a playbook has brought about. Shares are 0 to 1. */
export const effectSchema = z.strictObject({
  playbook: z.string(),
  /** In words; null where the playbook has no goal. */
  goal: z.string().nullable(),
  treated: groupShape,
  /** Null where nobody was held out. */
  holdout: groupShape.nullable(),
  /** Treated less held out; null where there is nothing to compare with. */
  difference: shareShape.nullable(),
  /** Accounts that are still needed to see a difference of this size; 0: none, null: cannot be said. */
  needed: z.int().nullable(),
  verdict: z.string(),
});
export type EffectAnswer = z.infer<typeof effectSchema>;

/** Counts who reached the playbook's goal, compares with who was held out, and says what that proves. */
export async function readEffect(
  db: Db,
  playbook: CompiledPlaybook,
  from: Date | null,
  now: Date,
): Promise<EffectAnswer> {
  const groups = await countEffect(db, playbook.id, { from, now });
  const treated = groups.find(({ group }) => group === "treated") ?? { ...nobody, group: "treated" };
  const holdout = groups.find(({ group }) => group === "holdout") ?? null;
  const effect = holdout === null ? null : compareGroups(treated, holdout);
  return {
    playbook: playbook.id,
    goal: playbook.goal === null ? null : `within ${durationWords(playbook.goal.withinMs)}`,
    treated: groupOf(treated),
    holdout: holdout === null ? null : groupOf(holdout),
    difference: effect === null ? null : rounded(effect.difference),
    needed: effect?.needed ?? null,
    verdict: verdictOf(playbook, treated, holdout, effect),
  };
}

const nobody = { accounts: 0, reached: 0, open: 0, scoreBefore: null, scoreAfter: null } as const;

function groupOf(counts: Omit<GroupCounts, "group">): z.infer<typeof groupShape> {
  const { accounts, reached, open, scoreBefore, scoreAfter } = counts;
  return { accounts, reached, open, share: rounded(shareOf(counts)), scoreBefore, scoreAfter };
}

function verdictOf(
  playbook: CompiledPlaybook,
  treated: GroupCounts,
  holdout: GroupCounts | null,
  effect: Effect | null,
): string {
  if (playbook.goal === null) return "the playbook has no goal: nothing is counted";
  if (treated.accounts === 0) return "no account's time for the goal is over yet";
  if (effect === null || holdout === null) return "before/after only, not proof: nobody was held out";
  if (holdout.accounts === 0) return "before/after only, not proof: no held out account's time is over yet";
  const { share, low, high } = effect.difference;
  const found = `${points(share)} percentage points (95 % interval ${points(low)} to ${points(high)})`;
  if (effect.isCertain) return `${found}: ${share > 0 ? "it helps" : "it does harm"}`;
  if (effect.needed === null) return `${found}: no difference is to be seen`;
  return `${found}: not certain; a difference of this size would take some ${effect.needed} accounts more`;
}

function points(share: number): string {
  const value = (100 * share).toFixed(1);
  return share > 0 ? `+${value}` : value;
}

function rounded({ share, low, high }: Share): Share {
  const round = (value: number) => Math.round(value * 1e4) / 1e4;
  return { share: round(share), low: round(low), high: round(high) };
}
