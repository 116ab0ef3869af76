import { derivedName } from "../../../scoring/derived-facts.ts";
import { parseDuration } from "../../../scoring/duration.ts";
import { factCatalogue } from "../../../scoring/fact-catalogue.ts";
import { type Fault, faultAt } from "../../../scoring/fault.ts";
import type { CompiledTrigger } from "../../playbook.ts";
import { among, lasting, ofParts, type Part, type TriggerCompiler, type TriggerOf } from "./compiler.ts";

/** A number that moves, or a text that becomes another one. */
export function compileChange(trigger: TriggerOf<"change">, compiler: TriggerCompiler): CompiledTrigger | null {
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
  return when && lasting(trigger, when, compiler);
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
  if (from !== undefined) parts.push(among(was, from, "trigger.from"));
  if (to !== undefined) parts.push(among(fact, to, "trigger.to"));
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
