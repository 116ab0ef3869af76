import { z } from "zod";
import { compileCondition } from "../conditions.ts";
import { type FactCatalogue, factCatalogue, healthFactNames } from "../fact-catalogue.ts";
import { type Fault, faultAt, suggestion } from "../fault.ts";
import { stageDeciders } from "./document.ts";
import { walkRules } from "./walk.ts";

/** As far as a document can be read: a part whose shape is wrong is left out, so that all faults can be listed at once. */
const text = z.string().optional().catch(undefined);
const texts = z.array(z.string().catch("")).optional().catch(undefined);
const looseStage = z.object({ id: text, name: text, crm: texts, when: z.unknown().optional(), from: texts });
const looseFrom = z.object({ stage: text, milestone: text }).optional().catch(undefined);
const looseMilestone = z.object({
  id: text,
  stage: text,
  when: z.unknown().optional(),
  event: z.unknown().optional(),
  anniversary: z.unknown().optional(),
  byHand: z.unknown().optional(),
  expected: z.object({ from: looseFrom }).optional().catch(undefined),
  stuckAfter: z.unknown().optional(),
});
const looseLifecycle = z.object({
  precedence: texts,
  stages: z.array(looseStage.catch({})).catch([]),
  milestones: z.array(looseMilestone.catch({})).catch([]),
});
type LooseStage = z.infer<typeof looseStage>;
type LooseMilestone = z.infer<typeof looseMilestone>;

/** A text as names of stages are compared: capitals and blanks around it do not matter. */
export function foldName(name: string): string {
  return name.trim().toLowerCase();
}

/** The faults of a lifecycle that are not a matter of shape. */
export function ruleFaults(document: unknown): readonly Fault[] {
  const read = looseLifecycle.safeParse(document);
  if (!read.success) return [];
  const { stages, milestones = [] } = read.data;
  const precedence = read.data.precedence ?? stageDeciders;
  const stageIds = idsOf(stages);
  const milestoneIds = idsOf(milestones);
  return [
    ...repeated(precedence, (index) => `precedence[${index}]`, "is named twice"),
    ...duplicates(stages, "stages", "stage"),
    ...duplicates(milestones, "milestones", "milestone"),
    ...nameFaults(stages),
    ...stages.flatMap((stage, index) => stageFaults(stage, `stages[${index}]`, { precedence, stageIds, milestoneIds })),
    ...unreachable(stages, precedence),
    ...restless(stages),
    ...milestones.flatMap((milestone, index) =>
      milestoneFaults(milestone, `milestones[${index}]`, {
        stageIds,
        milestoneIds,
        earlier: idsOf(milestones.slice(0, index)),
      }),
    ),
    ...circularTimes(milestones),
  ];
}

/** What rules of a lifecycle may name: facts that do not follow from it, and the milestones that are judged before. */
export function lifecycleCatalogue(milestones: readonly string[]): FactCatalogue {
  const refusal = (name: string): string | null => {
    if (name === "stage") return 'a rule may not name the stage itself: expected "from" beside the rule';
    if (followsFromLifecycle.test(name)) return `a rule may not name ${name}: it follows from the lifecycle`;
    if (healthFactNames.includes(name)) return `a rule may not name ${name}: it is known only after the stage`;
    return name.startsWith("milestone.") ? milestoneRefusal(name, milestones) : null;
  };
  return {
    typeOf: (name) => (refusal(name) === null ? factCatalogue.typeOf(name) : null),
    refusal: (name) => refusal(name) ?? factCatalogue.refusal(name),
  };
}

const followsFromLifecycle = /^(stage\.|journey\.|risk(\.|$)|milestone\.[^.]+\.status$)/;

function milestoneRefusal(name: string, milestones: readonly string[]): string | null {
  const id = name.split(".")[1] ?? "";
  if (milestones.includes(id)) return null;
  return `"${id}" is none of the milestones that are judged before${suggestion(id, milestones)}`;
}

interface StageContext {
  readonly precedence: readonly string[];
  readonly stageIds: readonly string[];
  readonly milestoneIds: readonly string[];
}

function stageFaults({ crm, when, from }: LooseStage, path: string, context: StageContext): readonly Fault[] {
  const { precedence, stageIds, milestoneIds } = context;
  const faults = when === undefined ? [] : conditionFaults(when, milestoneIds, `${path}.when`);
  if (when !== undefined && !precedence.includes("conditions")) {
    faults.push(faultAt(`${path}.when`, when, 'is never asked: "conditions" is not in precedence'));
  }
  if (crm !== undefined && crm.length > 0 && !precedence.includes("crm")) {
    faults.push(faultAt(`${path}.crm`, crm, 'is never asked: "crm" is not in precedence'));
  }
  if (from !== undefined && when === undefined) {
    faults.push(faultAt(`${path}.from`, from, 'says from where a rule leads here: expected "when" beside it'));
  }
  (from ?? []).forEach((id, index) => {
    // What is no text is told of already.
    if (id !== "" && !stageIds.includes(id)) faults.push(unknownAt(`${path}.from[${index}]`, id, "stage", stageIds));
  });
  return faults;
}

/** Each word may mean one stage. */
function nameFaults(stages: readonly LooseStage[]): readonly Fault[] {
  const owners = new Map<string, number>();
  const faults: Fault[] = [];
  stages.forEach(({ id, name, crm }, index) => {
    const words = [["id", id], ["name", name], ...(crm ?? []).map((word, at) => [`crm[${at}]`, word])] as const;
    for (const [key, word] of words) {
      if (word === undefined || key === undefined) continue;
      const owner = owners.get(foldName(word));
      if (owner === undefined) owners.set(foldName(word), index);
      // Two stages of one id are told of already.
      else if (owner !== index && key !== "id") {
        faults.push(faultAt(`stages[${index}].${key}`, word, `means the stage "${stages[owner]?.id}" already`));
      }
    }
  });
  return faults;
}

/** Where neither a person nor the CRM may name a stage, rules must lead to each. */
function unreachable(stages: readonly LooseStage[], precedence: readonly string[]): readonly Fault[] {
  if (precedence.includes("hand") || precedence.includes("crm")) return [];
  const first = stages.findIndex(({ when }) => when === undefined);
  const reached = new Set<number>();
  const isReached = ({ when, from }: LooseStage, index: number) =>
    index === first ||
    (when !== undefined &&
      (from === undefined ||
        stages.some(({ id }, other) => reached.has(other) && id !== undefined && from.includes(id))));
  for (let before = -1; before < reached.size; ) {
    before = reached.size;
    stages.forEach((stage, index) => {
      if (isReached(stage, index)) reached.add(index);
    });
  }
  return stages.flatMap(({ id }, index) =>
    reached.has(index) ? [] : [faultAt(`stages[${index}]`, id, "no rule can lead to this stage")],
  );
}

/** Stages of one and the same condition that lead to each other: whenever it is true, they find no rest. */
function restless(stages: readonly LooseStage[]): readonly Fault[] {
  const ways = stages.map(({ id, from }) => ({ id: id ?? "", from: from ?? null }));
  const told = new Set<string>();
  return stages.flatMap(({ id, when }, index) => {
    if (when === undefined || id === undefined) return [];
    const holds = stages.map(
      (other) => other.when !== undefined && JSON.stringify(other.when) === JSON.stringify(when),
    );
    const walk = walkRules(ways, holds, id);
    if (walk.kind === "rests" || told.has(id)) return [];
    for (const stage of walk.between) told.add(stage);
    const message = `the rules oscillate: while this is true they lead from ${walk.between.join(" to ")} and back`;
    return [faultAt(`stages[${index}].when`, when, message)];
  });
}

interface MilestoneContext {
  readonly stageIds: readonly string[];
  readonly milestoneIds: readonly string[];
  readonly earlier: readonly string[];
}

function milestoneFaults(milestone: LooseMilestone, path: string, context: MilestoneContext): readonly Fault[] {
  const { id, stage, when, event, anniversary, byHand, expected, stuckAfter } = milestone;
  const { stageIds, milestoneIds, earlier } = context;
  const faults = when === undefined ? [] : conditionFaults(when, earlier, `${path}.when`);
  if (stage !== undefined && !stageIds.includes(stage)) {
    faults.push(unknownAt(`${path}.stage`, stage, "stage", stageIds));
  }
  if (byHand === false && [when, event, anniversary].every((trigger) => trigger === undefined)) {
    faults.push(faultAt(path, id, "nothing can reach it: expected when, event, anniversary or byHand"));
  }
  if (stuckAfter !== undefined && expected === undefined) {
    faults.push(
      faultAt(`${path}.stuckAfter`, stuckAfter, 'counts from the expected time: expected "expected" beside it'),
    );
  }
  const start = expected?.from;
  if (start?.stage !== undefined && !stageIds.includes(start.stage)) {
    faults.push(unknownAt(`${path}.expected.from.stage`, start.stage, "stage", stageIds));
  }
  if (start?.milestone !== undefined && !milestoneIds.includes(start.milestone)) {
    faults.push(unknownAt(`${path}.expected.from.milestone`, start.milestone, "milestone", milestoneIds));
  }
  return faults;
}

/** Milestones whose time counts from each other: told once for each circle. */
function circularTimes(milestones: readonly LooseMilestone[]): readonly Fault[] {
  const startOf = (id: string) => milestones.find((one) => one.id === id)?.expected?.from?.milestone;
  const told = new Set<string>();
  return milestones.flatMap(({ id }, index) => {
    if (id === undefined || told.has(id)) return [];
    const chain: string[] = [];
    for (let next = startOf(id); next !== undefined && !chain.includes(next); next = startOf(next)) chain.push(next);
    if (chain.at(-1) !== id) return [];
    for (const one of chain) told.add(one);
    const circle = [id, ...chain].join(" from ");
    return [faultAt(`milestones[${index}].expected.from.milestone`, chain[0], `a circle: ${circle}`)];
  });
}

function conditionFaults(when: unknown, milestones: readonly string[], path: string): Fault[] {
  const compiled = compileCondition(when, lifecycleCatalogue(milestones), path);
  return "faults" in compiled ? [...compiled.faults] : [];
}

function unknownAt(path: string, id: string, noun: string, known: readonly string[]): Fault {
  return faultAt(path, id, `there is no ${noun} "${id}"${suggestion(id, known)}`);
}

function duplicates(
  parts: readonly { readonly id?: string | undefined }[],
  key: string,
  noun: string,
): readonly Fault[] {
  const ids = parts.map(({ id }) => id);
  return repeated(ids, (index) => `${key}[${index}].id`, `another ${noun} has this id`);
}

/** Every value that stood in the list before. */
function repeated(
  values: readonly (string | undefined)[],
  pathOf: (index: number) => string,
  message: string,
): readonly Fault[] {
  return values.flatMap((value, index) =>
    value !== undefined && values.indexOf(value) < index ? [faultAt(pathOf(index), value, message)] : [],
  );
}

function idsOf(parts: readonly { readonly id?: string | undefined }[]): readonly string[] {
  return parts.flatMap(({ id }) => id ?? []);
}
