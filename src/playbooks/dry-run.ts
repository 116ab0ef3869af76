import type { Instant } from "../scoring/history.ts";
import type { PlannedAction } from "./plan/action.ts";
import type { RunPosition, Scene } from "./plan/occasion.ts";
import { advanceRun, type RunPlan } from "./plan.ts";
import type { CompiledPlaybook } from "./playbook.ts";

/** One look at a run that is only tried: when, what it would do, and where it comes to rest. */
export interface DryLook {
  readonly at: Instant;
  readonly actions: readonly PlannedAction[];
  readonly next: RunPlan["next"];
  readonly reason: string;
}

/** Each look ends at a wait, or goes one step on: no playbook has so many. */
const mostLooks = 500;

/**
 * Walks a run from its first step to its end as it would go if nothing changed of the account: waits are waited out, and one for something that
 * does not come ends with its time-out. Ends early at a wait without an end, and behind `until`.
 */
export function dryRun(
  playbook: CompiledPlaybook,
  start: { readonly episode: number; readonly reason: string; readonly until?: Instant | undefined },
  scene: Scene,
  now: Instant,
): readonly DryLook[] {
  const first = {
    runId: 0,
    episode: start.episode,
    stepId: playbook.steps[0]?.id ?? "",
    waitId: null,
    visit: 1,
    dueAt: null,
    arrivedAt: now,
    reason: start.reason,
    depth: 0,
    chain: [],
  };
  return dryWalk(playbook, first, scene, { from: now, until: start.until ?? Infinity });
}

/** The same of a run that stands somewhere. */
export function dryWalk(
  playbook: CompiledPlaybook,
  start: RunPosition,
  scene: Scene,
  { from, until }: { readonly from: Instant; readonly until: Instant },
): readonly DryLook[] {
  const looks: DryLook[] = [];
  let position = start;
  let at: Instant | null = from;
  while (at !== null && at <= until && looks.length < mostLooks) {
    const plan: RunPlan = advanceRun(playbook, position, scene, at);
    looks.push({ at, ...plan });
    if (plan.next.kind !== "waiting") break;
    position = { ...position, ...plan.next };
    at = plan.next.dueAt === null ? null : Math.max(plan.next.dueAt, at + 1);
  }
  return looks;
}
