import type { CallPlaybookStep } from "../playbook.ts";
import { type PlannedAction, pending, skipped } from "./action.ts";
import type { Occasion } from "./occasion.ts";

/** A run of another playbook for the same account. */
export function planCall(step: CallPlaybookStep, occasion: Occasion): PlannedAction {
  const refusal = refusalOf(step, occasion);
  if (refusal !== null) return skipped(step, occasion, step.playbook, refusal);
  const message = { kind: "call", playbook: step.playbook } as const;
  return { ...pending(step, occasion, step.playbook, message), state: "sent", reason: `calls "${step.playbook}"` };
}

/** Runs that call each other in a circle, or ever deeper, are cut. */
function refusalOf({ playbook: called }: CallPlaybookStep, { playbook, run, house }: Occasion): string | null {
  const isEnabled = house.isEnabled(called);
  if (isEnabled === null) return `there is no playbook "${called}"`;
  if (!isEnabled) return `the playbook "${called}" is not enabled`;
  const chain = [...run.chain, playbook.id];
  if (chain.includes(called)) return `dropped: "${called}" stands behind this run already (${chain.join(" → ")})`;
  if (run.depth >= house.maxDepth) {
    return `dropped: ${run.depth} runs stand behind this one (${chain.join(" → ")}), and ${house.maxDepth} are the most`;
  }
  return null;
}
