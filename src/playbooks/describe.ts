import type { MissingReason } from "../scoring/conditions.ts";
import type { Facts } from "../scoring/facts.ts";
import type { Instant } from "../scoring/history.ts";
import type { AskGuards } from "./guard.ts";
import type { HeldFacts } from "./held-facts.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import { moment } from "./time-words.ts";
import type { Surroundings } from "./trigger/awaited.ts";
import type { TriggerState } from "./trigger/state.ts";
import { judgeTrigger, type TriggerDecision } from "./trigger.ts";

/** What a description needs beside the facts. */
export interface DescriptionContext {
  readonly now: Instant;
  /** Moments are told in it. */
  readonly zone: string;
  readonly missingReason?: MissingReason | undefined;
  /** Nothing keeps runs from beginning unless given. */
  readonly guards?: AskGuards | undefined;
  readonly held?: HeldFacts | null | undefined;
  readonly surroundings?: Surroundings | undefined;
}

/**
 * Where a playbook stands with an account and what would have to happen next, in words with numbers, for somebody who asks why it
 * fired or why it did not. Says also when the next judgement is going to change the state.
 */
export function describeState(
  playbook: CompiledPlaybook,
  state: TriggerState | null,
  facts: Facts,
  context: DescriptionContext,
): string {
  if (!playbook.enabled) return "disabled: not judged";
  const { now, missingReason, guards, held, surroundings } = context;
  const decision = judgeTrigger(playbook, state, facts, {
    now,
    firstSeen: false,
    missingReason,
    guards,
    held,
    surroundings,
  });
  const before = state?.state ?? "inactive";
  const { reason } = decision.state;
  if (decision.transition !== null) {
    const effect = decision.fire === null ? "" : ", and fires";
    return `${before}: the next judgement makes it ${decision.state.state}${effect} (${reason})`;
  }
  if (decision.fire !== null) {
    const what = decision.fire.round === 1 ? "a new episode" : `run ${decision.fire.round} of the episode`;
    return `${before}: the next judgement begins ${what}, and fires (${decision.reason})`;
  }
  return `${before}: ${outlook(decision, context.zone)}`;
}

function outlook({ state, reason }: TriggerDecision, zone: string): string {
  switch (state.state) {
    case "inactive":
      if (state.dueAt !== null) return `${state.reason}; next on ${moment(state.dueAt, zone)}`;
      return state.baseline ? `${state.reason}; the first known answer will be taken as it is` : state.reason;
    case "pending":
      return state.dueAt === null ? state.reason : `${state.reason}; fires on ${moment(state.dueAt, zone)} if it holds`;
    case "firing":
      return `since ${moment(state.since, zone)}, episode ${state.episode}: ${state.reason}; now: ${reason}`;
    case "recovering": {
      if (state.dueAt === null) return state.reason;
      return `${state.reason}; the episode ends on ${moment(state.dueAt, zone)} if it holds`;
    }
    default:
      return state.state satisfies never;
  }
}
