import type { BranchStep } from "../playbook.ts";
import { textHash } from "../text-hash.ts";
import type { Occasion } from "./occasion.ts";

/** Which way a run goes at a branch, and why. */
export interface Way {
  /** Null: behind the branch there is nothing. */
  readonly to: string | null;
  readonly reason: string;
}

/** The first case that is true; unknown is not true. Or a way by chance: the same for the same run and step, always. */
export function chooseWay(step: BranchStep, occasion: Occasion): Way {
  return step.random.length > 0 ? chooseByChance(step, occasion) : chooseByCase(step, occasion);
}

function chooseByCase({ cases, otherwise }: BranchStep, { subject, missingReason }: Occasion): Way {
  const passed: string[] = [];
  for (const [index, { when, to }] of cases.entries()) {
    const truth = when.truth(subject.facts);
    const why = when.why(subject.facts, missingReason);
    if (truth === true) return { to, reason: `case ${index + 1} of ${cases.length}: ${why}` };
    passed.push(truth === null ? `not known: ${why}` : why);
  }
  return { to: otherwise, reason: `none of ${cases.length} cases: ${passed.join("; ")}` };
}

function chooseByChance({ id, random }: BranchStep, { run }: Occasion): Way {
  const total = random.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = (textHash(`${run.runId}/${id}`) / 2 ** 53) * total;
  let reached = 0;
  for (const [index, { weight, to }] of random.entries()) {
    reached += weight;
    if (drawn < reached) return { to, reason: `by chance: way ${index + 1} of ${random.length}` };
  }
  // The sum of the weights may be rounded: what is left over goes the last way.
  return { to: random.at(-1)?.to ?? null, reason: `by chance: way ${random.length} of ${random.length}` };
}
