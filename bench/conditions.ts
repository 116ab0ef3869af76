import { pathToFileURL } from "node:url";
import { Engine, type RuleProperties } from "json-rules-engine";
import { type ConditionSet, conditionSet } from "../src/scoring/condition-set.ts";
import { type CompiledCondition, compileCondition } from "../src/scoring/conditions.ts";
import { factCatalogue } from "../src/scoring/fact-catalogue.ts";
import type { Facts, FactValue } from "../src/scoring/facts.ts";

/** What was measured: the same conditions on the same facts, ours beside the peer. */
export interface ConditionsBench {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  /** How many times faster ours is. */
  readonly ratio: number;
  readonly atLeast: number;
  readonly note: string;
}

const accountCount = 10_000;
const conditionCount = 20;
/** The peer needs seconds for this many; its time is scaled up to all accounts. */
const peerAccountCount = 500;

const numbers = [
  "score",
  "coverage",
  "billing.mrr",
  "billing.overdue_days",
  "nps.latest",
  "csat.avg_90d",
  "tickets.open",
  "contract.seats",
  "contract.days_to_renewal",
  "usage.logins.sum_28d",
] as const;
const texts = ["segment", "stage", "band", "owner"] as const;
const words = ["alpha", "beta", "gamma", "delta"] as const;

/**
 * 10,000 accounts × 20 conditions of 5 leaves each, every leaf's result written down, against json-rules-engine, which gives every
 * leaf's result too. Both compile once; both judge all conditions for each account.
 */
export async function benchConditions(): Promise<ConditionsBench> {
  const random = lehmer(20_250_101);
  const conditions = Array.from({ length: conditionCount }, (_, index) => conditionDocument(index, random));
  const accounts = Array.from({ length: accountCount }, () => accountFacts(random));
  const compiled = conditions.map((leaves) => compileOurs(leaves));
  const set = conditionSet(compiled);
  // About as long as the rounds of the peer take: the machine is as busy for one as for the other.
  const ours = best(40, () => judgeAll(set, accounts));
  const peer = await measurePeer(conditions, accounts.slice(0, peerAccountCount));
  const differing = await countDifferences(compiled, conditions, accounts.slice(0, 50));
  if (differing > 0) throw new Error(`ours and json-rules-engine differ on ${differing} conditions`);
  const scaled = (peer * accountCount) / peerAccountCount;
  return {
    name: `conditions: ${accountCount} accounts × ${conditionCount} conditions × 5 leaves`,
    unit: "ms",
    ours,
    peer: scaled,
    ratio: scaled / ours,
    atLeast: 150,
    note: `json-rules-engine measured on ${peerAccountCount} accounts and scaled; every leaf's result available in both`,
  };
}

/** One comparison of a condition. */
export interface Leaf {
  readonly fact: string;
  readonly operator: "below" | "atLeast" | "is" | "isNot" | "in";
  readonly operand: FactValue | readonly FactValue[];
}

/** Five leaves, the last three of which are alternatives. */
export function conditionDocument(index: number, random: () => number): readonly Leaf[] {
  return Array.from({ length: 5 }, (_, leaf): Leaf => {
    if ((index + leaf) % 3 < 2) {
      const fact = numbers[Math.floor(random() * numbers.length)] ?? "score";
      return { fact, operator: leaf % 2 === 0 ? "below" : "atLeast", operand: 1 + Math.floor(random() * 99) };
    }
    const fact = texts[Math.floor(random() * texts.length)] ?? "segment";
    if (leaf % 2 === 0) return { fact, operator: "in", operand: [words[0], words[1]] };
    return { fact, operator: leaf === 1 ? "is" : "isNot", operand: words[2] };
  });
}

/** An account with a value of every fact. */
export function accountFacts(random: () => number): Map<string, FactValue> {
  const facts = new Map<string, FactValue>();
  for (const name of numbers) facts.set(name, Math.floor(random() * 1000) / 10);
  for (const name of texts) facts.set(name, words[Math.floor(random() * words.length)] ?? "alpha");
  return facts;
}

/** The leaves as a condition of a document. */
export function treeOf(leaves: readonly Leaf[]): unknown {
  const parts = leaves.map(({ fact, operator, operand }) => ({ fact, [operator]: operand }));
  return { all: [parts[0], parts[1], { any: parts.slice(2) }] };
}

/** The account a day later: some of its numbers have moved. */
export function dayLater(facts: ReadonlyMap<string, FactValue>, random: () => number): Map<string, FactValue> {
  const later = new Map(facts);
  for (const name of numbers.slice(0, 3)) {
    const moved = Number(facts.get(name) ?? 0) + Math.floor(random() * 100) / 10 - 5;
    later.set(name, Math.min(99.9, Math.max(0, moved)));
  }
  return later;
}

function compileOurs(leaves: readonly Leaf[]): CompiledCondition {
  const result = compileCondition(treeOf(leaves), factCatalogue);
  if ("faults" in result) throw new Error(result.faults[0]?.message);
  return result.condition;
}

function judgeAll(set: ConditionSet, accounts: readonly Facts[]): number {
  let met = 0;
  for (const facts of accounts) {
    set.judge(facts);
    for (const truth of set.truths) if (truth === 1) met += 1;
  }
  return met;
}

function peerEngine(conditions: readonly (readonly Leaf[])[]): Engine {
  const names = {
    below: "lessThan",
    atLeast: "greaterThanInclusive",
    is: "equal",
    isNot: "notEqual",
    in: "in",
  } as const;
  const engine = new Engine();
  conditions.forEach((leaves, index) => {
    const parts = leaves.map(({ fact, operator, operand }) => ({ fact, operator: names[operator], value: operand }));
    const rule: RuleProperties = {
      name: String(index),
      conditions: { all: [...parts.slice(0, 2), { any: parts.slice(2) }] },
      event: { type: "met" },
    };
    engine.addRule(rule);
  });
  return engine;
}

/** Milliseconds that json-rules-engine takes for all conditions on these accounts, the best of three rounds. */
export async function measurePeer(
  conditions: readonly (readonly Leaf[])[],
  accounts: readonly Facts[],
): Promise<number> {
  const engine = peerEngine(conditions);
  const objects = accounts.map((facts) => Object.fromEntries(facts));
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const startedAt = performance.now();
    for (const facts of objects) await engine.run(facts);
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

async function countDifferences(
  compiled: readonly CompiledCondition[],
  conditions: readonly (readonly Leaf[])[],
  accounts: readonly Facts[],
): Promise<number> {
  const engine = peerEngine(conditions);
  let differing = 0;
  for (const facts of accounts) {
    const { results } = await engine.run(Object.fromEntries(facts));
    const met = new Set(results.map(({ name }) => name));
    compiled.forEach((condition, index) => {
      if ((condition.truth(facts) === true) !== met.has(String(index))) differing += 1;
    });
  }
  return differing;
}

/** The least of some rounds, in milliseconds: the first ones warm the compiler up. */
function best(rounds: number, run: () => number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    run();
    least = Math.min(least, performance.now() - startedAt);
  }
  return least;
}

/** A small seeded generator (Lehmer): the same facts in every run. */
export function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await benchConditions());
}
