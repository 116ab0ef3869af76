import type { CompiledCondition, MissingReason } from "../../scoring/conditions.ts";
import type { Facts } from "../../scoring/facts.ts";
import type { CompiledPlaybook } from "../playbook.ts";
import type { TruthOf } from "../truths.ts";

/** What the facts say of a playbook: is the account in it, and is it out of it again? Null is unknown. */
export interface Answer {
  readonly matches: boolean | null;
  readonly recovered: boolean | null;
  readonly inAudience: boolean | null;
  /** Put into words when it is asked for: most judgements change nothing, and words take longer than judging. */
  readonly why: string;
  readonly whyRecovery: string;
  /** What an episode that began now would be about. */
  readonly occasion: string | null;
}

/** Judges audience, trigger and recovery. `truthOf` knows the answers of conditions that were judged together. */
export function answerOf(
  playbook: CompiledPlaybook,
  facts: Facts,
  truthOf: TruthOf,
  missingReason: MissingReason | undefined,
): Answer {
  const { audience, trigger } = playbook;
  const inAudience = audience === null ? true : truthOf(audience);
  const when = truthOf(trigger.when);
  const recover = trigger.recover === null ? not(when) : truthOf(trigger.recover);
  const matches = and(inAudience, when);
  const occasion = trigger.occasion === null ? undefined : facts.get(trigger.occasion.fact);
  return {
    matches,
    inAudience,
    recovered: matches === true ? false : or(not(inAudience), recover),
    get why() {
      return explain(inAudience, when, playbook, (condition) => condition.why(facts, missingReason));
    },
    get whyRecovery() {
      return inAudience === false || trigger.recover === null ? "" : trigger.recover.why(facts, missingReason);
    },
    occasion: occasion === undefined ? null : String(occasion),
  };
}

/** The part of the two that decided. */
function explain(
  inAudience: boolean | null,
  when: boolean | null,
  { audience, trigger }: CompiledPlaybook,
  inWords: (condition: CompiledCondition) => string,
): string {
  const isAbout = audience !== null && (inAudience === false || (inAudience === null && when !== false));
  if (!isAbout) return inWords(trigger.when);
  return `${inAudience === false ? "not in the audience" : "unknown whether it is in the audience"}: ${inWords(audience)}`;
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
