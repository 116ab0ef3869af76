import { derivedName, trendDays } from "../../../scoring/derived-facts.ts";
import { parseDuration } from "../../../scoring/duration.ts";
import { faultAt } from "../../../scoring/fault.ts";
import type { CompiledTrigger } from "../../playbook.ts";
import { ofParts, onlyOne, type Part, type TriggerCompiler, type TriggerOf } from "./compiler.ts";

const renewalFact = "contract.days_to_renewal";
/** A date of renewal that is put right moves by days; the next period ends a month later at the soonest. */
const renewalSlackDays = 7;

/** The time before the end of a contract's period; each period is an occasion of its own. */
export function compileRenewal(trigger: TriggerOf<"renewal">, compiler: TriggerCompiler): CompiledTrigger | null {
  const key = onlyOne(trigger, ["within", "withinWorkingDays"], compiler);
  const part = key === null ? null : nearEnd(trigger, compiler);
  if (part === null) return null;
  const fact = derivedName({ kind: "ends", base: renewalFact });
  compiler.needs(fact);
  return ofParts(trigger, [part], compiler, { fact, slackDays: renewalSlackDays });
}

function nearEnd({ within, withinWorkingDays }: TriggerOf<"renewal">, compiler: TriggerCompiler): Part | null {
  if (withinWorkingDays !== undefined) {
    const fact = derivedName({ kind: "workdays", base: renewalFact });
    return { document: { fact, atMost: withinWorkingDays }, at: "trigger.withinWorkingDays", met: withinWorkingDays };
  }
  const days = trendDays(parseDuration(within ?? "") ?? 0);
  if (days === null) {
    compiler.refuse(faultAt("trigger.within", within, 'expected whole days, such as "90d", at most 400'));
    return null;
  }
  return { document: { fact: renewalFact, atMost: days }, at: "trigger.within", met: within };
}
