import { planRecovery } from "../../playbooks/plan.ts";
import type { TriggerStateRow } from "../../store/playbook-state.ts";
import { readRunOfEpisode } from "../../store/runs.ts";
import { keepActions } from "./keeping.ts";
import { positionOf, type Turn } from "./turn.ts";

/** Does the steps of `onRecover` for episodes that are over and had begun a run; answers how many actions were made. */
export async function tellRecoveries(turn: Turn, changed: readonly TriggerStateRow[]): Promise<number> {
  const { tx, configuration, situation, scene, now } = turn;
  let actions = 0;
  for (const after of changed) {
    const before = situation.states.find(({ playbookId }) => playbookId === after.playbookId);
    const playbook = configuration.playbooks.find(({ id, enabled }) => id === after.playbookId && enabled);
    if (before === undefined || playbook === undefined) continue;
    if (playbook.onRecover.length === 0 || !isOver(before, after)) continue;
    const run = await readRunOfEpisode(tx, before);
    if (run === null) continue;
    const position = { ...positionOf(run), reason: after.reason };
    const planned = planRecovery(playbook, position, scene, now.getTime());
    actions += (await keepActions(turn, playbook, run, planned)).actions;
  }
  return actions;
}

/** The episode ended, whether or not another one has begun. */
function isOver(before: TriggerStateRow, after: TriggerStateRow): boolean {
  const wasOn = before.state === "firing" || before.state === "recovering";
  const isOn = after.state === "firing" || after.state === "recovering";
  return wasOn && (!isOn || after.episode > before.episode);
}
