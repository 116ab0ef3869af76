import type { Configuration } from "../playbooks/configuration.ts";
import { advanceRun, type PlannedAction, type RunPlan } from "../playbooks/plan.ts";
import type { CompiledPlaybook } from "../playbooks/playbook.ts";
import type { Instant } from "../scoring/history.ts";
import { insertAction, insertTask } from "../store/actions.ts";
import type { Tx } from "../store/db.ts";
import { type RunRow, startRun, writeRunProgress } from "../store/playbook-state.ts";
import type { Fire } from "./judgement.ts";
import type { Situation } from "./situation.ts";

export interface RunsResult {
  readonly started: number;
  /** Actions and tasks made. */
  readonly actions: number;
  /** When the next waiting run of the account goes on. */
  readonly nextDueAt: Instant | null;
}

/** Starts the runs of an account's new episodes, and takes the runs that are due as far as their next wait. */
export async function advanceRuns(
  tx: Tx,
  configuration: Configuration,
  situation: Situation,
  fires: readonly Fire[],
  now: Date,
): Promise<RunsResult> {
  const started = await startRuns(tx, situation, fires, now);
  let actions = 0;
  let nextDueAt: Instant | null = null;
  for (const run of [...situation.runs, ...started]) {
    if (run.dueAt !== null && run.dueAt > now.getTime()) {
      nextDueAt = Math.min(nextDueAt ?? run.dueAt, run.dueAt);
      continue;
    }
    const playbook = configuration.playbooks.find((one) => one.id === run.playbookId && one.enabled);
    const plan = playbook === undefined ? null : planOf(playbook, run, situation, now);
    if (playbook !== undefined && plan !== null) actions += await keepActions(tx, playbook, run, situation, plan, now);
    await keepProgress(tx, playbook, run, plan, now);
    if (plan?.next.kind === "waiting") nextDueAt = Math.min(nextDueAt ?? plan.next.dueAt, plan.next.dueAt);
  }
  return { started: started.length, actions, nextDueAt };
}

async function startRuns(tx: Tx, situation: Situation, fires: readonly Fire[], now: Date): Promise<RunRow[]> {
  const started: RunRow[] = [];
  for (const { playbook, episode, round, priority, isHoldout, reason } of fires) {
    const run = await startRun(tx, {
      accountId: situation.accountId,
      playbookId: playbook.id,
      episode,
      round,
      priority,
      state: isHoldout ? "holdout" : "active",
      revision: playbook.revision,
      stepId: playbook.steps[0]?.id ?? null,
      reason,
      startedAt: now.getTime(),
    });
    if (run !== null && !isHoldout) started.push(run);
  }
  return started;
}

function planOf(playbook: CompiledPlaybook, run: RunRow, situation: Situation, now: Date): RunPlan {
  const position = { ...run, runId: run.id, stepId: run.stepId ?? "" };
  return advanceRun(playbook, position, situation.subject, now.getTime());
}

async function keepActions(
  tx: Tx,
  playbook: CompiledPlaybook,
  run: RunRow,
  situation: Situation,
  plan: RunPlan,
  now: Date,
): Promise<number> {
  let kept = 0;
  for (const action of plan.actions) {
    const id = await insertAction(
      tx,
      {
        ...action,
        runId: run.id,
        accountId: situation.accountId,
        playbookId: playbook.id,
        revision: playbook.revision,
      },
      now,
    );
    if (id === null) continue;
    kept += 1;
    await keepTask(tx, situation.accountId, id, action, now);
  }
  return kept;
}

async function keepTask(
  tx: Tx,
  accountId: number,
  actionId: number,
  action: Pick<PlannedAction, "message">,
  now: Date,
): Promise<void> {
  if (action.message.kind !== "task") return;
  const { title, body, assignee, dueOn, asOwner } = action.message;
  await insertTask(tx, { accountId, actionId, title, body, assignee, dueOn, asOwner }, now);
}

async function keepProgress(
  tx: Tx,
  playbook: CompiledPlaybook | undefined,
  run: RunRow,
  plan: RunPlan | null,
  now: Date,
): Promise<void> {
  if (playbook === undefined || plan === null) {
    const reason = `${run.reason}; stopped: the playbook is not enabled`;
    await writeRunProgress(tx, { ...run, state: "stopped", stepId: null, dueAt: null, reason }, now);
    return;
  }
  const { next } = plan;
  await writeRunProgress(
    tx,
    {
      id: run.id,
      revision: playbook.revision,
      state: next.kind === "waiting" ? "active" : next.kind,
      stepId: next.kind === "waiting" ? next.stepId : null,
      dueAt: next.kind === "waiting" ? next.dueAt : null,
      // Why the run was started stays: templates of later steps show it.
      reason: next.kind === "stopped" ? `${run.reason}; stopped: ${plan.reason}` : run.reason,
    },
    now,
  );
}
