import type { MissingReason } from "../../scoring/conditions.ts";
import type { Instant } from "../../scoring/history.ts";
import type { Workload } from "../assignment.ts";
import type { CompiledPlaybook } from "../playbook.ts";
import type { Subject } from "../subject.ts";
import type { RunWords } from "../template-context.ts";

/** Where a run stands. */
export interface RunPosition {
  readonly runId: number;
  readonly episode: number;
  /** The step to come next. */
  readonly stepId: string;
  /** The wait it stands in whose end is not settled: it is looked at again each time. Null: none. */
  readonly waitId: string | null;
  readonly visit: number;
  /** When the step to come is due at the latest; null: now, or in a wait, when that is over. */
  readonly dueAt: Instant | null;
  /** When it came to where it stands: when its first step was due, or when its wait began. */
  readonly arrivedAt: Instant | null;
  /** Why the run was started. */
  readonly reason: string;
  /** How many runs stand behind it, each of which called the next, and whose playbooks they were. */
  readonly depth: number;
  readonly chain: readonly string[];
}

/** What the steps of a run are made from. */
export interface Scene {
  readonly subject: Subject;
  /** Why a fact is missing, where that is known. */
  readonly missingReason?: MissingReason | undefined;
  readonly house: House;
  /** For tasks that go to one of several; nobody has anything to do unless given. */
  readonly workload?: Workload | undefined;
}

/** What a run may know of the other playbooks. */
export interface House {
  /** A chain of runs that call each other is cut behind so many. */
  readonly maxDepth: number;
  /** Null where there is no playbook of this id. */
  readonly isEnabled: (playbookId: string) => boolean | null;
}

/** One look at a run. */
export interface Occasion extends Scene {
  readonly playbook: CompiledPlaybook;
  readonly run: RunPosition;
  readonly words: RunWords;
  /** What its webhooks say that has happened. */
  readonly event: "playbook.fired" | "playbook.recovered";
  readonly now: Instant;
}

/** Puts together what the steps of a run go by. */
export function occasionOf(playbook: CompiledPlaybook, run: RunPosition, scene: Scene, now: Instant): Occasion {
  const words = { playbookId: playbook.id, playbookName: playbook.name, runId: run.runId, reason: run.reason };
  return { ...scene, playbook, run, words, event: "playbook.fired", now };
}

/** Stands in every message to our team, so that a repeat is known as one. */
export function runKeyOf({ playbook, run }: Occasion): string {
  return `keepwell run ${run.runId} · ${playbook.id}`;
}
