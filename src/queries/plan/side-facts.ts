import type { Configuration } from "../../playbooks/configuration.ts";
import { type HeldFacts, heldFacts, withoutHeld } from "../../playbooks/held-facts.ts";
import { playbookFacts } from "../../playbooks/known-facts.ts";
import { ownerCalendar } from "../../playbooks/owners.ts";
import type { MissingReason } from "../../scoring/conditions.ts";
import type { DerivedFact } from "../../scoring/derived-facts.ts";
import type { Facts } from "../../scoring/facts.ts";
import { failingMetrics } from "../../scoring/held-metrics.ts";
import type { Instant, StreamCoverage } from "../../scoring/history.ts";
import { accountAsOf } from "../../scoring/record-state.ts";
import type { TrendSpans } from "../../scoring/trend-spans.ts";
import type { PlannedScore, PlannedSide } from "./planned-scores.ts";

/** What the playbooks of one side know of an account. */
export interface SideFacts {
  readonly facts: Facts;
  readonly missingReason: MissingReason;
  readonly held: HeldFacts | null;
  readonly zone: string;
  readonly ownerId: string | null;
}

/** What does not depend on the account. */
export interface SideFrame {
  readonly configuration: Configuration;
  readonly wanted: readonly DerivedFact[];
  readonly coverage: StreamCoverage;
}

/** The facts of an account under one side's documents, as its playbooks are judged by. */
export function sideFacts(
  { configuration, wanted, coverage }: SideFrame,
  { history, at }: Pick<PlannedScore, "history" | "at">,
  side: PlannedSide,
  spans: TrendSpans,
  now: Instant,
): SideFacts {
  const { company, plan, models } = configuration.scorer;
  const account = accountAsOf(history, now);
  const zone = account.zone ?? company.zone;
  const ownerId = account.owner ?? null;
  const calendar = ownerCalendar(configuration.owners, ownerId, company.calendarOf);
  const { health, metrics, ...score } = side;
  const known = playbookFacts({ history, metrics, score: { ...health, ...score }, spans, zone, calendar }, wanted, now);
  const failing = failingMetrics(plan, coverage, { scoredAt: at, zone }, now);
  const held = heldFacts(
    failing,
    models.find(({ id }) => id === side.modelId),
  );
  return { ...withoutHeld(known, held), held, zone, ownerId };
}

/** Whether a playbook could tell one side of an account from the other. */
export function hasMovedFacts({ before, after }: PlannedScore, metricsMove: boolean): boolean {
  if (before === after) return false;
  const [old, next] = [before.health, after.health];
  return (
    metricsMove ||
    old.score !== next.score ||
    old.band !== next.band ||
    old.coverage !== next.coverage ||
    old.computed !== next.computed ||
    old.confidence?.value !== next.confidence?.value ||
    before.modelId !== after.modelId ||
    JSON.stringify(before.lifecycle) !== JSON.stringify(after.lifecycle)
  );
}
