import type { GuardQuestion, GuardVerdict } from "../guard.ts";
import type { HouseGuards } from "../guards-document.ts";
import type { AskingAccount } from "./knowledge.ts";
import { comparePriority } from "./priority.ts";

/** Whether a run that is under way for the account mutes this one. Its end makes the account due. */
export function inhibitionVerdict(
  question: GuardQuestion,
  underWay: AskingAccount["underWay"],
  house: HouseGuards,
  names: ReadonlyMap<string, string>,
): GuardVerdict {
  const muters = mutersOf(question, house);
  const muting = underWay.find((run) => run.playbookId !== question.playbook.id && muters(run));
  if (muting === undefined) return { kind: "go" };
  const name = names.get(muting.playbookId) ?? muting.playbookId;
  return { kind: "defer", guard: "inhibition", until: null, words: `muted by "${name}"` };
}

function mutersOf(
  { playbook, priority }: GuardQuestion,
  house: HouseGuards,
): (run: AskingAccount["underWay"][number]) => boolean {
  const { inhibitedBy } = playbook.guards;
  const by = inhibitedBy ?? (house.inhibition === "priority" ? "priority" : false);
  if (by === false) return () => false;
  if (by === "priority") return (run) => comparePriority(run.priority, priority) > 0;
  return (run) => by.includes(run.playbookId);
}
