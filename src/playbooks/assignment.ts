import type { OnDuty } from "./owners.ts";
import type { Assignee } from "./playbook.ts";
import type { Subject } from "./subject.ts";

/** Who has how much to do, and whose turn it is. */
export interface Workload {
  /** By owner; who is not among them has none. */
  readonly openTasks: ReadonlyMap<string, number>;
  /** How often the tasks of a step have gone on, by `turnKey`; what is not among them never has. */
  readonly turns: ReadonlyMap<string, number>;
}

/** Where nobody has anything to do. */
export const noWorkload: Workload = { openTasks: new Map(), turns: new Map() };

/** Who gets a task. */
export interface Assignment extends OnDuty {
  /** Null where there is nobody. */
  readonly assignee: string | null;
  /** It belongs to whoever owns the account. */
  readonly asOwner: boolean;
  /** How the choice was made; empty where there was none. */
  readonly why: string;
  /** Where tasks go round: how often they have gone on with this one. */
  readonly turns?: number;
}

/** The key of a step among the turns. */
export function turnKey(playbookId: string, stepId: string): string {
  return `${playbookId} ${stepId}`;
}

/** Who gets a task of a step: whoever acts today for its assignee. `turns`: how often the step has gone on so far. */
export function assign(assignee: Assignee, subject: Subject, { openTasks }: Workload, turns: number): Assignment {
  if (assignee === "owner") return toOwner(subject, "");
  if (assignee === "manager") return toManager(subject);
  if (typeof assignee === "string") return toNamed(assignee, subject, "");
  const present = assignee.among.filter((id) => isPresent(id, subject));
  const away = assignee.among.filter((id) => !present.includes(id));
  const awayWords = away.length === 0 ? "" : `; ${away.join(", ")} away`;
  const size = assignee.among.length;
  if (assignee.kind === "round-robin") {
    const place = placeOfNext(assignee.among, present, turns);
    const id = assignee.among[place % size] ?? "";
    return { ...toNamed(id, subject, `the turn of ${id} among ${size}${awayWords}`), turns: place + 1 };
  }
  // Where all are away, those who stand in share as their own would.
  const id = leastLoaded(present.length > 0 ? present : assignee.among, openTasks);
  const open = openTasks.get(id) ?? 0;
  const count = `${open} open task${open === 1 ? "" : "s"}`;
  return toNamed(id, subject, `least loaded of ${size}: ${id} has ${count}${awayWords}`);
}

function toOwner({ owner, standsInFor }: Subject, why: string): Assignment {
  return { owner, standsInFor, assignee: owner?.id ?? null, asOwner: owner !== null && standsInFor === null, why };
}

/** The manager of who is on duty; where there is none it stays with them. */
function toManager(subject: Subject): Assignment {
  const { owner } = subject;
  if (owner === null) return toOwner(subject, "");
  if (owner.manager === undefined) return toOwner(subject, `${owner.id} has no manager`);
  return toNamed(owner.manager, subject, `the manager of ${owner.id}`);
}

function toNamed(id: string, subject: Subject, why: string): Assignment {
  const duty = subject.onDuty(id);
  return { ...duty, assignee: duty.owner?.id ?? id, asOwner: false, why };
}

/** Somebody who is away, or is no longer listed, is covered by another. */
function isPresent(id: string, subject: Subject): boolean {
  return subject.onDuty(id).owner?.id === id;
}

/** The first in order of those who have least to do. */
function leastLoaded(ids: readonly string[], openTasks: ReadonlyMap<string, number>): string {
  const loadOf = (id: string) => openTasks.get(id) ?? 0;
  return ids.reduce((least, id) => (loadOf(id) < loadOf(least) ? id : least), ids[0] ?? "");
}

/** From whose turn it is on, the first who is there; where nobody is, whose turn it is. */
function placeOfNext(among: readonly string[], present: readonly string[], turns: number): number {
  const passed = among.findIndex((_, offset) => present.includes(among[(turns + offset) % among.length] ?? ""));
  return turns + Math.max(0, passed);
}
