import type { Instant } from "../../../scoring/history.ts";
import type { Configuration } from "../../configuration.ts";
import { readerOf } from "../../digest/reader.ts";
import type { Subject } from "../../subject.ts";
import type { AlertRequest, BudgetKnowledge } from "../budget.ts";
import { alertWeek } from "./allowance.ts";

/** What the guard goes by for an account; null where there is no budget, or nobody whose it would be. */
export function budgetKnowledge(
  configuration: Configuration,
  { owner }: Pick<Subject, "owner">,
  requests: readonly (AlertRequest & { readonly playbookId: string })[],
  now: Instant,
): BudgetKnowledge | null {
  const { alertBudget } = configuration.guards;
  if (alertBudget === undefined || owner === null) return null;
  const { week } = alertWeek(readerOf(configuration, owner), alertBudget.perWeek, now);
  const byPlaybook = new Map(requests.map((request) => [request.playbookId, request]));
  return { perWeek: alertBudget.perWeek, ownerId: owner.id, week, requests: byPlaybook };
}
