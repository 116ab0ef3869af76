import { derivedFact } from "../../scoring/derived-facts.ts";
import type { GuardQuestion, GuardVerdict } from "../guard.ts";
import type { CompiledPlaybook } from "../playbook.ts";
import type { SetFact } from "./knowledge.ts";

/** Runs that stand behind one: how many, and whose, the first one first. */
export interface Origin {
  readonly depth: number;
  readonly chain: readonly string[];
}

/** What brought a run about: the deepest of the runs that have set a fact which its trigger or audience names. */
export function originOf(playbook: CompiledPlaybook, setFacts: readonly SetFact[]): Origin {
  const named = factsThatDecide(playbook);
  return setFacts
    .filter(({ fact }) => named.some((name) => name === fact || name.startsWith(`${fact}.`)))
    .map(({ playbookId, depth, chain }) => ({ depth: depth + 1, chain: [...chain, playbookId] }))
    .reduce((deepest, origin) => (origin.depth > deepest.depth ? origin : deepest), { depth: 0, chain: [] });
}

/** Whether the run would be one of a chain of runs that go round, or have gone on for too long. */
export function loopVerdict(
  { playbook }: GuardQuestion,
  { depth, chain }: Origin,
  maxDepth: number,
  names: ReadonlyMap<string, string>,
): GuardVerdict {
  const words = [...chain, playbook.id].map((id) => `"${names.get(id) ?? id}"`).join(", ");
  if (chain.includes(playbook.id)) {
    return { kind: "drop", guard: "loop", words: `loop: these brought each other about: ${words}` };
  }
  if (depth <= maxDepth) return { kind: "go" };
  return {
    kind: "drop",
    guard: "loop",
    words: `loop: behind ${depth} runs that brought each other about, more than ${maxDepth}: ${words}`,
  };
}

function factsThatDecide({ audience, trigger }: CompiledPlaybook): readonly string[] {
  const facts = [audience, trigger.when, trigger.recover].flatMap((condition) => condition?.facts ?? []);
  return facts.map((fact) => derivedFact(fact)?.base ?? fact);
}
