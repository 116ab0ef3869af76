import type { MissingReason } from "../scoring/conditions.ts";
import type { Facts } from "../scoring/facts.ts";
import type { Instant } from "../scoring/history.ts";
import { type HeldFacts, namesHeld, truthWhileHeld } from "./held-facts.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import type { SnoozeNotice } from "./snooze.ts";
import { answerOf } from "./trigger/answer.ts";
import { cooldownLeft, firingWords, move } from "./trigger/moves.ts";
import type { TriggerState } from "./trigger/state.ts";
import type { TruthOf } from "./truths.ts";

/** What came of one judgement. */
export interface TriggerDecision {
  readonly state: TriggerState;
  /** `from->to` where the state's name changed, else null. */
  readonly transition: string | null;
  /** A run is to be started for this episode. */
  readonly fire: { readonly episode: number } | null;
  /** What this judgement found, in words with numbers. */
  readonly reason: string;
  readonly dueAt: Instant | null;
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
  /** Until its end no run begins for the account. */
  readonly snooze?: SnoozeNotice | null | undefined;
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
  const before = started.held && !isHeld ? afterHold(started, playbook, context.now) : started;
  const truthOf = truthWhileHeld(context.truthOf ?? ((condition) => condition.truth(facts)), held);
  const answer = answerOf(playbook, facts, truthOf, context.missingReason);
  const turn = { playbook, answer, snooze: context.snooze ?? null, now: context.now };
  const after = { ...move(before, turn), held: isHeld };
  const from = state?.state ?? "inactive";
  const entered = after.episode > before.episode;
  const fires = entered && !after.baseline && cooldownLeft(turn, before) === 0;
  const isSameEpisode = before.state === "firing" && after.state === "firing" && !entered;
  return {
    state: after,
    transition: from === after.state ? null : `${from}->${after.state}`,
    fire: fires ? { episode: after.episode } : null,
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
    };
  }
  if (!context.firstSeen && state.triggerKey === playbook.triggerKey) return state;
  if (state.state === "inactive" || state.state === "pending") {
    return { ...state, state: "inactive", since: context.now, baseline: awaitsBaseline };
  }
  // What was a new occasion to another trigger is none to this one.
  return { ...state, state: "firing", occasion: null };
}

/**
 * The first judgement after a source delivers again: what came to be so while nobody could see it is taken as it is, silently. What was
 * on its way before has its whole time before it once more; one that waits for the end of a snooze goes on waiting.
 */
function afterHold(state: TriggerState, { trigger }: CompiledPlaybook, now: Instant): TriggerState {
  if (state.state === "inactive") return { ...state, baseline: true };
  const isSnoozed = state.dueAt !== null && state.dueAt > state.since + trigger.forMs;
  return state.state === "pending" && !isSnoozed ? { ...state, since: now } : state;
}
