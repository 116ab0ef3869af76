import type { Instant } from "../../scoring/history.ts";
import type { AskGuards, GuardQuestion, GuardVerdict } from "../guard.ts";
import { snoozeVerdict } from "../snooze.ts";
import { budgetVerdict } from "./budget.ts";
import { capVerdict } from "./cap.ts";
import { holdoutVerdict } from "./holdout.ts";
import { inhibitionVerdict } from "./inhibition.ts";
import type { AskedRun, AskingAccount, GuardKnowledge, PulledBrake } from "./knowledge.ts";
import { loopVerdict, type Origin, originOf } from "./loop.ts";
import { comparePriority } from "./priority.ts";
import { brakeOf, brakeVerdict, isReleased, stormOf } from "./storm-brake.ts";
import { windowVerdict } from "./window.ts";

/** What the guards say of all runs that would begin together. */
export interface GuardRound {
  /** The guards as a judgement of one account asks them, and what brought its runs about. */
  readonly of: (accountId: number) => { readonly ask: AskGuards; readonly originOf: (playbookId: string) => Origin };
  /** Brakes that this round pulls, by playbook. */
  readonly pulled: ReadonlyMap<string, PulledBrake>;
}

interface Decision {
  readonly asked: AskedRun;
  readonly verdict: GuardVerdict;
  readonly origin: Origin;
}

/**
 * Asks the guards of every run that would begin, the higher priority first, so that what begins counts for what is asked behind it. Where
 * that came to a storm its brake is pulled and all are asked anew: of what is asked together nothing goes out before.
 */
export function judgeRound(asked: readonly AskedRun[], knowledge: GuardKnowledge, now: Instant): GuardRound {
  const pulled = new Map<string, PulledBrake>();
  for (;;) {
    const decisions = decideAll(asked, knowledge, pulled, now);
    const storms = newStorms(decisions, knowledge, pulled);
    if (storms.length === 0) return { of: (accountId) => answersOf(accountId, decisions), pulled };
    for (const [playbookId, brake] of storms) pulled.set(playbookId, brake);
  }
}

const byItself: Origin = { depth: 0, chain: [] };

function answersOf(accountId: number, decisions: readonly Decision[]): ReturnType<GuardRound["of"]> {
  const own = new Map(
    decisions
      .filter(({ asked }) => asked.accountId === accountId)
      .map((decision) => [decision.asked.question.playbook.id, decision]),
  );
  return {
    ask: ({ playbook }) => {
      const decision = own.get(playbook.id);
      if (decision === undefined) throw new Error(`The guards were not asked of ${playbook.id} before.`);
      return decision.verdict;
    },
    originOf: (playbookId) => own.get(playbookId)?.origin ?? byItself,
  };
}

function decideAll(
  asked: readonly AskedRun[],
  knowledge: GuardKnowledge,
  pulled: ReadonlyMap<string, PulledBrake>,
  now: Instant,
): readonly Decision[] {
  const accounts = new Map(knowledge.accounts);
  return inOrder(asked).flatMap((one) => {
    const account = accounts.get(one.accountId);
    if (account === undefined) return [];
    const { question } = one;
    const { playbook, priority } = question;
    const origin = originOf(playbook, account.setFacts);
    const brake = pulled.get(playbook.id) ?? knowledge.storms.get(playbook.id)?.brake ?? null;
    const verdict = decide(question, { account, origin, brake }, knowledge, now);
    if (verdict.kind === "go") {
      const run = { playbookId: playbook.id, priority, startedAt: now };
      accounts.set(one.accountId, {
        ...account,
        begun: [...account.begun, run],
        underWay: [...account.underWay, run],
      });
    }
    return [{ asked: one, verdict, origin }];
  });
}

/** The fixed order: the first guard that does not say "go" is the one that is told. The holdout is drawn among runs that would really begin. */
function decide(
  question: GuardQuestion,
  about: { readonly account: AskingAccount; readonly origin: Origin; readonly brake: PulledBrake | null },
  knowledge: GuardKnowledge,
  now: Instant,
): GuardVerdict {
  const { account, origin, brake } = about;
  const { house, names, salt } = knowledge;
  const guards: readonly (() => GuardVerdict)[] = [
    () => loopVerdict(question, origin, house.maxDepth, names),
    () => snoozeVerdict(question, account),
    () => inhibitionVerdict(question, account.underWay, house, names),
    () => capVerdict(question, account, house, now),
    () => windowVerdict(question, account, knowledge, now),
    () => brakeVerdict(question, account, brakeOf(question.playbook, house), brake),
    () => budgetVerdict(question, account.budget),
    () => holdoutVerdict(question, account.rootId, salt),
  ];
  for (const guard of guards) {
    const verdict = guard();
    if (verdict.kind !== "go") return verdict;
  }
  return { kind: "go" };
}

/** Higher priorities first, and whoever mutes another by name before the one it mutes. */
function inOrder(asked: readonly AskedRun[]): readonly AskedRun[] {
  const ordered = new Set<AskedRun>();
  const visited = new Set<AskedRun>();
  const visit = (one: AskedRun) => {
    if (visited.has(one)) return;
    visited.add(one);
    const { inhibitedBy } = one.question.playbook.guards;
    if (Array.isArray(inhibitedBy)) {
      const muters = asked.filter(
        ({ accountId, question }) => accountId === one.accountId && inhibitedBy.includes(question.playbook.id),
      );
      for (const muter of muters) visit(muter);
    }
    ordered.add(one);
  };
  for (const one of asked.toSorted((a, b) => comparePriority(b.question.priority, a.question.priority))) visit(one);
  return [...ordered];
}

function newStorms(
  decisions: readonly Decision[],
  { accounts, storms, house }: GuardKnowledge,
  pulled: ReadonlyMap<string, PulledBrake>,
): readonly (readonly [string, PulledBrake])[] {
  return [...storms].flatMap(([playbookId, storm]) => {
    if (storm.brake !== null || pulled.has(playbookId)) return [];
    const begins = decisions.filter(({ asked, verdict }) => {
      const account = accounts.get(asked.accountId);
      const isOwn = asked.question.playbook.id === playbookId && verdict.kind === "go";
      return isOwn && account !== undefined && !isReleased(asked.question, account);
    });
    const [first] = begins;
    const brake = first === undefined ? null : brakeOf(first.asked.question.playbook, house);
    const found = brake === null ? null : stormOf(brake, storm, begins.length);
    return found === null ? [] : [[playbookId, found] as const];
  });
}
