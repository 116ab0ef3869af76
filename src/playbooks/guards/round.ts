import type { Instant } from "../../scoring/history.ts";
import type { AskGuards, GuardQuestion, GuardVerdict } from "../guard.ts";
import { snoozeVerdict } from "../snooze.ts";
import { budgetVerdict, withoutGrant } from "./budget.ts";
import { capVerdict } from "./cap.ts";
import { holdoutVerdict } from "./holdout.ts";
import { inhibitionVerdict } from "./inhibition.ts";
import type { AskedRun, AskingAccount, GuardKnowledge, PulledBrake } from "./knowledge.ts";
import { loopVerdict, type Origin, originOf } from "./loop.ts";
import { comparePriority } from "./priority.ts";
import { brakeOf, brakeVerdict, isReleased, stormOf } from "./storm-brake.ts";
import { windowVerdict } from "./window.ts";

/** The guards as a judgement of one account asks them, and what brought its runs about. */
export interface AccountGuards {
  readonly ask: AskGuards;
  readonly originOf: (playbookId: string) => Origin;
}

/** What the guards say of all runs that would begin together. */
export interface GuardRound {
  readonly of: (accountId: number) => AccountGuards;
  /** Brakes that this round pulls, by playbook. */
  readonly pulled: ReadonlyMap<string, PulledBrake>;
}

interface Decision {
  readonly accountId: number;
  readonly question: GuardQuestion;
  readonly verdict: GuardVerdict;
}

/**
 * Asks the guards of every run that would begin, the higher priority first, so that what begins counts for what is asked behind it. Where
 * that came to a storm its brake is pulled and all are asked anew: of what is asked together nothing goes out before.
 */
export function judgeRound(asked: readonly AskedRun[], knowledge: GuardKnowledge, now: Instant): GuardRound {
  const pulled = new Map<string, PulledBrake>();
  for (;;) {
    const ledger = openLedger(knowledge, pulled, now);
    const decisions = inOrder(asked).flatMap((one) => ledger.decide(one) ?? []);
    const storms = newStorms(decisions, knowledge, pulled);
    if (storms.length === 0) return { of: (accountId) => answersOf(accountId, decisions, ledger), pulled };
    for (const [playbookId, brake] of storms) pulled.set(playbookId, brake);
  }
}

function answersOf(accountId: number, decisions: readonly Decision[], ledger: Ledger): AccountGuards {
  const own = new Map(
    decisions
      .filter((decision) => decision.accountId === accountId)
      .map(({ question, verdict }) => [keyOf(question), verdict]),
  );
  return {
    // One that was dropped may let another be asked that nobody thought of.
    ask: (question) => own.get(keyOf(question)) ?? ledger.decide({ accountId, question })?.verdict ?? { kind: "go" },
    originOf: (playbookId) => ledger.originOf(accountId, playbookId),
  };
}

function keyOf({ playbook, episode, round }: GuardQuestion): string {
  return `${playbook.id}/${episode}/${round}`;
}

/** Decides one after the other: what begins counts for those behind it. */
interface Ledger {
  /** Null: of an account that is not known. */
  readonly decide: (asked: AskedRun) => Decision | null;
  readonly originOf: (accountId: number, playbookId: string) => Origin;
}

const byItself: Origin = { depth: 0, chain: [] };

function openLedger(knowledge: GuardKnowledge, pulled: ReadonlyMap<string, PulledBrake>, now: Instant): Ledger {
  const accounts = new Map(knowledge.accounts);
  const origins = new Map<string, Origin>();
  return {
    decide: ({ accountId, question }) => {
      const account = accounts.get(accountId);
      if (account === undefined) return null;
      const { playbook, priority } = question;
      const origin = originOf(playbook, account.setFacts);
      origins.set(`${accountId}/${playbook.id}`, origin);
      const brake = pulled.get(playbook.id) ?? knowledge.storms.get(playbook.id)?.brake ?? null;
      const verdict = decide(question, { account, origin, brake }, knowledge, now);
      if (verdict.kind === "go") {
        const run = { playbookId: playbook.id, priority, startedAt: now };
        const [begun, underWay] = [
          [...account.begun, run],
          [...account.underWay, run],
        ];
        accounts.set(accountId, { ...account, begun, underWay, budget: withoutGrant(account.budget, playbook.id) });
      }
      return { accountId, question, verdict };
    },
    originOf: (accountId, playbookId) => origins.get(`${accountId}/${playbookId}`) ?? byItself,
  };
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
    const begins = decisions.filter(({ accountId, question, verdict }) => {
      const account = accounts.get(accountId);
      const isOwn = question.playbook.id === playbookId && verdict.kind === "go";
      return isOwn && account !== undefined && !isReleased(question, account);
    });
    const [first] = begins;
    const brake = first === undefined ? null : brakeOf(first.question.playbook, house);
    const found = brake === null ? null : stormOf(brake, storm, begins.length);
    return found === null ? [] : [[playbookId, found] as const];
  });
}
