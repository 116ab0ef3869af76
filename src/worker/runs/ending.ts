import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { writeAudit } from "../../store/audit.ts";
import { markGoalReached, type RunRow, writeRunProgress } from "../../store/runs.ts";
import { closeTasksOfRun } from "../../store/tasks.ts";
import type { Turn } from "./turn.ts";

/** How a run ends. */
export interface Ending {
  readonly state: Exclude<RunRow["state"], "active" | "holdout">;
  /** Null where it came to its end. */
  readonly reason: string | null;
}

/** Whether a run under way has reached its goal, or is to be left; null: neither. */
export function endingOf(playbook: CompiledPlaybook, run: RunRow, turn: Turn): Ending | null {
  const { subject, missingReason } = turn.scene;
  const reached = goalWords(playbook, run, turn);
  if (reached !== null) return { state: "reached", reason: `reached its goal: ${reached}` };
  if (playbook.exit?.truth(subject.facts) !== true) return null;
  return { state: "exited", reason: `exited: ${playbook.exit.why(subject.facts, missingReason)}` };
}

/** Writes the end of a run, and closes its open tasks where the playbook says so. Null: it has a playbook no longer. */
export async function endRun(
  turn: Turn,
  run: RunRow,
  playbook: CompiledPlaybook | null,
  { state, reason }: Ending,
): Promise<void> {
  const { tx, now } = turn;
  // Why the run was started stays.
  const words = reason === null ? run.reason : `${run.reason}; ${reason}`;
  const rest = { stepId: null, waitId: null, dueAt: null, arrivedAt: null };
  const revision = playbook?.revision ?? run.revision;
  await writeRunProgress(tx, { ...rest, id: run.id, revision, state, reason: words }, now);
  if (state === "reached") await markGoalReached(tx, run.id, now);
  const isEarly = state === "reached" || state === "exited";
  if (isEarly && playbook?.openTasks === "close") await closeTasks(turn, run, reason ?? "");
}

/** Notes of runs that are over, or were held out, that their goal is reached: they are compared by it. */
export async function noteGoals(turn: Turn): Promise<void> {
  for (const run of turn.situation.endedRuns) {
    const playbook = turn.configuration.playbooks.find(({ id }) => id === run.playbookId);
    if (playbook !== undefined && goalWords(playbook, run, turn) !== null) {
      await markGoalReached(turn.tx, run.id, turn.now);
    }
  }
}

/** Why the goal is reached, in the time that it has; null while it is not. */
function goalWords({ goal }: CompiledPlaybook, run: RunRow, { scene, now }: Turn): string | null {
  const isOver = run.goalUntil === null || now.getTime() > run.goalUntil;
  if (goal === null || isOver || goal.when.truth(scene.subject.facts) !== true) return null;
  return goal.when.why(scene.subject.facts, scene.missingReason);
}

async function closeTasks({ tx, situation, now }: Turn, run: RunRow, outcome: string): Promise<void> {
  const { accountId } = situation;
  const closed = await closeTasksOfRun(tx, run.id, outcome, now);
  const rows = closed.map((id) => ({
    author: "keepwell",
    via: "keepwell" as const,
    deed: "task.cancel",
    accountId,
    subject: String(id),
    data: { run: run.id, playbook: run.playbookId, reason: outcome },
  }));
  await writeAudit(tx, rows, now);
}
