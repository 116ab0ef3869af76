import type { ConditionDocument } from "../../scoring/conditions.ts";
import { factCatalogue } from "../../scoring/fact-catalogue.ts";
import { faultAt } from "../../scoring/fault.ts";
import type { CompiledTrigger } from "../playbook.ts";
import type { TriggerDocument } from "../schema.ts";
import { contradictions } from "../sense.ts";
import { compileChange } from "./trigger/change.ts";
import { among, lasting, ofParts, type TriggerCompiler, type TriggerOf } from "./trigger/compiler.ts";
import { compileDisagreement } from "./trigger/disagreement.ts";
import { compileEvent, compileSurvey } from "./trigger/record.ts";
import { compileRenewal } from "./trigger/renewal.ts";
import { compileSchedule } from "./trigger/schedule.ts";
import { compileSegment, compileStage } from "./trigger/stage.ts";

/** Every kind of trigger as conditions of the one state machine; null where it has faults, which were told. */
export function compileTrigger(trigger: TriggerDocument, compiler: TriggerCompiler): CompiledTrigger | null {
  switch (trigger.on) {
    case "threshold":
      return compileThreshold(trigger, compiler);
    case "band":
      return ofParts(trigger, [among("band", trigger.enters, "trigger.enters")], compiler);
    case "stage":
      return compileStage(trigger, compiler);
    case "milestone":
      return compileMilestone(trigger, compiler);
    case "renewal":
      return compileRenewal(trigger, compiler);
    case "change":
      return compileChange(trigger, compiler);
    case "event":
      return compileEvent(trigger, compiler);
    case "survey":
      return compileSurvey(trigger, compiler);
    case "segment":
      return compileSegment(trigger, compiler);
    case "schedule":
      return compileSchedule(trigger, compiler);
    case "disagreement":
      return compileDisagreement(trigger, compiler);
    default:
      return trigger satisfies never;
  }
}

function compileThreshold(trigger: TriggerOf<"threshold">, compiler: TriggerCompiler): CompiledTrigger | null {
  const when = compiler.written(trigger.when, "trigger.when", trigger.when);
  const recover =
    trigger.recover === undefined ? null : compiler.written(trigger.recover, "trigger.recover", trigger.recover);
  if (when === null) return null;
  if (recover !== null) compiler.refuse(...contradictions(when, recover, trigger.recover));
  return { ...lasting(trigger, when, compiler), recover };
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
