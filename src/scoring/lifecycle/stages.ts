import { type HandStage, stageByHand } from "../by-hand.ts";
import type { Facts } from "../facts.ts";
import type { AccountHistory, Instant, LifecycleState } from "../history.ts";
import { accountRecordAsOf } from "../record-state.ts";
import type { FieldsOf } from "../records.ts";
import type { StageDecider } from "./document.ts";
import { oscillationText, type StageRule, walkRules } from "./walk.ts";

/** How stages are named and decided. */
export interface StageRules {
  readonly precedence: readonly StageDecider[];
  readonly stages: readonly StageRule[];
  /** The stage that a text of the CRM or of a person means; null where it means none. */
  readonly stageNamed: (text: string) => string | null;
  /** Where an account begins of which nothing names a stage: the first stage without a rule; null where each has one. */
  readonly firstStage: string | null;
}

/** What a stage is decided by. */
export interface StageInput {
  readonly history: AccountHistory;
  readonly account: FieldsOf<"account">;
  readonly facts: Facts;
  readonly memory: LifecycleState | null;
}

/** The stage, and what it was decided by. */
export interface StageDecision {
  readonly stage: string | null;
  readonly decidedBy: StageDecider | null;
  readonly since: Instant | null;
  readonly previous: string | null;
  readonly reason: string;
  /** Every stage that the rules led through at this moment, the last one included. */
  readonly entered: readonly string[];
  /** The stages between which the rules lead round and round; null where they come to rest. */
  readonly oscillation: readonly string[] | null;
}

/** Why an account has no stage where neither a person nor the CRM gave it one. */
export const unnamedReason = "nothing names a stage";

interface Verdict {
  readonly stage: string | null;
  readonly decidedBy: StageDecider | null;
  /** `crm`: since the CRM's field means this, which only a change of stage asks. */
  readonly since: Instant | "crm";
  readonly reason: string;
  readonly entered?: readonly string[];
  readonly oscillation?: readonly string[];
}

/** The first decider in order of precedence that names a stage; without any, the stage stays, or is the first one. */
export function decideStage(rules: StageRules, input: StageInput, now: Instant): StageDecision {
  const { memory } = input;
  const silent: string[] = [];
  const verdict = askDeciders(rules, 0, input, silent, now) ?? unnamed(rules, input, silent, now);
  const { stage, decidedBy, reason, entered, oscillation } = verdict;
  const { since, previous } =
    memory !== null && memory.stage === stage ? memory : changedStage(rules, verdict, input, now);
  return {
    stage,
    decidedBy,
    since,
    previous,
    reason: silent.length === 0 ? reason : `${silent.join("; ")}; ${reason}`,
    entered: entered ?? [],
    oscillation: oscillation ?? null,
  };
}

function changedStage(
  rules: StageRules,
  { stage, since }: Verdict,
  input: StageInput,
  now: Instant,
): { readonly since: Instant | null; readonly previous: string | null } {
  const before = input.memory?.stage ?? null;
  if (since !== "crm") return { since: stage === null ? null : since, previous: before };
  const course = crmCourse(rules, input, now);
  return { since: course.since, previous: input.memory === null ? course.previous : before };
}

/** The verdict of the first decider from a position on that has one; why others had none is added to `silent`. */
function askDeciders(
  rules: StageRules,
  position: number,
  input: StageInput,
  silent: string[],
  now: Instant,
): Verdict | null {
  const decider = rules.precedence[position];
  const later = position + 1;
  switch (decider) {
    case undefined:
      return null;
    case "hand":
      return askHand(rules, input, silent, now) ?? askDeciders(rules, later, input, silent, now);
    case "crm":
      return askCrm(rules, input, silent) ?? askDeciders(rules, later, input, silent, now);
    case "conditions":
      return askRules(rules, later, input, silent, now);
    default:
      return decider satisfies never;
  }
}

function askHand(rules: StageRules, { history }: StageInput, silent: string[], now: Instant): Verdict | null {
  const hand = stageByHand(history, now);
  if (hand === null) return null;
  const stage = rules.stageNamed(hand.stage);
  if (stage === null) {
    silent.push(`${hand.stage}, set by ${hand.by}, is no stage`);
    return null;
  }
  return { stage, decidedBy: "hand", since: hand.since, reason: handReason(hand) };
}

function handReason({ by, reason }: HandStage): string {
  return `set by ${by === "" ? "hand" : by}${reason === "" ? "" : `: ${reason}`}`;
}

function askCrm(rules: StageRules, { account }: StageInput, silent: string[]): Verdict | null {
  const text = account.stage;
  if (text == null) return null;
  const stage = rules.stageNamed(text);
  if (stage === null) {
    silent.push(`the CRM says ${text}, which is no stage`);
    return null;
  }
  return { stage, decidedBy: "crm", since: "crm", reason: `the CRM says ${text}` };
}

/** Since when the CRM's field means what it means, and which stage it meant before. */
function crmCourse(
  rules: StageRules,
  { history }: StageInput,
  now: Instant,
): { readonly since: Instant; readonly previous: string | null } {
  let stage: string | null = null;
  let previous: string | null = null;
  let since = now;
  for (const { set, occurredAt } of accountRecordAsOf(history, now)?.changes ?? []) {
    if (set.stage === undefined) continue;
    const next = set.stage === null ? null : rules.stageNamed(set.stage);
    if (next === stage) continue;
    previous = stage ?? previous;
    stage = next;
    since = occurredAt;
  }
  return { since, previous: previous === stage ? null : previous };
}

/**
 * The rules, applied to the stage the account has; where they say nothing of it, to the one that the deciders after them name. So a
 * second judgement at the same moment finds nothing to change.
 */
function askRules(rules: StageRules, later: number, input: StageInput, silent: string[], now: Instant): Verdict | null {
  const present = presentStage(rules, input);
  const holds = truthsOf(rules, input.facts);
  const ofPresent = followRules(rules, holds, present, input, now);
  if (ofPresent !== null) return ofPresent;
  const heard = silent.length;
  const named = askDeciders(rules, later, input, silent, now);
  const isHeld = present !== null && isHeldByUnknown(rules, present, input);
  const start = named?.stage ?? (present === null ? rules.firstStage : null);
  const verdict = isHeld ? stays(rules, present, now) : followRules(rules, holds, start, input, now);
  // What a rule decides is not explained by others that had nothing to say; what stays because nobody had is.
  if (verdict !== null && (named !== null || !isHeld)) silent.length = heard;
  return verdict ?? named;
}

/** What a document no longer knows is no stage to go on from. */
function presentStage(rules: StageRules, { memory }: StageInput): string | null {
  const stage = memory?.stage ?? null;
  return rules.stages.some(({ id }) => id === stage) ? stage : null;
}

/** What was decided by a rule stays while the rule is unknown, whatever deciders after it would say. */
function isHeldByUnknown({ stages }: StageRules, present: string, { facts, memory }: StageInput): boolean {
  const when = stages.find(({ id }) => id === present)?.when ?? null;
  return memory?.decidedBy === "conditions" && when !== null && when.truth(facts) === null;
}

function stays({ firstStage }: StageRules, stage: string, now: Instant): Verdict {
  const beginning = stage === firstStage ? `${stage} is where every account begins, and ` : "";
  return { stage, decidedBy: "conditions", since: now, reason: `${beginning}no rule leads on from ${stage}` };
}

function truthsOf({ stages }: StageRules, facts: Facts): readonly boolean[] {
  return stages.map(({ when }) => when !== null && when.truth(facts) === true);
}

/** Where the rules lead from `start`; null where they have nothing to say about it. */
function followRules(
  rules: StageRules,
  holds: readonly boolean[],
  start: string | null,
  input: StageInput,
  now: Instant,
): Verdict | null {
  const walk = walkRules(rules.stages, holds, start);
  if (walk.kind === "oscillates") {
    if (start === null) return null;
    const { between } = walk;
    return {
      stage: start,
      decidedBy: "conditions",
      since: now,
      reason: oscillationText(between),
      oscillation: between,
    };
  }
  const rule = rules.stages.find(({ id }) => id === walk.stage);
  if (rule === undefined) return null;
  const reason = rule.when?.why(input.facts) ?? "";
  const isRuled = walk.entered.length > 0 || holds[rules.stages.indexOf(rule)] === true;
  if (isRuled) return { stage: rule.id, decidedBy: "conditions", since: now, reason, entered: walk.entered };
  return null;
}

/** Nothing names a stage: with rules it stays, or is the first one; without, there is none. */
function unnamed(rules: StageRules, input: StageInput, silent: readonly string[], now: Instant): Verdict {
  const none = { stage: null, decidedBy: null, since: now };
  if (!rules.precedence.includes("conditions")) {
    return { ...none, reason: silent.length > 0 ? "so there is none" : unnamedReason };
  }
  const stage = presentStage(rules, input) ?? rules.firstStage;
  if (stage !== null) return stays(rules, stage, now);
  const walk = walkRules(rules.stages, truthsOf(rules, input.facts), null);
  if (walk.kind === "rests") return { ...none, reason: "no rule names a stage" };
  return { ...none, reason: oscillationText(walk.between), oscillation: walk.between };
}
