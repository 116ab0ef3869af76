import type { CompiledCondition, MissingReason } from "../scoring/conditions.ts";
import { basesOf } from "../scoring/derived-facts.ts";
import type { Facts } from "../scoring/facts.ts";
import type { HealthModel } from "../scoring/health-model.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import type { TruthOf } from "./truths.ts";

/** What of an account's facts rests on sources that fail. */
export interface HeldFacts {
  /** Metrics that nobody knows now, with why, in words: they are neither there nor missing. */
  readonly metrics: ReadonlyMap<string, string>;
  /** The score rests on measures among them, and goes on with what they were. */
  readonly isScoreHeld: boolean;
}

/** What is held of an account's facts; null where nothing is. `failing` has the reasons by metric; the score has the model's measures. */
export function heldFacts(failing: ReadonlyMap<string, string>, model: HealthModel | undefined): HeldFacts | null {
  if (failing.size === 0) return null;
  const isScoreHeld = model?.measures.some(({ metric, per }) => failing.has(metric) || failing.has(per ?? "")) ?? false;
  return { metrics: failing, isScoreHeld };
}

interface Known {
  readonly facts: Facts;
  readonly missingReason: MissingReason;
}

const scoreFacts: ReadonlySet<string> = new Set(["score", "band", "coverage", "score.computed", "confidence"]);

/** What triggers may go by: without what is held, which makes their conditions unknown, and with the reason. */
export function withoutHeld(known: Known, held: HeldFacts | null): Known {
  if (held === null || held.metrics.size === 0) return known;
  const whyHeld = (fact: string) => {
    const base = basesOf(fact).find((name) => held.metrics.has(name));
    return base === undefined ? undefined : held.metrics.get(base);
  };
  const facts = new Map([...known.facts].filter(([fact]) => whyHeld(fact) === undefined));
  return { facts, missingReason: (fact) => whyHeld(fact) ?? known.missingReason(fact) };
}

/** Whether audience, trigger or recovery name anything that is held, or that rests on it. */
export function namesHeld({ audience, trigger }: CompiledPlaybook, held: HeldFacts | null): boolean {
  if (held === null) return false;
  return [audience, trigger.when, trigger.recover].some((condition) =>
    condition?.facts.some((fact) =>
      basesOf(fact).some((base) => held.metrics.has(base) || (held.isScoreHeld && scoreFacts.has(base))),
    ),
  );
}

/** A condition that asks whether a held fact is there has no answer either. */
export function truthWhileHeld(truthOf: TruthOf, held: HeldFacts | null): TruthOf {
  if (held === null) return truthOf;
  return (condition) => (asksForPresence(condition, held) ? null : truthOf(condition));
}

function asksForPresence({ program }: CompiledCondition, { metrics }: HeldFacts): boolean {
  return program.leaves.some(
    ({ fact, operator }) =>
      (operator === "exists" || operator === "missing") && basesOf(fact).some((base) => metrics.has(base)),
  );
}
