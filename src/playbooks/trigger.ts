import { durationWords } from "../scoring/duration.ts";
import type { Facts } from "../scoring/facts.ts";
import type { Instant } from "../scoring/history.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import { progress, span } from "./time-words.ts";
import type { TruthOf } from "./truths.ts";

/** What a playbook remembers of one account between two judgements. */
export interface TriggerState {
  /** The `triggerKey` it was judged under; another one means that the trigger was edited. */
  readonly triggerKey: string;
  readonly state: "inactive" | "pending" | "firing" | "recovering";
  /** Since when it is in this state. */
  readonly since: Instant;
  /** When time alone may change the state; never at or before the judgement that set it. */
  readonly dueAt: Instant | null;
  /** Number of the newest episode; 0 before the first. */
  readonly episode: number;
  /** When a run was last started. */
  readonly lastFiredAt: Instant | null;
  /**
   * While firing: this episode was taken as it was found, silently. While inactive: the first known answer is still awaited and will
   * be taken as it is found.
   */
  readonly baseline: boolean;
  /** Why it is in this state; while firing, why the episode began. */
  readonly reason: string;
}

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
  readonly missingReason?: ((fact: string) => string | undefined) | undefined;
  /** The answers of conditions that were judged together; without it each is judged on its own. */
  readonly truthOf?: TruthOf | undefined;
}

/**
 * The next state of one (playbook, account), and whether a run starts. Edge-triggered: it fires on the way into `firing` only, once per
 * episode. An unknown answer holds the state: it never fires and never resolves. Judging twice at the same moment changes nothing more.
 */
export function judgeTrigger(
  playbook: CompiledPlaybook,
  state: TriggerState | null,
  facts: Facts,
  context: JudgementContext,
): TriggerDecision {
  const before = startingState(playbook, state, context);
  const answer = read(playbook, facts, context);
  const after = next(playbook, before, answer, context.now);
  const from = state?.state ?? "inactive";
  const entered = after.episode > before.episode;
  const fires = entered && !after.baseline && cooldownLeft(playbook, before, context.now) === 0;
  return {
    state: after,
    transition: from === after.state ? null : `${from}->${after.state}`,
    fire: fires ? { episode: after.episode } : null,
    reason: before.state === "firing" && after.state === "firing" ? firingWords(answer) : after.reason,
    dueAt: after.dueAt,
  };
}

/** What the facts say of a playbook: is the account in it, and is it out of it again? Null is unknown. */
interface Answer {
  readonly matches: boolean | null;
  readonly recovered: boolean | null;
  readonly why: string;
  readonly whyRecovery: string;
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
      reason: "",
    };
  }
  if (!context.firstSeen && state.triggerKey === playbook.triggerKey) return state;
  if (state.state === "inactive" || state.state === "pending") {
    return { ...state, state: "inactive", since: context.now, baseline: awaitsBaseline };
  }
  return { ...state, state: "firing" };
}

function read(playbook: CompiledPlaybook, facts: Facts, context: JudgementContext): Answer {
  const { audience, trigger } = playbook;
  const truthOf = context.truthOf ?? ((condition) => condition.truth(facts));
  const inAudience = audience === null ? true : truthOf(audience);
  const when = truthOf(trigger.when);
  const recover = trigger.recover === null ? not(when) : truthOf(trigger.recover);
  const whyAudience = audience === null ? "" : audience.why(facts, context.missingReason);
  const whyWhen = trigger.when.why(facts, context.missingReason);
  const matches = and(inAudience, when);
  return {
    matches,
    recovered: matches === true ? false : or(not(inAudience), recover),
    why: explain(inAudience, when, whyAudience, whyWhen),
    whyRecovery:
      inAudience === false || trigger.recover === null ? "" : trigger.recover.why(facts, context.missingReason),
  };
}

/** The part of the two that decided. */
function explain(inAudience: boolean | null, when: boolean | null, whyAudience: string, whyWhen: string): string {
  if (inAudience === false) return `not in the audience: ${whyAudience}`;
  if (inAudience === null && when !== false) return `unknown whether it is in the audience: ${whyAudience}`;
  return whyWhen;
}

function next(playbook: CompiledPlaybook, before: TriggerState, answer: Answer, now: Instant): TriggerState {
  const judged = { ...before, triggerKey: playbook.triggerKey };
  switch (before.state) {
    case "inactive":
      return fromInactive(playbook, judged, answer, now);
    case "pending":
      return fromPending(playbook, judged, answer, now);
    case "firing":
      return fromFiring(playbook, judged, answer, now);
    case "recovering":
      return fromRecovering(playbook, judged, answer, now);
  }
}

function fromInactive(playbook: CompiledPlaybook, state: TriggerState, answer: Answer, now: Instant): TriggerState {
  if (answer.matches === null) return { ...state, dueAt: null, reason: unknown(answer.why) };
  if (answer.matches === false) return { ...state, dueAt: null, baseline: false, reason: answer.why };
  if (state.baseline) {
    const reason = `matched when the playbook was activated: taken as it is (${answer.why})`;
    return { ...state, state: "firing", since: now, dueAt: null, episode: state.episode + 1, reason };
  }
  const { forMs } = playbook.trigger;
  if (forMs === 0) return enterEpisode(playbook, state, answer, now);
  const reason = `${answer.why}, for ${progress(0, forMs)}`;
  return { ...state, state: "pending", since: now, dueAt: now + forMs, reason };
}

function fromPending(playbook: CompiledPlaybook, state: TriggerState, answer: Answer, now: Instant): TriggerState {
  const { forMs } = playbook.trigger;
  const deadline = state.since + forMs;
  if (answer.matches === null) return { ...state, dueAt: later(deadline, now), reason: held("pending", answer.why) };
  if (answer.matches === false) return { ...state, state: "inactive", since: now, dueAt: null, reason: answer.why };
  if (now >= deadline) return enterEpisode(playbook, state, answer, now);
  return { ...state, dueAt: deadline, reason: `${answer.why}, for ${progress(now - state.since, forMs)}` };
}

/** While an episode goes on, the state's reason stays the one it began with. */
function fromFiring(playbook: CompiledPlaybook, state: TriggerState, answer: Answer, now: Instant): TriggerState {
  if (answer.recovered !== true) return { ...state, dueAt: null };
  const { keepForMs } = playbook.trigger;
  if (keepForMs === 0) return leaveEpisode(state, answer, now);
  const reason = `recovered (${recovery(answer)}), kept for ${progress(0, keepForMs)}`;
  return { ...state, state: "recovering", since: now, dueAt: now + keepForMs, reason };
}

function firingWords(answer: Answer): string {
  if (answer.matches === true) return `${answer.why}: still the same episode`;
  if (answer.recovered === null) return held("firing", recovery(answer));
  return `${answer.why}, but not recovered: ${answer.whyRecovery}`;
}

function fromRecovering(playbook: CompiledPlaybook, state: TriggerState, answer: Answer, now: Instant): TriggerState {
  const { keepForMs } = playbook.trigger;
  const deadline = state.since + keepForMs;
  if (answer.matches === true) {
    const reason = `${answer.why} again: the same episode goes on`;
    return { ...state, state: "firing", since: now, dueAt: null, reason };
  }
  if (answer.recovered === null) {
    return { ...state, dueAt: later(deadline, now), reason: held("recovering", recovery(answer)) };
  }
  if (answer.recovered === false) {
    const reason = `no longer recovered (${answer.whyRecovery}): the same episode goes on`;
    return { ...state, state: "firing", since: now, dueAt: null, reason };
  }
  if (now >= deadline) return leaveEpisode(state, answer, now);
  const reason = `recovered (${recovery(answer)}), kept for ${progress(now - state.since, keepForMs)}`;
  return { ...state, dueAt: deadline, reason };
}

/** The only way to fire. An episode inside the cooldown is entered, so that it is not met again, but starts no run. */
function enterEpisode(playbook: CompiledPlaybook, state: TriggerState, answer: Answer, now: Instant): TriggerState {
  const entered = {
    ...state,
    state: "firing",
    since: now,
    dueAt: null,
    episode: state.episode + 1,
    baseline: false,
  } as const;
  const left = cooldownLeft(playbook, state, now);
  if (left > 0) return { ...entered, reason: `dropped: cooldown for another ${durationWords(left)} (${answer.why})` };
  const { forMs } = playbook.trigger;
  const held = forMs === 0 ? "" : `, for ${span(forMs)}`;
  return { ...entered, lastFiredAt: now, reason: `${answer.why}${held}` };
}

function cooldownLeft(playbook: CompiledPlaybook, state: TriggerState, now: Instant): number {
  return state.lastFiredAt === null ? 0 : Math.max(0, state.lastFiredAt + playbook.entry.cooldownMs - now);
}

function leaveEpisode(state: TriggerState, answer: Answer, now: Instant): TriggerState {
  const reason = `recovered: ${recovery(answer)}`;
  return { ...state, state: "inactive", since: now, dueAt: null, baseline: false, reason };
}

function recovery(answer: Answer): string {
  return answer.whyRecovery || answer.why;
}

function unknown(why: string): string {
  return `not known: ${why}`;
}

function held(state: string, why: string): string {
  return `held in ${state}, because it is not known: ${why}`;
}

/** A deadline that has passed while the answer was unknown must not ring again and again. */
function later(deadline: Instant, now: Instant): Instant | null {
  return deadline > now ? deadline : null;
}

function not(truth: boolean | null): boolean | null {
  return truth === null ? null : !truth;
}

function and(a: boolean | null, b: boolean | null): boolean | null {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}

function or(a: boolean | null, b: boolean | null): boolean | null {
  return not(and(not(a), not(b)));
}
