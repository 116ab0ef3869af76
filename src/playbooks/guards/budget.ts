import type { Instant } from "../../scoring/history.ts";
import type { GuardQuestion, GuardVerdict } from "../guard.ts";
import type { CompiledPlaybook, CompiledStep } from "../playbook.ts";

/** A run that waits for the alert budget, or was given a place in it. */
export interface AlertRequest {
  readonly ownerId: string;
  /** The first day of the week that it counts for, in the owner's zone. */
  readonly week: string;
  readonly grantedAt: Instant | null;
  /** Where it stands: `place 7 of 9 by expected loss …`. */
  readonly reason: string;
}

/** What the guard goes by for one account. */
export interface BudgetKnowledge {
  /** Runs a week. */
  readonly perWeek: number;
  /** Who is on duty for the account. */
  readonly ownerId: string;
  /** The first day of the present week, in the owner's zone. */
  readonly week: string;
  /** By playbook. */
  readonly requests: ReadonlyMap<string, AlertRequest>;
}

/** Whether its runs count against the alert budget: as the playbook says, else where a step reaches our own team. */
export function countsAsAlert({ guards, steps }: CompiledPlaybook): boolean {
  return guards.budget ?? steps.some(reachesTeam);
}

/** Whether the alert budget of the account's owner lets a run begin; null knowledge: there is none, or nobody whose it would be. An escalation goes at once, and counts. */
export function budgetVerdict({ playbook, priority }: GuardQuestion, knowledge: BudgetKnowledge | null): GuardVerdict {
  if (knowledge === null || priority === "escalation" || !countsAsAlert(playbook)) return { kind: "go" };
  const { ownerId, week, perWeek } = knowledge;
  const request = knowledge.requests.get(playbook.id);
  const isPresent = request?.ownerId === ownerId && request.week === week;
  if (isPresent && request.grantedAt !== null) return { kind: "go" };
  const standing = isPresent && request.reason !== "" ? `: ${request.reason}` : "";
  const words = `waits for the alert budget of ${ownerId}, ${perWeek} a week${standing}`;
  return { kind: "defer", guard: "budget", until: null, words };
}

/** What is known once a run of a playbook has begun: a grant is for one run. */
export function withoutGrant(knowledge: BudgetKnowledge | null, playbookId: string): BudgetKnowledge | null {
  if (knowledge?.requests.has(playbookId) !== true) return knowledge;
  return { ...knowledge, requests: new Map([...knowledge.requests].filter(([id]) => id !== playbookId)) };
}

function reachesTeam(step: CompiledStep): boolean {
  if (step.kind === "email") return step.to === "owner";
  if (step.kind === "task") return step.assignee === "owner" || step.assignee === "manager";
  return step.kind === "slack";
}
