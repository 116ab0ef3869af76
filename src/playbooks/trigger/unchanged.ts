import type { CompiledPlaybook } from "../playbook.ts";
import type { TruthOf } from "../truths.ts";
import { notKnown } from "./moves.ts";
import type { TriggerState } from "./state.ts";

/**
 * True where a judgement would leave the state as it is: the account was outside and is, or it was inside an episode that time alone does not
 * move, and is. This is what most judgements come to, and it takes a fraction of one.
 */
export function isUnchanged(playbook: CompiledPlaybook, state: TriggerState, truthOf: TruthOf): boolean {
  const { audience, trigger, triggerKey, severity, entry } = playbook;
  const mayRest = state.triggerKey === triggerKey && state.dueAt === null && !state.held && trigger.awaits === null;
  if (!mayRest) return false;
  const inAudience = audience === null ? true : truthOf(audience);
  if (inAudience !== state.inAudience) return false;
  if (state.state === "inactive") {
    const isTold = state.reason !== "" && !state.reason.startsWith(notKnown);
    return isTold && !state.baseline && (inAudience === false || truthOf(trigger.when) === false);
  }
  const goesOn = state.state === "firing" && state.guard === null && trigger.occasion === null;
  const isPlain = severity.length === 0 && entry.repeatMs === null;
  return goesOn && isPlain && inAudience === true && truthOf(trigger.when) === true;
}
