import { noWorkload, turnKey, type Workload } from "../playbooks/assignment.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import type { PlannedAction } from "../playbooks/plan/action.ts";
import type { CompiledPlaybook, CompiledStep } from "../playbooks/playbook.ts";
import { countOpenTasks, lockAssignments, readTurns, writeTurns } from "../store/assignment.ts";
import type { Tx } from "../store/db.ts";

/** Who has how much to do, through all the tasks that one transaction gives. */
export interface Assignments {
  /** For a playbook none of whose tasks goes to one of several nothing is read. */
  workloadFor(playbook: CompiledPlaybook): Promise<Workload>;
  /** Counts a task that was kept. */
  count(playbook: CompiledPlaybook, action: PlannedAction): Promise<void>;
}

/** Reads who has how much to do when it is first asked for; from then on until the end of the transaction nobody else gives tasks to one of several. */
export function openAssignments(tx: Tx, { playbooks }: Configuration): Assignments {
  const openTasks = new Map<string, number>();
  const turns = new Map<string, number>();
  let isLoaded = false;

  const load = async () => {
    await lockAssignments(tx);
    const sharing = playbooks.filter((playbook) => amongIn(playbook).length > 0);
    for (const [id, tasks] of await countOpenTasks(tx, sharing.flatMap(amongIn))) openTasks.set(id, tasks);
    for (const { playbookId, stepId, turns: count } of await readTurns(
      tx,
      sharing.map(({ id }) => id),
    )) {
      turns.set(turnKey(playbookId, stepId), count);
    }
    isLoaded = true;
  };

  return {
    async workloadFor(playbook) {
      if (amongIn(playbook).length === 0) return noWorkload;
      if (!isLoaded) await load();
      return { openTasks, turns };
    },
    async count({ id: playbookId }, { stepId, message, turns: gone }) {
      if (message.kind !== "task" || !isLoaded) return;
      openTasks.set(message.assignee, (openTasks.get(message.assignee) ?? 0) + 1);
      if (gone === undefined) return;
      turns.set(turnKey(playbookId, stepId), gone);
      await writeTurns(tx, { playbookId, stepId, turns: gone });
    },
  };
}

/** Everybody to whom tasks of a playbook may go by load or by turn. */
function amongIn({ steps }: CompiledPlaybook): readonly string[] {
  return steps.flatMap(amongOf);
}

function amongOf(step: CompiledStep): readonly string[] {
  return step.kind === "task" && typeof step.assignee !== "string" ? step.assignee.among : [];
}
