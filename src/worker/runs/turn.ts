import type { Configuration } from "../../playbooks/configuration.ts";
import type { RunPosition, Scene } from "../../playbooks/plan/occasion.ts";
import type { Tx } from "../../store/db.ts";
import type { DigestEntry } from "../../store/digests.ts";
import type { RunRow } from "../../store/runs.ts";
import type { Assignments } from "../assignments.ts";
import type { Situation } from "../situation.ts";

/** What the runs of a batch of accounts share. */
export interface Batch {
  readonly assignments: Assignments;
  /** What is to be told together; written once the batch is through. */
  readonly digestEntries: DigestEntry[];
}

/** The runs of one account, looked at once. */
export interface Turn {
  readonly tx: Tx;
  readonly configuration: Configuration;
  readonly situation: Situation;
  readonly scene: Scene;
  readonly batch: Batch;
  readonly now: Date;
}

/** Puts together what the runs of an account go by. */
export function turnOf(
  tx: Tx,
  { configuration, situation, batch }: Pick<Turn, "configuration" | "situation" | "batch">,
  now: Date,
): Turn {
  const { playbooks, guards } = configuration;
  const house = {
    maxDepth: guards.maxDepth,
    isEnabled: (playbookId: string) => playbooks.find(({ id }) => id === playbookId)?.enabled ?? null,
  };
  const { subject, missingReason } = situation;
  return { tx, configuration, situation, scene: { subject, missingReason, house }, batch, now };
}

/** Where a run stands, as its steps see it. */
export function positionOf(run: RunRow): RunPosition {
  return { ...run, runId: run.id, stepId: run.stepId ?? "" };
}
