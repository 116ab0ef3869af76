import { parseDay } from "../../scoring/days.ts";
import { durationWords } from "../../scoring/duration.ts";
import type { Instant } from "../../scoring/history.ts";
import type { CompiledPlaybook } from "../playbook.ts";
import type { SnoozeNotice } from "../snooze.ts";
import { progress, span } from "../time-words.ts";
import type { Answer } from "./answer.ts";
import type { TriggerState } from "./state.ts";

/** One judgement: what was asked, what came of it, and when. */
export interface Turn {
  readonly playbook: CompiledPlaybook;
  readonly answer: Answer;
  /** Null while no run is held back. */
  readonly snooze: SnoozeNotice | null;
  readonly now: Instant;
}

/** The state after a judgement. */
export function move(before: TriggerState, turn: Turn): TriggerState {
  const judged = { ...before, triggerKey: turn.playbook.triggerKey };
  switch (before.state) {
    case "inactive":
      return fromInactive(judged, turn);
    case "pending":
      return fromPending(judged, turn);
    case "firing":
      return fromFiring(judged, turn);
    case "recovering":
      return fromRecovering(judged, turn);
  }
}

/** Milliseconds in which an episode that begins starts no run. */
export function cooldownLeft({ playbook, now }: Turn, state: TriggerState): number {
  return state.lastFiredAt === null ? 0 : Math.max(0, state.lastFiredAt + playbook.entry.cooldownMs - now);
}

/** How an episode that goes on stands. */
export function firingWords(answer: Answer): string {
  if (answer.matches === true) return `${answer.why}: still the same episode`;
  if (answer.recovered === null) return held("firing", recovery(answer));
  return `${answer.why}, but not recovered: ${answer.whyRecovery}`;
}

function fromInactive(state: TriggerState, turn: Turn): TriggerState {
  const { playbook, answer, now } = turn;
  if (answer.matches === null) return { ...state, dueAt: null, reason: `not known: ${answer.why}` };
  if (answer.matches === false) return { ...state, dueAt: null, baseline: false, reason: answer.why };
  if (state.baseline) {
    const when = state.held ? "its source delivered again" : "the playbook was activated";
    const reason = `matched when ${when}: taken as it is (${answer.why})`;
    const [episode, occasion] = [state.episode + 1, answer.occasion];
    return { ...state, state: "firing", since: now, dueAt: null, episode, occasion, reason };
  }
  const { forMs } = playbook.trigger;
  if (forMs === 0) return enterEpisode(state, turn);
  const reason = `${answer.why}, for ${progress(0, forMs)}`;
  return { ...state, state: "pending", since: now, dueAt: now + forMs, reason };
}

function fromPending(state: TriggerState, turn: Turn): TriggerState {
  const { playbook, answer, now } = turn;
  const { forMs } = playbook.trigger;
  const deadline = state.since + forMs;
  /** Beyond its deadline it is due only because a snooze held it back. */
  const isSnoozed = state.dueAt !== null && state.dueAt > deadline;
  if (answer.matches === null) {
    const dueAt = later(isSnoozed ? state.dueAt : deadline, now);
    return { ...state, dueAt, reason: held("pending", answer.why) };
  }
  if (answer.matches === false) {
    const reason = isSnoozed ? `dropped: snoozed over the whole episode (${answer.why})` : answer.why;
    return { ...state, state: "inactive", since: now, dueAt: null, reason };
  }
  if (now >= deadline) return enterEpisode(state, turn);
  return { ...state, dueAt: deadline, reason: `${answer.why}, for ${progress(now - state.since, forMs)}` };
}

/** While an episode goes on, the state's reason stays the one it began with. */
function fromFiring(state: TriggerState, turn: Turn): TriggerState {
  const { playbook, answer, now } = turn;
  if (isNewOccasion(state, turn)) return fromInactive(leaveEpisode(state, turn), turn);
  if (answer.recovered !== true) return { ...goOn(state, answer), dueAt: null };
  const { keepForMs } = playbook.trigger;
  if (keepForMs === 0) return leaveEpisode(state, turn);
  const reason = `recovered (${recovery(answer)}), kept for ${progress(0, keepForMs)}`;
  return { ...state, state: "recovering", since: now, dueAt: now + keepForMs, reason };
}

function fromRecovering(state: TriggerState, turn: Turn): TriggerState {
  const { playbook, answer, now } = turn;
  const { keepForMs } = playbook.trigger;
  const deadline = state.since + keepForMs;
  if (isNewOccasion(state, turn)) return fromInactive(leaveEpisode(state, turn), turn);
  if (answer.matches === true) {
    const reason = `${answer.why} again: the same episode goes on`;
    return { ...goOn(state, answer), state: "firing", since: now, dueAt: null, reason };
  }
  if (answer.recovered === null) {
    return { ...state, dueAt: later(deadline, now), reason: held("recovering", recovery(answer)) };
  }
  if (answer.recovered === false) {
    const reason = `no longer recovered (${answer.whyRecovery}): the same episode goes on`;
    return { ...state, state: "firing", since: now, dueAt: null, reason };
  }
  if (now >= deadline) return leaveEpisode(state, turn);
  const reason = `recovered (${recovery(answer)}), kept for ${progress(now - state.since, keepForMs)}`;
  return { ...state, dueAt: deadline, reason };
}

/** True when what is true now is another matter than what the episode began with: the next period, the next owner. */
function isNewOccasion({ occasion }: TriggerState, { playbook, answer }: Turn): boolean {
  const rule = playbook.trigger.occasion;
  if (rule === null || answer.matches !== true || occasion === null || answer.occasion === null) return false;
  if (rule.slackDays === null) return answer.occasion !== occasion;
  return Math.abs(parseDay(answer.occasion) - parseDay(occasion)) > rule.slackDays;
}

/** A date that was put right is the same occasion, and is what the next one is compared with. */
function goOn(state: TriggerState, answer: Answer): TriggerState {
  return answer.matches === true && answer.occasion !== null ? { ...state, occasion: answer.occasion } : state;
}

/**
 * The only way to fire. An episode inside the cooldown is entered, so that it is not met again, but starts no run. While the account is
 * snoozed it is not entered: it waits.
 */
function enterEpisode(state: TriggerState, turn: Turn): TriggerState {
  const { playbook, answer, snooze, now } = turn;
  const left = cooldownLeft(turn, state);
  const entered = {
    ...state,
    state: "firing",
    since: now,
    dueAt: null,
    episode: state.episode + 1,
    baseline: false,
    occasion: answer.occasion,
  } as const;
  if (left > 0) return { ...entered, reason: `dropped: cooldown for another ${durationWords(left)} (${answer.why})` };
  if (snooze !== null) return waitOut(snooze, state, turn);
  const { forMs } = playbook.trigger;
  const held = forMs === 0 ? "" : `, for ${span(forMs)}`;
  return { ...entered, lastFiredAt: now, reason: `${answer.why}${held}` };
}

function waitOut(snooze: SnoozeNotice, state: TriggerState, { answer, now }: Turn): TriggerState {
  const since = state.state === "pending" ? state.since : now;
  const reason = `${answer.why}; ${snooze.words}`;
  return { ...state, state: "pending", since, dueAt: snooze.until, baseline: false, reason };
}

function leaveEpisode(state: TriggerState, { answer, now }: Turn): TriggerState {
  const reason = `recovered: ${recovery(answer)}`;
  return { ...state, state: "inactive", since: now, dueAt: null, baseline: false, reason };
}

function recovery(answer: Answer): string {
  return answer.whyRecovery || answer.why;
}

function held(state: string, why: string): string {
  return `held in ${state}, because it is not known: ${why}`;
}

/** A deadline that has passed while the answer was unknown must not ring again and again. */
function later(deadline: Instant | null, now: Instant): Instant | null {
  return deadline !== null && deadline > now ? deadline : null;
}
