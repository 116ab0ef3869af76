import type { Configuration } from "../playbooks/configuration.ts";
import { budgetKnowledge } from "../playbooks/guards/budget/knowledge.ts";
import type { AskedRun } from "../playbooks/guards/knowledge.ts";
import { type AccountGuards, judgeRound } from "../playbooks/guards/round.ts";
import { brakeOf } from "../playbooks/guards/storm-brake.ts";
import type { Tx } from "../store/db.ts";
import { lockBrakes, pullBrake } from "../store/guards/brakes.ts";
import { readGuardKnowledge } from "../store/guards/knowledge.ts";
import type { TriggerStateRow } from "../store/playbook-state.ts";
import { loadAlertRequests } from "./alert-budget.ts";
import { type Judgement, judgeAccount } from "./judgement.ts";
import type { Situation } from "./situation.ts";

/** Accounts in the audience of playbooks, as they were counted in a pass. */
export type CountedAudiences = Map<string, number>;

/** What came of a batch of accounts that were judged together. */
export interface BatchJudgement {
  /** In the order of the situations. */
  readonly judgements: readonly Judgement[];
  /** Playbooks whose brake keeps a run of this batch waiting, and those among them whose brake it has pulled. */
  readonly braked: ReadonlySet<string>;
  readonly pulled: ReadonlySet<string>;
}

/**
 * Judges the accounts of a batch. First as if nothing kept runs from beginning: only where one would begin the guards are asked, and what
 * they go by is read. Whoever counts runs for a storm brake does so alone, to the end of the transaction.
 */
export async function judgeBatch(
  tx: Tx,
  configuration: Configuration,
  situations: readonly Situation[],
  counted: CountedAudiences,
  now: Date,
): Promise<BatchJudgement> {
  const probes = situations.map((situation) => probe(configuration, situation, now));
  const joined = joinedAudiences(situations, probes);
  for (const [playbookId, accounts] of joined) {
    const known = counted.get(playbookId);
    if (known !== undefined) counted.set(playbookId, known + accounts);
  }
  const asked = probes.flatMap((one) => one.asked);
  if (asked.length === 0) {
    return { judgements: probes.map(({ judgement }) => judgement), braked: new Set(), pulled: new Set() };
  }
  await lockBrakes(tx, brakesOf(configuration, asked));
  const askers = await loadAskers(tx, configuration, situations, asked, now);
  const knowledge = await readGuardKnowledge(tx, configuration, askers, asked, { counted, joined }, now);
  const round = judgeRound(asked, knowledge, now.getTime());
  for (const [playbookId, brake] of round.pulled) await pullBrake(tx, { playbookId, ...brake }, now);
  const judgements = situations.map((situation, index) => {
    const first = probes[index];
    if (first?.asked.length === 0) return first.judgement;
    return judgeAccount(configuration, situation, round.of(situation.accountId), now.getTime());
  });
  const braked = judgements
    .flatMap(({ changedStates }) => changedStates)
    .filter(({ guard }) => guard === "storm-brake")
    .map(({ playbookId }) => playbookId);
  return { judgements, braked: new Set(braked), pulled: new Set(round.pulled.keys()) };
}

interface Probe {
  readonly judgement: Judgement;
  readonly asked: readonly AskedRun[];
}

/** The judgement without guards, and which runs it would begin. */
function probe(configuration: Configuration, situation: Situation, now: Date): Probe {
  const asked: AskedRun[] = [];
  const guards: AccountGuards = {
    ask: (question) => {
      asked.push({ accountId: situation.accountId, question });
      return { kind: "go" };
    },
    originOf: () => ({ depth: 0, chain: [] }),
  };
  return { judgement: judgeAccount(configuration, situation, guards, now.getTime()), asked };
}

function brakesOf({ guards: house }: Configuration, asked: readonly AskedRun[]): readonly string[] {
  const braked = asked.filter(({ question }) => brakeOf(question.playbook, house) !== null);
  return [...new Set(braked.map(({ question }) => question.playbook.id))];
}

async function loadAskers(
  tx: Tx,
  configuration: Configuration,
  situations: readonly Situation[],
  asked: readonly AskedRun[],
  now: Date,
) {
  const ids = new Set(asked.map(({ accountId }) => accountId));
  const requests = await loadAlertRequests(tx, configuration, [...ids]);
  return situations
    .filter(({ accountId }) => ids.has(accountId))
    .map(({ accountId, ownerId, snooze, runs, subject }) => ({
      ...{ accountId, ownerId, snooze, zone: subject.zone, underWay: runs },
      budget: budgetKnowledge(configuration, subject, requests.get(accountId) ?? [], now.getTime()),
    }));
}

/** By how many accounts of the batch the audience of each playbook grows, or shrinks. */
function joinedAudiences(situations: readonly Situation[], probes: readonly Probe[]): ReadonlyMap<string, number> {
  const joined = new Map<string, number>();
  probes.forEach(({ judgement }, index) => {
    for (const after of judgement.changedStates) {
      const before = situations[index]?.states.find(({ playbookId }) => playbookId === after.playbookId);
      const change = inAudience(after) - inAudience(before);
      if (change !== 0) joined.set(after.playbookId, (joined.get(after.playbookId) ?? 0) + change);
    }
  });
  return joined;
}

function inAudience(state: TriggerStateRow | undefined): number {
  return state?.inAudience === true ? 1 : 0;
}
