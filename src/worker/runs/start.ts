import { countsAsAlert } from "../../playbooks/guards/budget.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import type { Instant } from "../../scoring/history.ts";
import { type RunRow, startRun } from "../../store/runs.ts";
import type { Fire } from "../judgement.ts";
import type { Turn } from "./turn.ts";

/** Starts the runs of episodes that begin; those that are held out are kept, and not among what is answered. */
export async function startRuns(turn: Turn, fires: readonly Fire[]): Promise<readonly RunRow[]> {
  const started: RunRow[] = [];
  for (const { playbook, episode, round, priority, isHoldout, reason, origin } of fires) {
    const run = await startRun(turn.tx, {
      ...beginningOf(playbook, turn),
      episode,
      round,
      priority,
      ...origin,
      isAlert: !isHoldout && countsAsAlert(playbook),
      state: isHoldout ? "holdout" : "active",
      reason,
      arrivedAt: dueSince(playbook, turn),
    });
    if (run !== null && !isHoldout) started.push(run);
  }
  return started;
}

/** Starts the run that a step calls; null where there is one already. */
export async function startCalled(
  turn: Turn,
  caller: RunRow,
  { playbookId, stepId }: { readonly playbookId: string; readonly stepId: string },
): Promise<RunRow | null> {
  const playbook = turn.configuration.playbooks.find(({ id }) => id === playbookId);
  if (playbook === undefined) return null;
  return startRun(turn.tx, {
    ...beginningOf(playbook, turn),
    // It belongs to no episode of its own playbook.
    episode: 0,
    cause: `call:${caller.id}:${stepId}:${caller.visit}`,
    priority: playbook.priority,
    depth: caller.depth + 1,
    chain: [...caller.chain, caller.playbookId],
    reason: caller.reason,
  });
}

function beginningOf(playbook: CompiledPlaybook, { situation, now }: Turn) {
  return {
    accountId: situation.accountId,
    playbookId: playbook.id,
    revision: playbook.revision,
    stepId: playbook.steps[0]?.id ?? null,
    ownerId: situation.subject.owner?.id ?? null,
    startedAt: now.getTime(),
    goalUntil: playbook.goal === null ? null : now.getTime() + playbook.goal.withinMs,
  };
}

/** An episode that had to wait for a guard, or for this program to be started, was due when its `for` was over. */
function dueSince(playbook: CompiledPlaybook, { situation, now }: Turn): Instant {
  const before = situation.states.find(({ playbookId }) => playbookId === playbook.id);
  if (before?.state !== "pending") return now.getTime();
  return Math.min(before.since + playbook.trigger.forMs, now.getTime());
}
