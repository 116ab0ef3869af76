import { z } from "zod";
import type { Configuration } from "../../playbooks/configuration.ts";
import { readCoverage } from "../../store/coverage.ts";
import type { Db, Tx } from "../../store/db.ts";
import { planSchema, planScores } from "../plan.ts";
import type { ChangedDocument } from "./changed-documents.ts";
import { PlannedPlaybooks, playbooksPlanSchema } from "./planned-playbooks.ts";

/** What a change of documents would do to the whole portfolio. */
export const changePlanSchema = z.strictObject({ portfolio: planSchema, ...playbooksPlanSchema.shape });
export type ChangePlan = z.infer<typeof changePlanSchema>;

/** The documents in force, those that are planned, and where they differ. */
export interface ChangeQuestion {
  readonly before: Configuration;
  readonly after: Configuration;
  readonly documents: readonly ChangedDocument[];
  /** How many accounts are listed of those that move. */
  readonly listed: number;
  readonly onProgress?: (accounts: number, total: number) => void;
}

/** Foretells what a change would do to scores, bands, stages, playbooks and tasks. Writes nothing. */
export async function planChange(db: Db | Tx, question: ChangeQuestion, now: Date): Promise<ChangePlan> {
  const { before, after, documents, listed, onProgress } = question;
  const kinds = new Set(documents.map(({ kind }) => kind));
  const movesMetrics = kinds.has("company") || kinds.has("metrics");
  const movesScores = movesMetrics || kinds.has("lifecycle") || kinds.has("health-model");
  const edited = new Set(documents.filter(({ kind }) => kind === "playbook").map(({ id }) => id));
  const coverage = await readCoverage(db);
  const playbooks = new PlannedPlaybooks({ before, after, edited, movesScores, movesMetrics, listed, coverage }, now);
  const portfolio = await planScores(
    db,
    {
      before: before.scorer,
      after: after.scorer,
      isReusable: (metric) => !kinds.has("company") && !(kinds.has("metrics") && restsOnSettings(metric)),
      scoresAlike: !movesScores,
      listed,
      ...(onProgress !== undefined && { onProgress }),
      onScores: (scores) => playbooks.add(db, scores),
    },
    now,
  );
  return { portfolio, ...playbooks.plan() };
}

/** What metrics.json says something about. */
function restsOnSettings(metric: string): boolean {
  return metric.startsWith("custom.") || metric.startsWith("adoption.") || metric === "contract.seat_use";
}
