import type { Configuration } from "../../playbooks/configuration.ts";
import { type AskGuards, noGuards } from "../../playbooks/guard.ts";
import { budgetKnowledge } from "../../playbooks/guards/budget/knowledge.ts";
import type { AskedRun } from "../../playbooks/guards/knowledge.ts";
import { judgeRound } from "../../playbooks/guards/round.ts";
import { resolveOwner } from "../../playbooks/owners.ts";
import type { SnoozeNotice } from "../../playbooks/snooze.ts";
import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import { readAlertRequests } from "../../store/alert-requests.ts";
import type { Db } from "../../store/db.ts";
import { readGuardKnowledge } from "../../store/guards/knowledge.ts";
import { readOpenRuns } from "../../store/runs.ts";

/** An account as guards see it. */
export interface GuardedAccount {
  readonly accountId: number;
  readonly ownerId: string | null;
  readonly zone: string;
  readonly snooze: SnoozeNotice | null;
}

/**
 * The guards as the next judgement of the account would ask them; nothing is locked, and nothing counts. `judge` is called once, with guards
 * that let everything begin, to learn which runs would.
 */
export async function guardsOf(
  db: Db,
  configuration: Configuration,
  account: GuardedAccount,
  judge: (guards: AskGuards) => void,
  now: Date,
): Promise<AskGuards> {
  const { accountId, ownerId, zone } = account;
  const asked: AskedRun[] = [];
  judge((question) => {
    asked.push({ accountId, question });
    return { kind: "go" };
  });
  if (asked.length === 0) return noGuards;
  const today = formatDay(dayOfInstant(zone, now.getTime()));
  const runs = await readOpenRuns(db, [accountId], now);
  const requests = configuration.guards.alertBudget === undefined ? [] : await readAlertRequests(db, [accountId]);
  const asker = {
    ...account,
    underWay: runs.filter(({ state }) => state === "active"),
    budget: budgetKnowledge(configuration, resolveOwner(configuration.owners, ownerId, today), requests, now.getTime()),
  };
  const audiences = { counted: new Map<string, number>(), joined: new Map<string, number>() };
  const knowledge = await readGuardKnowledge(db, configuration, [asker], asked, audiences, now);
  return judgeRound(asked, knowledge, now.getTime()).of(accountId).ask;
}
