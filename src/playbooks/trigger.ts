import type { MissingReason } from "../scoring/conditions.ts";
import type { Facts } from "../scoring/facts.ts";
import type { Instant } from "../scoring/history.ts";
import { type AskGuards, noGuards } from "./guard.ts";
import { type HeldFacts, namesHeld, truthWhileHeld } from "./held-facts.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import type { Priority } from "./schema/words.ts";
import { answerOf } from "./trigger/answer.ts";
import { awaitedOf, type Surroundings, seenSince } from "./trigger/awaited.ts";
import { higher, repeatAt } from "./trigger/episode.ts";
import { move } from "./trigger/moves.ts";
import type { TriggerState } from "./trigger/state.ts";
import { isUnchanged } from "./trigger/unchanged.ts";
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
  /** The account was moved by something else than its own doing: by an edit of other documents, or a replay. A new account and an edited trigger are seen without it. */
  readonly firstSeen: boolean;
  /** Why a fact is missing, in words. */
  readonly missingReason?: MissingReason | undefined;
  /** The answers of conditions that were judged together; without it each is judged on its own. */
  readonly truthOf?: TruthOf | undefined;
  /** What keeps runs from beginning; nothing unless given. */
  readonly guards?: AskGuards | undefined;
  /** What of the facts rests on sources that fail. */
  readonly held?: HeldFacts | null | undefined;
  /** What triggers that wait for records or times look at; without it none has come. */
  readonly surroundings?: Surroundings | undefined;
  /** Only what changes is put into words: a state that stays as it is keeps its reason. Words take longer than judging. */
  readonly isTerse?: boolean | undefined;
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
  const { now } = context;
  const isHeld = namesHeld(playbook, held);
  const truthOf = truthWhileHeld(context.truthOf ?? ((condition) => condition.truth(facts)), held);
  const isQuick = context.isTerse === true && !context.firstSeen && !isHeld;
  if (isQuick && state !== null && isUnchanged(playbook, state, truthOf)) {
    return { state, transition: null, fire: null, reason: state.reason, dueAt: null };
  }
  const priority = priorityOf(playbook, truthOf);
  const started = startingState(playbook, state, priority, context);
  const before = started.held && !isHeld ? afterHold(started, now) : started;
  const answer = answerOf(playbook, facts, truthOf, context.missingReason);
  const awaited = awaitedOf(playbook.trigger, before.seen, context.surroundings, now);
  const { guards = noGuards, isTerse = false } = context;
  const moved = move(before, { playbook, answer, priority, guards, awaited, isTerse, now });
  const after = { ...moved.state, held: isHeld };
  const from = state?.state ?? "inactive";
  return {
    state: after,
    transition: from === after.state ? null : `${from}->${after.state}`,
    fire: moved.begins && {
      episode: after.episode,
      round: after.round,
      priority,
      isHoldout: moved.begins === "holdout",
    },
    reason: moved.words,
    dueAt: after.dueAt,
  };
}

/** Enough for any day; what is left waits for the next pass. */
const mostAtOnce = 50;

/** All judgements of one moment: one for each record that has come, one after the other, else one. The last one says how it stands. Never empty. */
export function judgeOccasions(
  playbook: CompiledPlaybook,
  state: TriggerState | null,
  facts: Facts,
  context: JudgementContext,
): readonly TriggerDecision[] {
  let decision = judgeTrigger(playbook, state, facts, context);
  const decisions = [decision];
  let before = state;
  while (hasTaken(playbook, before, decision)) {
    if (decisions.length === mostAtOnce) return [...decisions.slice(0, -1), { ...decision, dueAt: context.now + 1 }];
    before = decision.state;
    decision = judgeTrigger(playbook, before, facts, context);
    decisions.push(decision);
  }
  return decisions;
}

/** A record was taken, or one that waited has begun or is over: there may be another one behind it. */
function hasTaken({ trigger }: CompiledPlaybook, before: TriggerState | null, { state }: TriggerDecision): boolean {
  if (trigger.awaits?.kind !== "record" || before === null || state.state === "pending") return false;
  return state.seen !== before.seen || state.episode !== before.episode || before.state === "pending";
}

/** A new account, and a clock that was started under another trigger, begin anew; an episode that was begun goes on. */
function startingState(
  playbook: CompiledPlaybook,
  state: TriggerState | null,
  priority: Priority,
  { now, firstSeen }: JudgementContext,
): TriggerState {
  const awaitsBaseline = playbook.entry.onActivate === "baseline";
  const seen = playbook.trigger.awaits === null ? null : seenSince(now);
  if (state === null) {
    return {
      triggerKey: playbook.triggerKey,
      state: "inactive",
      since: now,
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
      seen,
    };
  }
  if (state.triggerKey === playbook.triggerKey) {
    return firstSeen ? takenAsFound(playbook, state, priority, now) : state;
  }
  if (state.state === "inactive" || state.state === "pending") {
    return { ...state, state: "inactive", since: now, baseline: awaitsBaseline, guard: null, reason: "", seen };
  }
  return { ...goingOn(playbook, state, priority, now), state: "firing", seen };
}

/**
 * Moved by nothing of its own. What is so now is taken as it is; what was on its way before, or is an episode already, goes on: that was its
 * own doing. Records and times that came are its own, too.
 */
function takenAsFound(playbook: CompiledPlaybook, state: TriggerState, priority: Priority, now: Instant): TriggerState {
  if (playbook.trigger.awaits !== null || state.state === "pending") return state;
  if (state.state === "inactive") return { ...state, baseline: playbook.entry.onActivate === "baseline" };
  return goingOn(playbook, state, priority, now);
}

/** Neither a new occasion, nor a higher priority, nor a run that would be due by the entry of now begins anything. */
function goingOn(playbook: CompiledPlaybook, state: TriggerState, priority: Priority, now: Instant): TriggerState {
  const same = { ...state, occasion: null, guard: null, priority: higher(state.priority, priority) };
  const { repeatMs } = playbook.entry;
  if (state.state !== "firing" || repeatMs === null) return same;
  const repeat = repeatAt(same, { playbook });
  return { ...same, dueAt: repeat !== null && repeat <= now ? now + repeatMs : repeat };
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
