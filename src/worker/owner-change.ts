import type { Configuration } from "../playbooks/configuration.ts";
import { ownerOf } from "../playbooks/owners.ts";
import { writeAudit } from "../store/audit.ts";
import type { Tx } from "../store/db.ts";
import { moveTasks, type OwnedTask, readOwnedTasks, type TaskMove } from "../store/owned-tasks.ts";
import type { Situation } from "./situation.ts";

/** Gives the open tasks of an account's former owner to the present one, where owners.json says so; each move leaves an audit row. */
export async function followOwners(
  tx: Tx,
  configuration: Configuration,
  situations: readonly Situation[],
  now: Date,
): Promise<void> {
  const { owners } = configuration;
  if (owners.onOwnerChange === "keep") return;
  const byAccount = new Map(situations.map((situation) => [situation.accountId, situation]));
  const tasks = await readOwnedTasks(tx, [...byAccount.keys()]);
  const moves = tasks.flatMap((task) => {
    const situation = byAccount.get(task.accountId);
    const owner = situation === undefined ? null : ownerOf(owners, situation.ownerId);
    // Being away is no change of owner: what was given before stays.
    if (situation === undefined || owner === null || owner.id === task.assignee) return [];
    return moveOf(task, situation);
  });
  if (moves.length === 0) return;
  const moved = new Set(await moveTasks(tx, moves));
  const rows = moves
    .filter(({ id }) => moved.has(id))
    .map(({ id, accountId, from, assignee }) => ({
      author: "keepwell",
      via: "keepwell" as const,
      deed: "task.move",
      accountId,
      subject: String(id),
      data: { from, to: assignee, reason: "the account has another owner" },
    }));
  await writeAudit(tx, rows, now);
}

/** To the new owner, or to who stands in and keeps it. */
function moveOf(
  { id, accountId, assignee: from }: OwnedTask,
  { subject }: Situation,
): readonly (TaskMove & { readonly accountId: number; readonly from: string })[] {
  const { owner, standsInFor } = subject;
  if (owner === null || owner.id === from) return [];
  return [{ id, accountId, from, assignee: owner.id, asOwner: standsInFor === null }];
}
