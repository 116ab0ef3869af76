import type { MissingReason } from "../../scoring/conditions.ts";
import type { Facts } from "../../scoring/facts.ts";
import type { CompiledPlaybook } from "../playbook.ts";
import type { TruthOf } from "../truths.ts";

/** What the facts say of a playbook: is the account in it, and is it out of it again? Null is unknown. */
export interface Answer {
  readonly matches: boolean | null;
  readonly recovered: boolean | null;
  readonly inAudience: boolean | null;
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
  const whyAudience = audience === null ? "" : audience.why(facts, missingReason);
  const whyWhen = trigger.when.why(facts, missingReason);
  const matches = and(inAudience, when);
  const occasion = trigger.occasion === null ? undefined : facts.get(trigger.occasion.fact);
  return {
    matches,
    inAudience,
    recovered: matches === true ? false : or(not(inAudience), recover),
    why: explain(inAudience, when, whyAudience, whyWhen),
    whyRecovery: inAudience === false || trigger.recover === null ? "" : trigger.recover.why(facts, missingReason),
    occasion: occasion === undefined ? null : String(occasion),
  };
}

/** The part of the two that decided. */
function explain(inAudience: boolean | null, when: boolean | null, whyAudience: string, whyWhen: string): string {
  if (inAudience === false) return `not in the audience: ${whyAudience}`;
  if (inAudience === null && when !== false) return `unknown whether it is in the audience: ${whyAudience}`;
  return whyWhen;
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
