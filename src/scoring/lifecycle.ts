import { stageByHand } from "./by-hand.ts";
import type { Facts } from "./facts.ts";
import type { AccountHistory, Instant, LifecycleState } from "./history.ts";
import type { FieldsOf } from "./records.ts";

/** `lifecycle.json`, compiled. */
export interface Lifecycle {
  readonly revision: number;
  /** Every fact its conditions name. */
  readonly facts: readonly string[];
}

/** What a lifecycle is judged by: the account's history, own fields, and the facts its conditions may name. */
export interface LifecycleInput {
  readonly history: AccountHistory;
  readonly account: FieldsOf<"account">;
  readonly facts: Facts;
  /** The state of the judgement before this one; null at the first. */
  readonly memory: LifecycleState | null;
}

/** A state, and when time alone may change it. */
export interface LifecycleJudgement {
  readonly state: LifecycleState;
  readonly dueAt: Instant | null;
}

/** Where an account is in its life: its stage by hand, CRM or rules, and its milestones. */
export function judgeLifecycle(
  _lifecycle: Lifecycle | null,
  { history, account, memory }: LifecycleInput,
  now: Instant,
): LifecycleJudgement {
  const hand = stageByHand(history, now);
  const stage = hand?.stage ?? account.stage ?? null;
  const isSame = memory !== null && memory.stage === stage;
  const byCrm = stage === null ? null : "crm";
  return {
    state: {
      stage,
      decidedBy: hand === null ? byCrm : "hand",
      since: isSame ? memory.since : now,
      previous: isSame ? memory.previous : (memory?.stage ?? null),
      reason: stage === null ? "nothing names a stage" : `as the ${hand === null ? "CRM" : "CSM"} says`,
      milestones: [],
    },
    dueAt: null,
  };
}
