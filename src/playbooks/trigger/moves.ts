import { parseDay } from "../../scoring/days.ts";
import { progress } from "../time-words.ts";
import type { Answer } from "./answer.ts";
import { moveAwaiting } from "./awaiting.ts";
import { continueEpisode, dropped, enterEpisode, repeatAt } from "./episode.ts";
import type { TriggerState } from "./state.ts";
import { later, type Moved, stay, type Turn } from "./turn.ts";

/** The state after a judgement. */
export function move(before: TriggerState, turn: Turn): Moved {
  const judged = { ...before, triggerKey: turn.playbook.triggerKey, inAudience: turn.answer.inAudience };
  if (turn.awaited !== null) return moveAwaiting(judged, turn, turn.awaited);
  switch (before.state) {
    case "inactive":
      return fromInactive(judged, turn);
    case "pending":
      return fromPending(judged, turn);
    case "firing":
      return fromFiring(judged, turn);
    case "recovering":
      return fromRecovering(judged, turn);
    default:
      return before.state satisfies never;
  }
}

function fromInactive(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, priority, now } = turn;
  if (answer.matches === null) return stay({ ...state, dueAt: null, reason: `${notKnown}${answer.why}` });
  if (answer.matches === false) return stay(outside(state, turn));
  if (state.baseline) {
    const when = state.held ? "its source delivered again" : "the playbook was activated";
    const reason = `matched when ${when}: taken as it is (${answer.why})`;
    const [episode, occasion] = [state.episode + 1, answer.occasion];
    return stay({ ...state, state: "firing", since: now, dueAt: null, episode, round: 0, occasion, priority, reason });
  }
  const { forMs } = playbook.trigger;
  if (forMs === 0) return enterEpisode(state, turn);
  const reason = `${answer.why}, for ${progress(0, forMs)}`;
  return stay({ ...state, state: "pending", since: now, dueAt: now + forMs, guard: null, reason });
}

/** How the reason of a state begins whose answer is not known. */
export const notKnown = "not known: ";

/** Who stays outside keeps the reason there was, where only changes are put into words. */
function outside(state: TriggerState, { answer, isTerse }: Turn): TriggerState {
  const isNews = state.reason === "" || state.reason.startsWith(notKnown);
  return { ...state, dueAt: null, baseline: false, reason: isTerse && !isNews ? state.reason : answer.why };
}

function fromPending(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, now } = turn;
  const { forMs } = playbook.trigger;
  const deadline = state.since + forMs;
  if (answer.matches === null) {
    const dueAt = later(state.guard === null ? deadline : state.dueAt, now);
    return stay({ ...state, dueAt, reason: held("pending", answer.why) });
  }
  if (answer.matches === false) return stay(dropped(state, answer, now));
  if (now >= deadline) return enterEpisode(state, turn);
  const reason = `${answer.why}, for ${progress(now - state.since, forMs)}`;
  return stay({ ...state, dueAt: deadline, guard: null, reason });
}

/** While an episode goes on, the state's reason stays the one it began with. */
function fromFiring(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, now } = turn;
  if (isNewOccasion(state, turn)) return fromInactive(left(state, turn), turn);
  if (answer.matches === true) return continueEpisode(goOn(state, answer), turn);
  if (answer.recovered !== true) {
    return stay({ ...state, dueAt: later(repeatAt(state, turn), now) }, lastingWords(answer));
  }
  const { keepForMs } = playbook.trigger;
  if (keepForMs === 0) return stay(left(state, turn));
  const reason = `recovered (${recovery(answer)}), kept for ${progress(0, keepForMs)}`;
  return stay({ ...state, state: "recovering", since: now, dueAt: now + keepForMs, guard: null, reason });
}

function lastingWords(answer: Answer): string {
  if (answer.recovered === null) return held("firing", recovery(answer));
  return `${answer.why}, but not recovered: ${answer.whyRecovery}`;
}

function fromRecovering(state: TriggerState, turn: Turn): Moved {
  const { playbook, answer, now } = turn;
  const { keepForMs } = playbook.trigger;
  const deadline = state.since + keepForMs;
  if (isNewOccasion(state, turn)) return fromInactive(left(state, turn), turn);
  if (answer.matches === true) return relapse(goOn(state, answer), turn);
  if (answer.recovered === null) {
    return stay({ ...state, dueAt: later(deadline, now), reason: held("recovering", recovery(answer)) });
  }
  if (answer.recovered === false) {
    const reason = `no longer recovered (${answer.whyRecovery}): the same episode goes on`;
    const firing = { ...state, state: "firing", since: now, dueAt: null, reason } as const;
    return stay({ ...firing, dueAt: later(repeatAt(firing, turn), now) });
  }
  if (now >= deadline) return stay(left(state, turn));
  const reason = `recovered (${recovery(answer)}), kept for ${progress(now - state.since, keepForMs)}`;
  return stay({ ...state, dueAt: deadline, reason });
}

/** What came due while it was recovering, a further run or a higher priority, is met at once. */
function relapse(state: TriggerState, turn: Turn): Moved {
  const reason = `${turn.answer.why} again: the same episode goes on`;
  const moved = continueEpisode({ ...state, state: "firing", since: turn.now, dueAt: null, reason }, turn);
  return moved.begins === null && moved.state.guard === null ? { ...moved, words: moved.state.reason } : moved;
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
  return answer.occasion === null ? state : { ...state, occasion: answer.occasion };
}

function left(state: TriggerState, { answer, now }: Turn): TriggerState {
  const reason = `recovered: ${recovery(answer)}`;
  return { ...state, state: "inactive", since: now, dueAt: null, baseline: false, guard: null, reason };
}

function recovery(answer: Answer): string {
  return answer.whyRecovery || answer.why;
}

function held(state: string, why: string): string {
  return `held in ${state}, because it is not known: ${why}`;
}
