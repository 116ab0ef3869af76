import { derivedName } from "../../../scoring/derived-facts.ts";
import { type FactType, factCatalogue } from "../../../scoring/fact-catalogue.ts";
import { faultAt } from "../../../scoring/fault.ts";
import type { CompiledTrigger } from "../../playbook.ts";
import { lasting, ofParts, onlyOne, stray, type TriggerCompiler, type TriggerOf } from "./compiler.ts";

type Disagreement = TriggerOf<"disagreement">;

/** Statements that cannot all be right, or two facts that should say the same. */
export function compileDisagreement(trigger: Disagreement, compiler: TriggerCompiler): CompiledTrigger | null {
  const key = onlyOne(trigger, ["between", "facts"], compiler);
  if (key === null) return null;
  if (trigger.facts !== undefined) return ofPair(trigger, trigger.facts, compiler);
  const { between = [] } = trigger;
  if (stray("by", trigger.by, "facts", compiler)) return null;
  const each = between.map((one, index) => compiler.written(one, `trigger.between[${index}]`, one));
  if (each.includes(null)) return null;
  const when = compiler.written({ all: between }, "trigger.between", between);
  return when && lasting(trigger, when, compiler);
}

function ofPair(trigger: Disagreement, [base, other]: readonly [string, string], compiler: TriggerCompiler) {
  const types = [base, other].map((fact, index) => typeAt(fact, `trigger.facts[${index}]`, compiler));
  const [one = null, another = null] = types;
  if (one === null || another === null) return null;
  const refusal = pairRefusal({ base, other, one, another, by: trigger.by });
  if (refusal !== null) {
    compiler.refuse(faultAt(refusal.at, refusal.met, refusal.message));
    return null;
  }
  const { by } = trigger;
  const isApart = by !== undefined || (one === "number" && another === "number");
  const kind = isApart ? "apart" : "differs";
  const fact = derivedName({ kind, base, other });
  const document = isApart ? { fact, above: by ?? 0 } : { fact, is: true };
  return ofParts(trigger, [{ document, at: "trigger.facts", met: trigger.facts }], compiler);
}

function typeAt(fact: string, at: string, { refuse }: TriggerCompiler): FactType | null {
  const type = factCatalogue.typeOf(fact);
  if (type === null) refuse(faultAt(at, fact, factCatalogue.refusal(fact)));
  return type;
}

interface Pair {
  readonly base: string;
  readonly other: string;
  readonly one: FactType;
  readonly another: FactType;
  readonly by: number | undefined;
}

function pairRefusal({ base, other, one, another, by }: Pair) {
  if (base === other) return { at: "trigger.facts[1]", met: other, message: "a fact never contradicts itself" };
  const isNumber = (type: FactType) => type === "number" || type === "any";
  if (by !== undefined && !(isNumber(one) && isNumber(another))) {
    return { at: "trigger.by", met: by, message: "belongs to two numbers" };
  }
  const isAlike = one === another || one === "any" || another === "any";
  return isAlike ? null : { at: "trigger.facts[1]", met: other, message: `${other} is of another kind than ${base}` };
}
