import type { CompiledCondition, LeafResult } from "../scoring/conditions.ts";
import { milestonesAmong } from "../scoring/fact-catalogue.ts";
import { type Fault, faultAt, suggestion } from "../scoring/fault.ts";
import type { MilestoneStatus } from "../scoring/history.ts";

/** Names that other documents give; where a list is not given, any name will do. */
export interface KnownNames {
  readonly bands: readonly string[];
  readonly stages?: readonly string[] | undefined;
  readonly milestones?: readonly string[] | undefined;
}

/** Why leaves that are well formed can never tell anything: a score no account has, a band, stage or milestone there is none of. */
export function unfitLeaves(condition: CompiledCondition, names: KnownNames): readonly string[] {
  return condition.leaves(new Map()).flatMap((leaf) => unfitness(leaf, names) ?? []);
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

/** As `unfitLeaves`, of a record's fields: some have one of a few values, some are numbers within a range. */
export function unfitFields(
  condition: CompiledCondition,
  values: ReadonlyMap<string, readonly string[]>,
  ranges: Readonly<Record<string, Range | undefined>>,
): readonly string[] {
  return condition.leaves(new Map()).flatMap((leaf) => {
    const range = ranges[leaf.fact];
    const never = range === undefined ? null : neverCrossed(leaf, range, "answers");
    return never ?? unknownText(leaf, leaf.fact, values.get(leaf.fact)) ?? [];
  });
}

type Range = readonly [lowest: number, highest: number];

const milestoneStatuses = [
  "reached",
  "on-track",
  "behind",
  "stuck",
  "open",
] as const satisfies readonly MilestoneStatus[];

function unfitness(leaf: LeafResult, { bands, stages, milestones }: KnownNames): string | null {
  if (leaf.fact === "score") return neverCrossed(leaf, [0, 100], "scores");
  if (leaf.fact === "band") return unknownText(leaf, "band", bands);
  if (leaf.fact === "stage" || leaf.fact === "stage.previous") return unknownText(leaf, "stage", stages);
  const [milestone] = milestonesAmong([leaf.fact]);
  if (milestone === undefined) return null;
  const unknown = unknownName(milestone, "milestone", milestones);
  if (unknown !== null || !leaf.fact.endsWith(".status")) return unknown;
  return unknownText(leaf, "status of a milestone", milestoneStatuses);
}

/** Equality with a name there is none of is never met; parts of names are anybody's. */
function unknownText(leaf: LeafResult, noun: string, known: readonly string[] | undefined): string | null {
  if (!["is", "isNot", "in", "notIn"].includes(leaf.operator)) return null;
  for (const text of textsOf(leaf)) {
    const unknown = unknownName(text, noun, known);
    if (unknown !== null) return unknown;
  }
  return null;
}

function unknownName(name: string, noun: string, known: readonly string[] | undefined): string | null {
  if (known === undefined || known.includes(name)) return null;
  const expected = known.length === 0 ? "" : `: expected ${known.map((one) => JSON.stringify(one)).join(" or ")}`;
  return `there is no ${noun} "${name}"${expected}${suggestion(name, known)}`;
}

/** An edge beyond what there is divides nothing. */
function neverCrossed(leaf: LeafResult, [lowest, highest]: Range, what: string): string | null {
  const [low, high = low] = numbersOf(leaf);
  if (low === undefined || high === undefined) return null;
  const divides: Readonly<Record<string, boolean>> = {
    below: low > lowest && low <= highest,
    atLeast: low > lowest && low <= highest,
    atMost: low >= lowest && low < highest,
    above: low >= lowest && low < highest,
    between: low <= highest && high >= lowest && (low > lowest || high < highest),
    fallsBy: low <= highest - lowest,
    risesBy: low <= highest - lowest,
  };
  if (divides[leaf.operator] !== false) return null;
  const edge = leaf.operator === "between" ? `${low} and ${high}` : String(low);
  return `no score can cross "${leaf.operator} ${edge}": ${what} run from ${lowest} to ${highest}`;
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
