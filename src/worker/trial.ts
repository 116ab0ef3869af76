import { dryRun } from "../playbooks/dry-run.ts";
import type { PlannedAction } from "../playbooks/plan/action.ts";
import type { CompiledPlaybook } from "../playbooks/playbook.ts";
import { judgeTrigger } from "../playbooks/trigger.ts";
import type { Db } from "../store/db.ts";
import type { StoredScore } from "../store/scores.ts";
import { openAssignments } from "./assignments.ts";
import { turnOf } from "./runs/turn.ts";
import { loadSituations, type Situation, type SituationDeps } from "./situation.ts";

/** A playbook tried on an account: nothing is kept, and nothing is sent. */
export interface Trial {
  readonly situation: Situation;
  /** As if the playbook met the account for the first time, and took nothing as found. */
  readonly wouldFire: boolean;
  readonly reason: string;
  /** What a run that began at that moment would do, if nothing changed of the account. */
  readonly effects: readonly { readonly at: number; readonly action: PlannedAction }[];
  /** How the run would end. */
  readonly end: string;
}

/** Tries a playbook on an account as of a moment, with the functions that respond uses. `score`: that of the moment, where it is not the newest. */
export async function tryPlaybook(
  db: Db,
  deps: SituationDeps,
  {
    accountId,
    playbook,
    score,
  }: { readonly accountId: number; readonly playbook: CompiledPlaybook; readonly score: StoredScore | null },
  now: Date,
): Promise<Trial | null> {
  return db.transaction().execute(async (tx) => {
    const claim = { accountId, factsSeq: 0, isQuiet: false };
    const scores = score === null ? undefined : new Map([[accountId, score]]);
    const [situation] = await loadSituations(tx, { ...deps, scores }, [claim], now);
    if (situation === undefined) return null;
    const { facts, missingReason, held, history, subject } = situation;
    const eager = { ...playbook, entry: { ...playbook.entry, onActivate: "fire" as const } };
    const decision = judgeTrigger(eager, null, facts, {
      now: now.getTime(),
      firstSeen: false,
      missingReason,
      held,
      surroundings: { history, zone: subject.zone },
    });
    const { configuration } = deps;
    const assignments = openAssignments(tx, configuration);
    const { scene } = turnOf(tx, { configuration, situation, batch: { assignments, digestEntries: [] } }, now);
    const workload = await assignments.workloadFor(playbook);
    const start = { episode: 1, reason: decision.reason };
    const looks = dryRun(playbook, start, { ...scene, workload }, now.getTime());
    return {
      situation,
      wouldFire: decision.state.state === "firing" || decision.state.state === "pending",
      reason: decision.reason,
      effects: looks.flatMap(({ at, actions }) => actions.map((action) => ({ at, action }))),
      end: looks.at(-1)?.reason ?? "there are no steps",
    };
  });
}
