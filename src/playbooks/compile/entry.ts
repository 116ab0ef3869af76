import { type Fault, faultAt } from "../../scoring/fault.ts";
import type { CompiledEntry, CompiledTrigger } from "../playbook.ts";
import { type Priority, priorities } from "../schema/words.ts";
import type { PlaybookDocument } from "../schema.ts";
import { span } from "./trigger/compiler.ts";

type EntryDocument = PlaybookDocument["entry"];
type Refuse = (...faults: readonly Fault[]) => unknown;

/** How episodes begin runs; what makes no sense with the trigger is refused. */
export function compileEntry(entry: EntryDocument, trigger: CompiledTrigger, refuse: Refuse): CompiledEntry {
  const { mode, repeatEvery, cooldown, onActivate } = entry;
  if (repeatEvery !== undefined && mode === "once") {
    refuse(faultAt("entry.repeatEvery", repeatEvery, "contradicts the mode once: one run for an account, ever"));
  }
  if (repeatEvery !== undefined && trigger.awaits !== null) {
    const message = `a trigger on ${trigger.on} is about a moment: while it is over nothing repeats`;
    refuse(faultAt("entry.repeatEvery", repeatEvery, message));
  }
  if (onActivate === "fire" && trigger.isLeaving) {
    refuse(faultAt("entry.onActivate", onActivate, "who is elsewhere need not have left: expected baseline"));
  }
  const repeatMs = repeatEvery === undefined ? null : span(repeatEvery, "entry.repeatEvery", { refuse });
  return { mode, repeatMs, cooldownMs: span(cooldown, "entry.cooldown", { refuse }), onActivate };
}

/** Of steps that are to be done when a moment has recovered, which none does. */
export function recoveryFaults(onRecover: readonly unknown[], trigger: CompiledTrigger | null): readonly Fault[] {
  if (onRecover.length === 0 || trigger === null || trigger.awaits === null) return [];
  return [faultAt("onRecover", onRecover, `a trigger on ${trigger.on} is about a moment: nothing recovers`)];
}

interface Severity {
  readonly priority: Priority;
  readonly severity?: readonly { readonly priority: Priority }[] | undefined;
}

/** Of a severity that is no higher than the playbook's priority, which can raise nothing. */
export function severityFaults({ priority, severity = [] }: Severity): readonly Fault[] {
  return severity.flatMap((one, index) => {
    const at = `severity[${index}].priority`;
    const isHigher = priorities.indexOf(one.priority) > priorities.indexOf(priority);
    return isHigher ? [] : [faultAt(at, one.priority, `expected a higher one than the playbook's, ${priority}`)];
  });
}
