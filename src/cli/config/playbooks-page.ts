import type { ChangePlan } from "../../queries/plan/change.ts";
import type { Output } from "../output.ts";

type PlaybookPlan = ChangePlan["playbooks"][number];

/** Whom playbooks would gain and lose, and who would get how many tasks. */
export function printPlaybooks(out: Output, { playbooks, tasks }: ChangePlan): void {
  if (playbooks.length > 0) {
    out.line();
    out.table({
      head: ["playbook", "", "come in", "runs begin", "wait", "silently", "go out", "runs end"],
      rows: playbooks.map((one) => [one.id, changeWords(one), ...countsOf(one), one.runsEnded]),
      right: [2, 3, 4, 5, 6, 7],
    });
  }
  for (const { id, brake } of playbooks) {
    if (brake !== null) out.line(`${id} would stop and ask before any of them begins: ${brake}.`);
  }
  for (const playbook of playbooks) {
    printMoves(out, `${playbook.id}: come in`, playbook.comesIn);
    printMoves(out, `${playbook.id}: go out`, playbook.goesOut);
  }
  if (tasks.length === 0) return;
  out.line();
  out.table({
    head: ["tasks within a week", "now", "then"],
    rows: tasks.map(({ owner, before, after }) => [owner, before, after]),
    right: [1, 2],
  });
}

/** What waits for records or times has nobody to count. */
function countsOf(one: PlaybookPlan): readonly (number | null)[] {
  if (one.waitsForEvents) return [null, null, null, null, null];
  return [one.in, one.begins, one.waits, one.silent, one.out];
}

function changeWords({ change, waitsForEvents }: PlaybookPlan): string {
  const words = change === "facts" ? "its facts move" : change;
  return waitsForEvents ? `${words}; waits for events` : words;
}

const fates = { begins: "a run begins", waits: "waits", silent: "taken as it is" } as const;

function printMoves(out: Output, title: string, moves: PlaybookPlan["comesIn"]): void {
  if (moves.length === 0) return;
  out.line();
  out.table({
    head: [title, "owner", "MRR", "", "because"],
    rows: moves.map(({ name, owner, mrr, fate, reason }) => [
      name,
      owner,
      mrr === null ? null : Math.round(mrr),
      fate === null ? "" : fates[fate],
      reason,
    ]),
    right: [2],
  });
}
