import type { MissingReason } from "../scoring/conditions.ts";
import type { Facts } from "../scoring/facts.ts";
import type { Instant } from "../scoring/history.ts";
import { type AskGuards, noGuards } from "./guard.ts";
import { type HeldFacts, namesHeld, truthWhileHeld } from "./held-facts.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import type { Priority } from "./schema/words.ts";
import { answerOf } from "./trigger/answer.ts";
import { firingWords, move } from "./trigger/moves.ts";
import type { TriggerState } from "./trigger/state.ts";
import type { TruthOf } from "./truths.ts";

/** What came of one judgement. */
export interface TriggerDecision {
  readonly state: TriggerState;
  /** `from->to` where the state's name changed, else null. */
  readonly transition: string | null;
  /** A run is to be started for this episode. */
  readonly fire: Fire | null;
  /** What this judgement found, in words with numbers. */
  readonly reason: string;
  readonly dueAt: Instant | null;
}

/** A run that begins. */
export interface Fire {
  readonly episode: number;
  /** The run of the episode that it is, from 1. */
  readonly round: number;
  readonly priority: Priority;
  /** Kept to compare with; nothing is done in it. */
  readonly isHoldout: boolean;
}

/** What a judgement needs beside the facts. */
export interface JudgementContext {
  readonly now: Instant;
  /** The playbook was newly activated, or the account was moved by something else than its own doing. A new account and an edited trigger are seen without it. */
  readonly firstSeen: boolean;
  /** Why a fact is missing, in words. */
  readonly missingReason?: MissingReason | undefined;
  /** The answers of conditions that were judged together; without it each is judged on its own. */
  readonly truthOf?: TruthOf | undefined;
  /** What keeps runs from beginning; nothing unless given. */
  readonly guards?: AskGuards | undefined;
  /** What of the facts rests on sources that fail. */
  readonly held?: HeldFacts | null | undefined;
}

/**
 * The next state of one (playbook, account), and whether a run starts. Edge-triggered: it fires on the way into an episode only, once per
 * episode. An unknown answer holds the state: it never fires and never resolves. Judging twice at the same moment changes nothing more.
 */
export function judgeTrigger(
  playbook: CompiledPlaybook,
  state: TriggerState | null,
  facts: Facts,
  context: JudgementContext,
): TriggerDecision {
  const held = context.held ?? null;
  const isHeld = namesHeld(playbook, held);
  const started = startingState(playbook, state, context);
  const before = started.held && !isHeld ? afterHold(started, context.now) : started;
  const truthOf = truthWhileHeld(context.truthOf ?? ((condition) => condition.truth(facts)), held);
  const answer = answerOf(playbook, facts, truthOf, context.missingReason);
  const priority = priorityOf(playbook, truthOf);
  const turn = { playbook, answer, priority, guards: context.guards ?? noGuards, now: context.now };
  const { state: moved, begins } = move(before, turn);
  const after = { ...moved, held: isHeld };
  const from = state?.state ?? "inactive";
  const entered = after.episode > before.episode;
  const isSameEpisode = before.state === "firing" && after.state === "firing" && !entered;
  return {
    state: after,
    transition: from === after.state ? null : `${from}->${after.state}`,
    fire: begins && { episode: after.episode, round: after.round, priority, isHoldout: begins === "holdout" },
    reason: isSameEpisode ? firingWords(answer) : after.reason,
    dueAt: after.dueAt,
  };
}

/** A new account, and a clock that was started under another trigger, begin anew; an episode that was begun goes on. */
function startingState(
  playbook: CompiledPlaybook,
  state: TriggerState | null,
  context: JudgementContext,
): TriggerState {
  const awaitsBaseline = playbook.entry.onActivate === "baseline";
  if (state === null) {
    return {
      triggerKey: playbook.triggerKey,
      state: "inactive",
      since: context.now,
      dueAt: null,
      episode: 0,
      lastFiredAt: null,
      baseline: awaitsBaseline,
      held: false,
      reason: "",
      occasion: null,
      guard: null,
      inAudience: null,
      round: 0,
      priority: null,
    };
  }
  if (!context.firstSeen && state.triggerKey === playbook.triggerKey) return state;
  if (state.state === "inactive" || state.state === "pending") {
    return { ...state, state: "inactive", since: context.now, baseline: awaitsBaseline, guard: null };
  }
  // What was a new occasion to another trigger is none to this one.
  return { ...state, state: "firing", occasion: null };
}

/**
 * The first judgement after a source delivers again: what came to be so while nobody could see it is taken as it is, silently. What was
 * on its way before has its whole time before it once more; one that a guard keeps waiting goes on waiting.
 */
function afterHold(state: TriggerState, now: Instant): TriggerState {
  if (state.state === "inactive") return { ...state, baseline: true };
  return state.state === "pending" && state.guard === null ? { ...state, since: now } : state;
}

/** The playbook's priority, or the higher one whose condition is true. */
function priorityOf({ severity, priority }: CompiledPlaybook, truthOf: TruthOf): Priority {
  return severity.find(({ when }) => truthOf(when) === true)?.priority ?? priority;
}
