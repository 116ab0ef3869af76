import type { Answer } from "./answer.ts";
import type { Awaited, Occurrence } from "./awaited.ts";
import { dropped, enterEpisode } from "./episode.ts";
import type { TriggerState } from "./state.ts";
import { later, type Moved, stay, type Turn } from "./turn.ts";

/**
 * The state after a judgement where the trigger waits for records or times: each that comes is an episode of its own, one after the other,
 * and is over by itself after a while. One that a guard defers keeps those behind it waiting.
 */
export function moveAwaiting(state: TriggerState, turn: Turn, awaited: Awaited): Moved {
  if (state.state === "pending") return fromWaiting(state, turn, awaited);
  const resting = atRest(state, turn, awaited);
  const { next } = awaited;
  if (next === null)
    return stay(resting, resting.state === "firing" ? `${resting.reason}: still the same episode` : undefined);
  const { answer } = turn;
  const why = joined(next.words, answer);
  if (answer.matches === null) return stay(told(resting, `${next.words}; not known: ${answer.why}`));
  const taken = { ...resting, seen: next.seen };
  if (answer.matches === false) return stay(told(taken, why));
  return enter(taken, next.words, turn, awaited);
}

/** A time that comes while another waits takes its place; a record waits behind the one before. */
function fromWaiting(state: TriggerState, turn: Turn, awaited: Awaited): Moved {
  const { answer, now } = turn;
  const waiting = replaced(state, awaited.next);
  const words = waiting.occasion ?? awaited.words;
  if (answer.matches === null) {
    return stay({ ...waiting, dueAt: later(state.dueAt, now), reason: `${words}; not known: ${answer.why}` });
  }
  if (answer.matches === false) return stay(dropped(waiting, { ...answer, why: joined(words, answer) }, now));
  return enter(waiting, words, turn, awaited);
}

function replaced(state: TriggerState, next: Occurrence | null): TriggerState {
  return next === null || !next.replaces ? state : { ...state, seen: next.seen, occasion: next.words };
}

function enter(state: TriggerState, words: string, turn: Turn, { wakesAt, lastsMs }: Awaited): Moved {
  const answer = { ...turn.answer, why: joined(words, turn.answer), occasion: words };
  const moved = enterEpisode({ ...state, occasion: words }, { ...turn, answer });
  if (moved.state.state !== "firing") return moved;
  return { ...moved, state: { ...moved.state, dueAt: earliest(turn.now + lastsMs, wakesAt) } };
}

/** The state if nothing has come. */
function atRest(
  state: TriggerState,
  { answer, now }: Turn,
  { wakesAt, lastsMs, idle, next, words }: Awaited,
): TriggerState {
  const seen = next === null ? idle : state.seen;
  const endsAt = state.since + lastsMs;
  const isOn = state.state === "firing" && now < endsAt && answer.inAudience !== false;
  if (isOn) return { ...state, seen, dueAt: earliest(endsAt, wakesAt) };
  const resting = { ...state, state: "inactive", seen, dueAt: wakesAt, baseline: false, guard: null } as const;
  if (state.state === "inactive") return { ...resting, reason: state.reason || words };
  return { ...resting, since: now, reason: `over: ${state.occasion ?? state.reason}` };
}

/** While an episode goes on, the state's reason stays the one it began with. */
function told(state: TriggerState, reason: string): TriggerState {
  return state.state === "firing" ? state : { ...state, reason };
}

/** What came, and what else is so. */
function joined(words: string, answer: Answer): string {
  if (answer.why === "") return words;
  return answer.matches === false ? `${words}, but ${answer.why}` : `${words}, and ${answer.why}`;
}

function earliest(one: number, other: number | null): number {
  return other === null ? one : Math.min(one, other);
}
