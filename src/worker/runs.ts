import { advanceRun } from "../playbooks/plan.ts";
import type { CompiledPlaybook } from "../playbooks/playbook.ts";
import type { Instant } from "../scoring/history.ts";
import type { Tx } from "../store/db.ts";
import { type RunRow, writeRunProgress } from "../store/runs.ts";
import type { Judgement } from "./judgement.ts";
import { endingOf, endRun, noteGoals } from "./runs/ending.ts";
import { keepActions } from "./runs/keeping.ts";
import { tellRecoveries } from "./runs/recovery.ts";
import { startRuns } from "./runs/start.ts";
import { positionOf, type Turn, turnOf } from "./runs/turn.ts";

export interface RunsResult {
  readonly started: number;
  /** Actions and tasks made. */
  readonly actions: number;
  /** When the next waiting run of the account goes on. */
  readonly nextDueAt: Instant | null;
}

/** Starts the runs of an account's new episodes, takes the runs under way as far as they go, and tells of episodes that are over. */
export async function advanceRuns(
  tx: Tx,
  { judgement, ...about }: Pick<Turn, "configuration" | "situation" | "batch"> & { readonly judgement: Judgement },
  now: Date,
): Promise<RunsResult> {
  const { situation } = about;
  const turn = turnOf(tx, about, now);
  const started = await startRuns(turn, judgement.fires);
  let actions = await tellRecoveries(turn, judgement.changedStates);
  let nextDueAt: Instant | null = null;
  // Runs that are called come behind: what calls them is bounded by depth, and no playbook stands twice in a chain.
  const runs = [...situation.runs, ...started];
  for (const run of runs) {
    const moved = await moveRun(turn, run);
    actions += moved.actions;
    runs.push(...moved.called);
    if (moved.dueAt !== null) nextDueAt = Math.min(nextDueAt ?? moved.dueAt, moved.dueAt);
  }
  await noteGoals(turn);
  return { started: runs.length - situation.runs.length, actions, nextDueAt };
}

interface Moved {
  readonly actions: number;
  readonly called: readonly RunRow[];
  /** When time takes it on; null: nothing but news does, or it has ended. */
  readonly dueAt: Instant | null;
}

const nothing = { actions: 0, called: [], dueAt: null } as const;

async function moveRun(turn: Turn, run: RunRow): Promise<Moved> {
  const playbook = turn.configuration.playbooks.find(({ id, enabled }) => id === run.playbookId && enabled);
  const isResting = run.waitId === null && run.dueAt !== null && run.dueAt > turn.now.getTime();
  if (playbook === undefined) {
    // It may be enabled again before its wait is over.
    if (isResting) return { ...nothing, dueAt: run.dueAt };
    await endRun(turn, run, null, { state: "stopped", reason: "stopped: the playbook is not enabled" });
    return nothing;
  }
  const ending = endingOf(playbook, run, turn);
  if (ending !== null) {
    await endRun(turn, run, playbook, ending);
    return nothing;
  }
  return isResting ? { ...nothing, dueAt: run.dueAt } : walkOn(turn, playbook, run);
}

async function walkOn(turn: Turn, playbook: CompiledPlaybook, run: RunRow): Promise<Moved> {
  const scene = { ...turn.scene, workload: await turn.batch.assignments.workloadFor(playbook) };
  const { actions, next, reason } = advanceRun(playbook, positionOf(run), scene, turn.now.getTime());
  const kept = await keepActions(turn, playbook, run, actions);
  if (next.kind !== "waiting") {
    await endRun(turn, run, playbook, {
      state: next.kind,
      reason: next.kind === "stopped" ? `stopped: ${reason}` : null,
    });
    return { ...kept, dueAt: null };
  }
  const { stepId, waitId, dueAt, arrivedAt } = next;
  const { id, reason: whyStarted } = run;
  const { revision } = playbook;
  const progress = { id, revision, state: "active", stepId, waitId, dueAt, arrivedAt, reason: whyStarted } as const;
  if (!isSame(run, progress)) await writeRunProgress(turn.tx, progress, turn.now);
  return { ...kept, dueAt };
}

function isSame(run: RunRow, to: Pick<RunRow, "revision" | "stepId" | "waitId" | "dueAt" | "arrivedAt">): boolean {
  return (
    run.revision === to.revision &&
    run.stepId === to.stepId &&
    run.waitId === to.waitId &&
    run.dueAt === to.dueAt &&
    run.arrivedAt === to.arrivedAt
  );
}
