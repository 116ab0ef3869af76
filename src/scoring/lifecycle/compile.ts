import { type CompiledCondition, type ConditionDocument, compileCondition } from "../conditions.ts";
import { dayMs, parseDuration } from "../duration.ts";
import { type Fault, faultsOf } from "../fault.ts";
import type { Lifecycle } from "../lifecycle.ts";
import { type LifecycleDocument, lifecycleSchema, lifecycleWords } from "./document.ts";
import type { MilestoneRule, MilestoneStart } from "./milestones.ts";
import { foldName, lifecycleCatalogue, ruleFaults } from "./rules.ts";
import type { StageRule } from "./walk.ts";

/** What a document does not say itself. */
export interface LifecycleContext {
  readonly revision: number;
  /** The company's zone. */
  readonly zone: string;
}

const defaultStuckDays = 14;

/** Compiles `lifecycle.json`, or lists everything wrong with the document. */
export function compileLifecycle(
  document: unknown,
  context: LifecycleContext,
): { readonly lifecycle: Lifecycle } | { readonly faults: readonly Fault[] } {
  const parsed = lifecycleSchema.safeParse(document);
  const rules = ruleFaults(document);
  // A condition is read twice, by shape and by its facts, which know better what was expected.
  const told = new Set(rules.flatMap(({ path }) => (path.includes(".when") ? path : [])));
  const shape = parsed.success ? [] : faultsOf(parsed.error, document, lifecycleWords);
  const faults = [...shape.filter(({ path }) => !told.has(path)), ...rules];
  if (!parsed.success || faults.length > 0) return { faults };
  return { lifecycle: compiled(parsed.data, context) };
}

function compiled(document: LifecycleDocument, { revision, zone }: LifecycleContext): Lifecycle {
  const ids = document.milestones.map(({ id }) => id);
  const stages = document.stages.map(
    ({ id, name, when, from }): StageRule => ({ id, name, when: conditionOf(when, ids), from: from ?? null }),
  );
  const ruled = document.milestones.map((milestone, index) => milestoneRule(milestone, ids.slice(0, index)));
  const facts = new Set([...stages, ...ruled].flatMap(({ when }) => when?.facts ?? []));
  const named = (fact: string) => (facts.has(fact) ? fact : null);
  const milestones = ruled.map((rule): MilestoneRule => {
    const fact = `milestone.${rule.id}`;
    return { ...rule, facts: { reached: named(fact), days: named(`${fact}.days`) } };
  });
  const stageOfName = new Map(
    document.stages.flatMap(({ id, name, crm }) => [id, name, ...crm].map((text) => [foldName(text), id])),
  );
  return {
    revision,
    zone,
    precedence: document.precedence,
    stages,
    stageNamed: (text) => stageOfName.get(foldName(text)) ?? null,
    firstStage: stages.find(({ when }) => when === null)?.id ?? null,
    milestones,
    facts: [...facts],
    kinds: milestones.some(({ event }) => event !== null) ? ["event"] : [],
  };
}

type MilestoneDocument = LifecycleDocument["milestones"][number];

function milestoneRule(milestone: MilestoneDocument, earlier: readonly string[]): Omit<MilestoneRule, "facts"> {
  const { id, name, stage, when, event, anniversary, byHand, expected, stuckAfter } = milestone;
  return {
    id,
    name,
    stage: stage ?? null,
    when: conditionOf(when, earlier),
    event: event === undefined ? null : { name: event.name, where: Object.entries(event.where) },
    anniversaryYears: anniversary ?? null,
    byHand,
    expected:
      expected === undefined ? null : { withinMs: parseDuration(expected.within) ?? 0, from: startOf(expected.from) },
    stuckAfterMs: stuckAfter === undefined ? defaultStuckDays * dayMs : (parseDuration(stuckAfter) ?? 0),
  };
}

function startOf(from: NonNullable<MilestoneDocument["expected"]>["from"]): MilestoneStart {
  if (from === "began") return { kind: "began" };
  return "stage" in from ? { kind: "stage", id: from.stage } : { kind: "milestone", id: from.milestone };
}

function conditionOf(when: ConditionDocument | undefined, milestones: readonly string[]): CompiledCondition | null {
  if (when === undefined) return null;
  const result = compileCondition(when, lifecycleCatalogue(milestones));
  if ("faults" in result)
    throw new Error(`a rule passed the checks but does not compile: ${result.faults[0]?.message}`);
  return result.condition;
}
