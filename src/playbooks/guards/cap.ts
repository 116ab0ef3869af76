import type { Instant } from "../../scoring/history.ts";
import { milliseconds } from "../compile/compilation.ts";
import type { GuardQuestion, GuardVerdict } from "../guard.ts";
import type { HouseGuards } from "../guards-document.ts";
import { moment, span } from "../time-words.ts";
import type { BegunRun } from "./knowledge.ts";
import { comparePriority } from "./priority.ts";

interface Cap {
  readonly runs: number;
  readonly perMs: number;
}

/** What caps look at: the runs that have begun for the account, of all playbooks. */
interface CappedAccount {
  readonly begun: readonly BegunRun[];
  readonly zone: string;
}

/** Whether the account has had its share of runs, of this playbook and of all together. A higher priority does not see runs of a lower one. */
export function capVerdict(
  { playbook, priority }: GuardQuestion,
  { begun, zone }: CappedAccount,
  house: HouseGuards,
  now: Instant,
): GuardVerdict {
  const { maxPerAccount: own } = playbook.guards;
  const ofPlaybook = begun.filter(({ playbookId }) => playbookId === playbook.id);
  const ofHouse = begun.filter((run) => comparePriority(run.priority, priority) >= 0);
  return (
    overCap(ofPlaybook, own, "of this playbook", zone, now) ??
    overCap(ofHouse, houseCap(house), "of all playbooks", zone, now) ?? { kind: "go" }
  );
}

/** The cap on all playbooks together; null: there is none. */
export function houseCap({ maxPerAccount }: HouseGuards): Cap | null {
  return maxPerAccount === undefined ? null : { runs: maxPerAccount.runs, perMs: milliseconds(maxPerAccount.per) };
}

function overCap(
  begun: readonly BegunRun[],
  cap: Cap | null,
  whose: string,
  zone: string,
  now: Instant,
): GuardVerdict | null {
  if (cap === null) return null;
  const counted = begun.map(({ startedAt }) => startedAt).filter((startedAt) => startedAt > now - cap.perMs);
  // There is room again when fewer than the cap are left: with the one that leaves then.
  const leaving = counted.sort((one, other) => one - other)[counted.length - cap.runs];
  if (leaving === undefined) return null;
  const until = leaving + cap.perMs;
  const words = `${counted.length} of ${cap.runs} runs ${whose} within ${span(cap.perMs)}, the next from ${moment(until, zone)} on`;
  return { kind: "defer", guard: "account-cap", until, words };
}
