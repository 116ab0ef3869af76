import { stageByHand } from "./by-hand.ts";
import type { Facts, FactValue } from "./facts.ts";
import type { AccountHistory, Instant, LifecycleState } from "./history.ts";
import { type MilestoneInput, type MilestoneRule, reachMilestones, standMilestones } from "./lifecycle/milestones.ts";
import { decideStage, type StageRules, unnamedReason } from "./lifecycle/stages.ts";
import type { FieldsOf, RecordKind } from "./records.ts";

/** `lifecycle.json`, compiled. */
export interface Lifecycle extends StageRules {
  readonly revision: number;
  /** The company's zone: of accounts that have none of their own. */
  readonly zone: string;
  /** In the order in which they are judged. */
  readonly milestones: readonly MilestoneRule[];
  /** Every fact its conditions name. */
  readonly facts: readonly string[];
  /** Kinds of record it looks at by itself. */
  readonly kinds: readonly RecordKind[];
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

/**
 * Where an account is in its life: first the milestones it has reached, then its stage by hand, CRM or rules, then how the other
 * milestones stand in time. Without a lifecycle the stage is what a person or the CRM says, and there are no milestones.
 */
export function judgeLifecycle(lifecycle: Lifecycle | null, input: LifecycleInput, now: Instant): LifecycleJudgement {
  if (lifecycle === null) {
    const { memory } = input;
    if (memory !== null && isStillUnsaid(memory, input, now)) return { state: memory, dueAt: null };
    const { stage, decidedBy, since, previous, reason } = decideStage(asSaid, input, now);
    return { state: { stage, decidedBy, since, previous, reason, milestones: [] }, dueAt: null };
  }
  const inner = innerInput(lifecycle, input);
  const reached = reachMilestones(lifecycle.milestones, inner, now);
  const decision = decideStage(lifecycle, inner, now);
  const { stage, decidedBy, since, previous, reason } = decision;
  const { milestones, dueAt } = standMilestones(lifecycle.milestones, reached, decision, inner, now);
  return { state: { stage, decidedBy, since, previous, reason, milestones }, dueAt };
}

/** Without a lifecycle most accounts have no stage, day after day: nothing new is made of that. */
function isStillUnsaid(memory: LifecycleState, { history, account }: LifecycleInput, now: Instant): boolean {
  if (memory.reason !== unnamedReason || memory.stage !== null || memory.milestones.length > 0) return false;
  return account.stage == null && stageByHand(history, now) === null;
}

/** The stages between which the rules lead an account round and round, so that it keeps its stage; null where they come to rest. */
export function oscillates(lifecycle: Lifecycle, input: LifecycleInput, now: Instant): readonly string[] | null {
  const inner = innerInput(lifecycle, input);
  reachMilestones(lifecycle.milestones, inner, now);
  return decideStage(lifecycle, inner, now).oscillation;
}

/** Without a document every text is a stage of its own. */
const asSaid: StageRules = { precedence: ["hand", "crm"], stages: [], stageNamed: (text) => text, firstStage: null };

/** Only the facts that are named: the milestones' are added to them, and metrics are many. */
function innerInput({ facts: names, zone }: Lifecycle, input: LifecycleInput): MilestoneInput {
  const facts = new Map<string, FactValue>();
  for (const name of names) {
    const value = input.facts.get(name);
    if (value !== undefined) facts.set(name, value);
  }
  const { history, account, memory } = input;
  return { history, account, memory, facts, zone: account.zone ?? zone };
}
