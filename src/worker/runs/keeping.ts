import { estimateLoss, expectedLoss } from "../../playbooks/expected-loss.ts";
import type { PlannedAction } from "../../playbooks/plan/action.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { insertAction, insertTask } from "../../store/actions.ts";
import type { RunRow } from "../../store/runs.ts";
import { insertSurveyRequest } from "../../store/survey-requests.ts";
import { startCalled } from "./start.ts";
import type { Turn } from "./turn.ts";

/** What was made anew. */
export interface Kept {
  readonly actions: number;
  readonly called: readonly RunRow[];
}

/** Keeps what the steps of a run make, each effect once, with the tasks and runs that are made by it. */
export async function keepActions(
  turn: Turn,
  playbook: CompiledPlaybook,
  run: RunRow,
  actions: readonly PlannedAction[],
): Promise<Kept> {
  const { tx, situation, batch, now } = turn;
  const { accountId } = situation;
  let kept = 0;
  const called: RunRow[] = [];
  for (const planned of actions) {
    const { asked, digest, turns: _turns, ...action } = planned;
    const origin = { runId: run.id, accountId, playbookId: playbook.id, revision: playbook.revision };
    const actionId = await insertAction(tx, { ...action, ...origin }, now);
    if (actionId === null) continue;
    kept += 1;
    const { message, stepId, visit } = action;
    if (message.kind === "task") {
      const { kind: _kind, ...task } = message;
      await insertTask(tx, { ...task, accountId, actionId }, now);
    }
    await batch.assignments.count(playbook, planned);
    if (digest !== undefined) {
      const entry = { ...digest, channel: action.channel ?? "", accountId, playbookId: playbook.id, runId: run.id };
      batch.digestEntries.push({ ...entry, kind: "alert", reason: run.reason, expectedLoss: knownLoss(turn) });
    }
    if (asked !== undefined) {
      await insertSurveyRequest(tx, { ...asked, accountId, runId: run.id, stepId, visit, askedAt: now.getTime() });
    }
    if (message.kind === "call") {
      const begun = await startCalled(turn, run, { playbookId: message.playbook, stepId });
      if (begun !== null) called.push(begun);
    }
  }
  return { actions: kept, called };
}

/** Null where nobody knows the account's revenue. */
function knownLoss({ scene }: Turn): number | null {
  const estimate = estimateLoss(scene.subject.facts);
  return estimate.revenue === null ? null : expectedLoss(estimate, null);
}
