import type { CompiledCondition, ConditionDocument } from "../../scoring/conditions.ts";
import { derivedName, trendDays } from "../../scoring/derived-facts.ts";
import { parseDuration } from "../../scoring/duration.ts";
import { factCatalogue } from "../../scoring/fact-catalogue.ts";
import type { FactValue } from "../../scoring/facts.ts";
import { type Fault, faultAt } from "../../scoring/fault.ts";
import type { CompiledTrigger } from "../playbook.ts";
import type { TriggerDocument } from "../schema.ts";
import { contradictions } from "../sense.ts";

/** Compiles a condition, with `at` its path and `met` what stands there; null where it has faults, which were told. */
type ConditionCompiler = (document: unknown, at: string, met: unknown) => CompiledCondition | null;

/** What a trigger is compiled with. */
export interface TriggerCompiler {
  /** For conditions that the document writes. */
  readonly written: ConditionCompiler;
  /** For conditions that a trigger stands for: they may name derived facts. */
  readonly derived: ConditionCompiler;
  /** Notes a fact that no condition names. */
  readonly needs: (fact: string) => unknown;
  readonly refuse: (...faults: readonly Fault[]) => unknown;
}

type TriggerOf<On extends TriggerDocument["on"]> = Extract<TriggerDocument, { on: On }>;

/** A part of a condition, with the place in the document that it stands for. */
interface Part {
  readonly document: ConditionDocument;
  readonly at: string;
  readonly met: unknown;
}

/** Every kind of trigger as conditions of the one state machine; null where it has faults, which were told. */
export function compileTrigger(trigger: TriggerDocument, compiler: TriggerCompiler): CompiledTrigger | null {
  switch (trigger.on) {
    case "threshold":
      return compileThreshold(trigger, compiler);
    case "band":
      return ofParts(trigger, [entered("band", trigger.enters, "trigger.enters")], compiler);
    case "stage":
      return compileStage(trigger, compiler);
    case "milestone":
      return compileMilestone(trigger, compiler);
    case "renewal":
      return compileRenewal(trigger, compiler);
    case "change":
      return compileChange(trigger, compiler);
    default:
      compiler.refuse(faultAt("trigger.on", trigger.on, `"${trigger.on}" is not supported yet`));
      return null;
  }
}

function compileThreshold(trigger: TriggerOf<"threshold">, compiler: TriggerCompiler): CompiledTrigger | null {
  const when = compiler.written(trigger.when, "trigger.when", trigger.when);
  const recover =
    trigger.recover === undefined ? null : compiler.written(trigger.recover, "trigger.recover", trigger.recover);
  if (when === null) return null;
  if (recover !== null) compiler.refuse(...contradictions(when, recover, trigger.recover));
  return { on: "threshold", when, recover, ...timesOf(trigger), occasion: null };
}

function compileStage(trigger: TriggerOf<"stage">, compiler: TriggerCompiler): CompiledTrigger | null {
  if (trigger.enters === undefined) {
    compiler.refuse(faultAt("trigger.enters", undefined, "is missing: expected a stage"));
    return null;
  }
  const from = trigger.from === undefined ? [] : [entered("stage.previous", trigger.from, "trigger.from")];
  return ofParts(trigger, [entered("stage", trigger.enters, "trigger.enters"), ...from], compiler);
}

/** Who is stuck is behind as well, and may never have been seen as only behind. */
const statuses = { overdue: ["behind", "stuck"], behind: ["behind", "stuck"], stuck: ["stuck"] } as const;

function compileMilestone(trigger: TriggerOf<"milestone">, compiler: TriggerCompiler): CompiledTrigger | null {
  const { milestone, status } = trigger;
  const fact = `milestone.${milestone}`;
  const at = "trigger.milestone";
  if (factCatalogue.typeOf(fact) !== "boolean") {
    compiler.refuse(faultAt(at, milestone, "expected a milestone's id: small letters, digits and single hyphens"));
    return null;
  }
  const document: ConditionDocument =
    status === "reached" ? { fact, is: true } : { fact: `${fact}.status`, in: statuses[status] };
  return ofParts(trigger, [{ document, at, met: milestone }], compiler);
}

const renewalFact = "contract.days_to_renewal";
/** A date of renewal that is put right moves by days; the next period ends a month later at the soonest. */
const renewalSlackDays = 7;

function compileRenewal(trigger: TriggerOf<"renewal">, compiler: TriggerCompiler): CompiledTrigger | null {
  const days = trendDays(parseDuration(trigger.within ?? "") ?? 0);
  if (days === null) {
    compiler.refuse(faultAt("trigger.within", trigger.within, 'expected whole days, such as "90d", at most 400'));
    return null;
  }
  const part = { document: { fact: renewalFact, atMost: days }, at: "trigger.within", met: trigger.within };
  const fact = derivedName({ kind: "ends", base: renewalFact });
  compiler.needs(fact);
  return ofParts(trigger, [part], compiler, { fact, slackDays: renewalSlackDays });
}

function compileChange(trigger: TriggerOf<"change">, compiler: TriggerCompiler): CompiledTrigger | null {
  const { fact, fallsBy, risesBy, from, to } = trigger;
  if (fallsBy === undefined && risesBy === undefined) return compileTextChange(trigger, compiler);
  const stray = from === undefined ? ["to", to] : ["from", from];
  if (stray[1] !== undefined) {
    const message = "belongs to a change of text: expected no more than fallsBy or risesBy, and within";
    compiler.refuse(faultAt(`trigger.${String(stray[0])}`, stray[1], message));
    return null;
  }
  const { within } = trigger;
  const document = {
    fact,
    ...(fallsBy === undefined ? {} : { fallsBy }),
    ...(risesBy === undefined ? {} : { risesBy }),
    ...(within === undefined ? {} : { within }),
  };
  const when = compiler.written(document, "trigger", trigger);
  return when && { on: "change", when, recover: null, ...timesOf(trigger), occasion: null };
}

/** Long enough for a pass that comes late, short enough that a change is news. */
const defaultWithin = "1d";
const watched = /^(segment|stage|owner|account\.(name|industry|country|domain|began_on)|account\.fields\..+)$/;

/** True for a while after the change; a further change within it is an occasion of its own. */
function compileTextChange(trigger: TriggerOf<"change">, compiler: TriggerCompiler): CompiledTrigger | null {
  const { fact, from, to } = trigger;
  const refusal = textChangeRefusal(trigger);
  if (refusal !== null) {
    compiler.refuse(refusal);
    return null;
  }
  const withinMs = parseDuration(trigger.within ?? defaultWithin) ?? 0;
  const changed = derivedName({ kind: "changed", base: fact, withinMs });
  const was = derivedName({ kind: "was", base: fact, withinMs });
  compiler.needs(was);
  const parts: Part[] = [{ document: { fact: changed, is: true }, at: "trigger.fact", met: fact }];
  if (from !== undefined) parts.push(entered(was, from, "trigger.from"));
  if (to !== undefined) parts.push(entered(fact, to, "trigger.to"));
  return ofParts(trigger, parts, compiler, { fact, slackDays: null });
}

function textChangeRefusal({ fact, within, ...times }: TriggerOf<"change">): Fault | null {
  const type = factCatalogue.typeOf(fact);
  if (type === null) return faultAt("trigger.fact", fact, factCatalogue.refusal(fact));
  if (!watched.test(fact)) {
    const message =
      type === "number"
        ? `${fact} is a number: expected fallsBy or risesBy, and within`
        : `how ${fact} stood before is not kept: expected stage, owner, segment or another field of the account`;
    return faultAt("trigger.fact", fact, message);
  }
  if (parseDuration(within ?? defaultWithin) === 0) {
    return faultAt("trigger.within", within, "expected a time longer than nothing");
  }
  const stray = times.for === undefined ? ("keepFor" as const) : ("for" as const);
  if (times[stray] === undefined) return null;
  return faultAt(`trigger.${stray}`, times[stray], "belongs to fallsBy and risesBy: a change of text is met at once");
}

function entered(fact: string, values: FactValue | readonly FactValue[], at: string): Part {
  const [first = "", ...others] = [values].flat();
  const document = others.length === 0 ? { fact, is: first } : { fact, in: [first, ...others] };
  return { document, at, met: values };
}

interface Times {
  readonly on: CompiledTrigger["on"];
  readonly for?: string | undefined;
  readonly keepFor?: string | undefined;
}

/** All parts together; each is judged on its own first, so that a fault is told where it stands. */
function ofParts(
  trigger: Times,
  parts: readonly Part[],
  compiler: TriggerCompiler,
  occasion: CompiledTrigger["occasion"] = null,
): CompiledTrigger | null {
  const each = parts.map(({ document, at, met }) => compiler.derived(document, at, met));
  const [only] = each;
  if (only === undefined || each.includes(null)) return null;
  const all = { all: parts.map(({ document }) => document) };
  const when = each.length === 1 ? only : compiler.derived(all, "trigger", trigger);
  return when && { on: trigger.on, when, recover: null, ...timesOf(trigger), occasion };
}

function timesOf(trigger: Times): Pick<CompiledTrigger, "forMs" | "keepForMs"> {
  return { forMs: milliseconds(trigger.for), keepForMs: milliseconds(trigger.keepFor) };
}

function milliseconds(duration: string | undefined): number {
  return duration === undefined ? 0 : (parseDuration(duration) ?? 0);
}
