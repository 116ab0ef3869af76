import type { CompiledCondition, LeafResult } from "../scoring/conditions.ts";
import { type Fault, faultAt, suggestion } from "../scoring/fault.ts";

/** Why leaves that are well formed can never tell anything: a score no account has, a band no health model has. */
export function unfitLeaves(condition: CompiledCondition, bands: readonly string[]): readonly string[] {
  return condition.leaves(new Map()).flatMap((leaf) => unfitness(leaf, bands) ?? []);
}

/** Where both conditions speak of one and the same number only: a value at which both are true. */
export function contradictions(
  when: CompiledCondition,
  recover: CompiledCondition,
  document: unknown,
): readonly Fault[] {
  const [fact] = when.facts;
  if (fact === undefined || when.facts.length !== 1 || recover.facts.length !== 1 || recover.facts[0] !== fact)
    return [];
  const edges = [...when.leaves(new Map()), ...recover.leaves(new Map())].flatMap(numbersOf);
  const probes = edges.flatMap((edge) => [edge - 0.1, edge, edge + 0.1]);
  const both = probes.find((value) => {
    const facts = new Map([[fact, value]]);
    return when.truth(facts) === true && recover.truth(facts) === true;
  });
  if (both === undefined) return [];
  const shown = Number(both.toFixed(2));
  return [faultAt("trigger.recover", document, `contradicts "when": at ${fact} ${shown} both are true`)];
}

function unfitness(leaf: LeafResult, bands: readonly string[]): string | null {
  if (leaf.fact === "score") return neverCrossed(leaf);
  if (leaf.fact !== "band") return null;
  const unknown = textsOf(leaf).find((band) => !bands.includes(band));
  if (unknown === undefined) return null;
  return `there is no band "${unknown}": expected ${bands.map((band) => JSON.stringify(band)).join(" or ")}${suggestion(unknown, bands)}`;
}

/** Scores run from 0.0 to 100.0: an edge beyond them divides nothing. */
function neverCrossed(leaf: LeafResult): string | null {
  const [low, high = low] = numbersOf(leaf);
  if (low === undefined || high === undefined) return null;
  const divides: Readonly<Record<string, boolean>> = {
    below: low > 0 && low <= 100,
    atLeast: low > 0 && low <= 100,
    atMost: low >= 0 && low < 100,
    above: low >= 0 && low < 100,
    between: low <= 100 && high >= 0 && (low > 0 || high < 100),
  };
  if (divides[leaf.operator] !== false) return null;
  const edge = leaf.operator === "between" ? `${low} and ${high}` : String(low);
  return `no score can cross "${leaf.operator} ${edge}": scores run from 0 to 100`;
}

function numbersOf(leaf: LeafResult): readonly number[] {
  return operandsOf(leaf).filter((operand) => typeof operand === "number");
}

function textsOf(leaf: LeafResult): readonly string[] {
  return operandsOf(leaf).filter((operand) => typeof operand === "string");
}

function operandsOf(leaf: LeafResult): readonly unknown[] {
  return Array.isArray(leaf.operand) ? leaf.operand : [leaf.operand];
}
