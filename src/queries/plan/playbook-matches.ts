import { type HeldFacts, truthWhileHeld } from "../../playbooks/held-facts.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { judgeConditions, type TruthOf } from "../../playbooks/truths.ts";
import type { SideFacts } from "./side-facts.ts";

/** Whether an account is in a playbook's audience and its trigger is true; null is unknown, and false where there is no playbook. */
export type Matches = (playbook: CompiledPlaybook | null) => boolean | null;

/** Prepares one side's playbooks to be asked about account after account: the answers are good until the next account. */
export function matchPlaybooks(playbooks: readonly (CompiledPlaybook | null)[]): (known: SideFacts) => Matches {
  const judge = judgeConditions(playbooks.filter((playbook) => playbook !== null));
  return ({ facts, held }) => {
    const truthOf = heldTruth(judge(facts), held);
    return (playbook) => {
      if (playbook === null) return false;
      const when = truthOf(playbook.trigger.when);
      const inAudience = playbook.audience === null ? true : truthOf(playbook.audience);
      if (when === false || inAudience === false) return false;
      return when === null || inAudience === null ? null : true;
    };
  };
}

function heldTruth(truthOf: TruthOf, held: HeldFacts | null): TruthOf {
  return held === null ? truthOf : truthWhileHeld(truthOf, held);
}
