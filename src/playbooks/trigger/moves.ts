import { parseDay } from "../../scoring/days.ts";
import { durationWords } from "../../scoring/duration.ts";
import type { Instant } from "../../scoring/history.ts";
import type { AskGuards } from "../guard.ts";
import type { CompiledPlaybook } from "../playbook.ts";
import type { Priority } from "../schema/words.ts";
import { progress, span } from "../time-words.ts";
import type { Answer } from "./answer.ts";
import type { TriggerState } from "./state.ts";

/** One judgement: what was asked, what came of it, and when. */
export interface Turn {
  readonly playbook: CompiledPlaybook;
  readonly answer: Answer;
  /** The priority that a run would have now. */
  readonly priority: Priority;
  readonly guards: AskGuards;
  readonly now: Instant;
}

/** The state after a judgement, and how a run begins, if one does. */
export interface Moved {
  readonly state: TriggerState;
  /** `holdout`: it is kept, and nothing is done. */
  readonly begins: "run" | "holdout" | null;
}

/** The state after a judgement. */
export function move(before: TriggerState, turn: Turn): Moved {
  const judged = { ...before, triggerKey: turn.playbook.triggerKey, inAudience: turn.answer.inAudience };
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

function fromInactive(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, now } = turn;
  if (answer.matches === null) return stay({ ...state, dueAt: null, reason: `not known: ${answer.why}` });
  if (answer.matches === false) return stay({ ...state, dueAt: null, baseline: false, reason: answer.why });
  if (state.baseline) {
    const when = state.held ? "its source delivered again" : "the playbook was activated";
    const reason = `matched when ${when}: taken as it is (${answer.why})`;
    const [episode, occasion] = [state.episode + 1, answer.occasion];
    return stay({ ...state, state: "firing", since: now, dueAt: null, episode, round: 0, occasion, reason });
  }
  const { forMs } = playbook.trigger;
  if (forMs === 0) return enterEpisode(state, turn);
  const reason = `${answer.why}, for ${progress(0, forMs)}`;
  return stay({ ...state, state: "pending", since: now, dueAt: now + forMs, guard: null, reason });
}

function fromPending(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, now } = turn;
  const { forMs } = playbook.trigger;
  const deadline = state.since + forMs;
  if (answer.matches === null) {
    const dueAt = later(state.guard === null ? deadline : state.dueAt, now);
    return stay({ ...state, dueAt, reason: held("pending", answer.why) });
  }
  if (answer.matches === false) {
    const reason = state.guard === null ? answer.why : `dropped: ${overWords(state.guard)} (${answer.why})`;
    return stay({ ...state, state: "inactive", since: now, dueAt: null, guard: null, reason });
  }
  if (now >= deadline) return enterEpisode(state, turn);
  return stay({ ...state, dueAt: deadline, reason: `${answer.why}, for ${progress(now - state.since, forMs)}` });
}

function overWords(guard: string): string {
  return guard === "snooze" ? "snoozed over the whole episode" : `over before its guard (${guard}) let it begin`;
}

/** While an episode goes on, the state's reason stays the one it began with. */
function fromFiring(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, now } = turn;
  if (isNewOccasion(state, turn)) return fromInactive(left(state, turn), turn);
  if (answer.recovered !== true) return stay({ ...goOn(state, answer), dueAt: null });
  const { keepForMs } = playbook.trigger;
  if (keepForMs === 0) return stay(left(state, turn));
  const reason = `recovered (${recovery(answer)}), kept for ${progress(0, keepForMs)}`;
  return stay({ ...state, state: "recovering", since: now, dueAt: now + keepForMs, reason });
}

function fromRecovering(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, now } = turn;
  const { keepForMs } = playbook.trigger;
  const deadline = state.since + keepForMs;
  if (isNewOccasion(state, turn)) return fromInactive(left(state, turn), turn);
  if (answer.matches === true) {
    const reason = `${answer.why} again: the same episode goes on`;
    return stay({ ...goOn(state, answer), state: "firing", since: now, dueAt: null, reason });
  }
  if (answer.recovered === null) {
    return stay({ ...state, dueAt: later(deadline, now), reason: held("recovering", recovery(answer)) });
  }
  if (answer.recovered === false) {
    const reason = `no longer recovered (${answer.whyRecovery}): the same episode goes on`;
    return stay({ ...state, state: "firing", since: now, dueAt: null, reason });
  }
  if (now >= deadline) return stay(left(state, turn));
  const reason = `recovered (${recovery(answer)}), kept for ${progress(now - state.since, keepForMs)}`;
  return stay({ ...state, dueAt: deadline, reason });
}

function stay(state: TriggerState): Moved {
  return { state, begins: null };
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
 * The only way to fire. An episode inside the cooldown, or that a guard drops, is entered, so that it is not met again, but starts no run.
 * While a guard defers it, it is not entered: it waits.
 */
function enterEpisode(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, guards, priority, now } = turn;
  const cooldown = cooldownLeft(turn, state);
  const entered = {
    ...state,
    state: "firing",
    since: now,
    dueAt: null,
    episode: state.episode + 1,
    round: 0,
    baseline: false,
    guard: null,
    occasion: answer.occasion,
  } as const;
  if (cooldown > 0) {
    return stay({ ...entered, reason: `dropped: cooldown for another ${durationWords(cooldown)} (${answer.why})` });
  }
  const question = { playbook, episode: entered.episode, round: 1, priority, waitingFor: state.guard };
  const verdict = guards(question);
  const { forMs } = playbook.trigger;
  const lasted = forMs === 0 ? "" : `, for ${span(forMs)}`;
  const begun = { ...entered, lastFiredAt: now, round: 1, priority };
  switch (verdict.kind) {
    case "go":
      return { state: { ...begun, reason: `${answer.why}${lasted}` }, begins: "run" };
    case "holdout":
      return { state: { ...begun, reason: `${answer.why}${lasted}; ${verdict.words}` }, begins: "holdout" };
    case "drop":
      return stay({ ...entered, reason: `dropped: ${verdict.words} (${answer.why})` });
    case "defer": {
      const since = state.state === "pending" ? state.since : now;
      const reason = `${answer.why}; ${verdict.words}`;
      const { guard, until } = verdict;
      return stay({ ...state, state: "pending", since, dueAt: later(until, now), guard, baseline: false, reason });
    }
    default:
      return verdict satisfies never;
  }
}

function left(state: TriggerState, { answer, now }: Turn): TriggerState {
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
