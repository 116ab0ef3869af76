import type { Instant } from "../../scoring/history.ts";
import type { GuardVerdict } from "../guard.ts";
import { type Priority, priorities } from "../schema/words.ts";
import { dayWords, span } from "../time-words.ts";
import type { Answer } from "./answer.ts";
import type { TriggerState } from "./state.ts";
import { later, type Moved, stay, type Turn } from "./turn.ts";

/**
 * Begins an episode. One that the entry or a guard drops is entered, so that it is not met again, but starts no run. While a guard defers
 * it, it is not entered: it waits.
 */
export function enterEpisode(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, priority, now } = turn;
  const { forMs } = playbook.trigger;
  const entered = entry(state, turn);
  const refusal = entryRefusal(state, turn);
  if (refusal !== null) return stay({ ...entered, reason: `dropped: ${refusal} (${answer.why})` });
  const verdict = ask(state, turn, { episode: entered.episode, round: 1 });
  const lasted = forMs === 0 ? "" : `, for ${span(forMs)}`;
  const raised = cooldownLeft(state, turn) > 0 ? `; ${escalationWords(state, turn)} within the cooldown` : "";
  // With its priority, or it would be met again as one that is more urgent.
  if (verdict.kind === "drop") {
    return stay({ ...entered, priority, reason: `dropped: ${verdict.words} (${answer.why})` });
  }
  if (verdict.kind !== "defer") return begin(entered, verdict, `${answer.why}${lasted}${raised}`, turn);
  const since = state.state === "pending" ? state.since : now;
  const { guard, until, words } = verdict;
  const reason = `${answer.why}; ${words}`;
  return stay({ ...state, state: "pending", since, dueAt: later(until, now), guard, baseline: false, reason });
}

/** An episode that goes on, true as it is: a higher priority makes it a new one, and some begin a further run from time to time. */
export function continueEpisode(state: TriggerState, turn: Turn): Moved {
  if (isEscalated(state, turn) && !isSpent(state, turn)) return escalate(state, turn);
  const dueAt = repeatAt(state, turn);
  if (dueAt === null || dueAt > turn.now) {
    const going = { ...state, dueAt, guard: null };
    return turn.isTerse ? stay(going) : stay(going, `${turn.answer.why}: still the same episode`);
  }
  return repeat(state, turn);
}

/** When the next run of an episode is due; null where there is none. Never before, a moment that has passed means at once. */
export function repeatAt(state: TriggerState, { playbook }: Pick<Turn, "playbook">): number | null {
  const { repeatMs } = playbook.entry;
  if (repeatMs === null || state.round === 0 || state.lastFiredAt === null) return null;
  return state.guard === null && state.dueAt !== null ? state.dueAt : state.lastFiredAt + repeatMs;
}

function escalate(state: TriggerState, turn: Turn): Moved {
  const { answer, priority, now } = turn;
  const entered = entry(state, turn);
  const why = `${answer.why}; ${escalationWords(state, turn)}`;
  const verdict = ask(state, turn, { episode: entered.episode, round: 1 });
  if (verdict.kind === "drop") return stay({ ...entered, priority, reason: `dropped: ${verdict.words} (${why})` });
  if (verdict.kind !== "defer") return begin(entered, verdict, why, turn);
  return stay({ ...state, guard: verdict.guard, dueAt: later(verdict.until, now) }, `${why}; ${verdict.words}`);
}

function repeat(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, now } = turn;
  const round = state.round + 1;
  const nextAt = now + (playbook.entry.repeatMs ?? 0);
  const verdict = ask(state, turn, { episode: state.episode, round });
  switch (verdict.kind) {
    case "defer":
      return stay(
        { ...state, guard: verdict.guard, dueAt: later(verdict.until, now) },
        `${answer.why}; ${verdict.words}`,
      );
    case "drop":
      return stay({ ...state, guard: null, dueAt: nextAt }, `not repeated: ${verdict.words} (${answer.why})`);
    case "go":
    case "holdout": {
      const why = `${answer.why}: still so, run ${round} of the episode`;
      const moved = begin({ ...state, guard: null }, verdict, why, turn);
      // While an episode goes on, the state's reason stays the one it began with.
      return { ...moved, state: { ...moved.state, dueAt: nextAt, reason: state.reason } };
    }
    default:
      return verdict satisfies never;
  }
}

/** A wait that is over before a run began. */
export function dropped(state: TriggerState, answer: Answer, now: number): TriggerState {
  const reason = state.guard === null ? answer.why : `dropped: ${overWords(state.guard)} (${answer.why})`;
  return { ...state, state: "inactive", since: now, dueAt: null, guard: null, reason };
}

function overWords(guard: string): string {
  return guard === "snooze" ? "snoozed over the whole episode" : `over before its guard (${guard}) let it begin`;
}

/** The state of an episode in which no run has begun yet. */
function entry(state: TriggerState, { answer, now }: Turn) {
  return {
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
}

function ask(
  state: TriggerState,
  { playbook, priority, guards }: Turn,
  run: { readonly episode: number; readonly round: number },
): GuardVerdict {
  return guards({ playbook, ...run, priority, waitingFor: state.guard });
}

function begin(
  state: TriggerState,
  verdict: Extract<GuardVerdict, { kind: "go" | "holdout" }>,
  why: string,
  { playbook, priority, now }: Turn,
): Moved {
  const reason = verdict.kind === "holdout" ? `${why}; ${verdict.words}` : why;
  const round = state.round + 1;
  const { repeatMs } = playbook.entry;
  const dueAt = repeatMs === null ? null : now + repeatMs;
  const begun = { ...state, lastFiredAt: now, round, priority, dueAt, reason };
  return { state: begun, begins: verdict.kind === "holdout" ? "holdout" : "run", words: reason };
}

/** Why an episode starts no run, whatever the guards say; null where it may. */
function entryRefusal(state: TriggerState, turn: Turn): string | null {
  if (isSpent(state, turn)) {
    return `once: its run began on ${dayOf(state.lastFiredAt ?? 0)}`;
  }
  const cooldown = cooldownLeft(state, turn);
  return cooldown > 0 && !isEscalated(state, turn) ? `cooldown until ${dayOf(turn.now + cooldown)}` : null;
}

function dayOf(at: Instant): string {
  return dayWords(new Date(at).toISOString().slice(0, 10));
}

/** One run for an account, ever, and it has been. */
function isSpent({ lastFiredAt }: TriggerState, { playbook }: Turn): boolean {
  return playbook.entry.mode === "once" && lastFiredAt !== null;
}

/** Milliseconds in which an episode that begins starts no run. */
function cooldownLeft({ lastFiredAt }: TriggerState, { playbook, now }: Turn): number {
  return lastFiredAt === null ? 0 : Math.max(0, lastFiredAt + playbook.entry.cooldownMs - now);
}

/** It is more urgent than when it was last told of, or found. */
function isEscalated(state: TriggerState, { playbook, priority }: Turn): boolean {
  return rank(priority) > rank(state.priority ?? playbook.priority);
}

function escalationWords(state: TriggerState, { playbook, priority }: Turn): string {
  return `escalated from ${state.priority ?? playbook.priority} to ${priority}`;
}

/** The more urgent of the two. */
export function higher(one: Priority | null, other: Priority): Priority {
  return one !== null && rank(one) > rank(other) ? one : other;
}

function rank(priority: Priority): number {
  return priorities.indexOf(priority);
}
