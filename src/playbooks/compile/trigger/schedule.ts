import { faultAt } from "../../../scoring/fault.ts";
import type { CompiledTrigger, Timetable } from "../../playbook.ts";
import { everComes } from "../../trigger/slots.ts";
import { minuteOf } from "../compilation.ts";
import { momentary, type TriggerCompiler, type TriggerOf } from "./compiler.ts";

/** Times of the calendar. */
export function compileSchedule(trigger: TriggerOf<"schedule">, compiler: TriggerCompiler): CompiledTrigger | null {
  const { at, weekdays = null, daysOfMonth = null, months = null } = trigger;
  const timetable: Timetable = { kind: "schedule", atMinute: minuteOf(at), weekdays, daysOfMonth, months };
  const when = trigger.when === undefined ? undefined : compiler.written(trigger.when, "trigger.when", trigger.when);
  if (!everComes(timetable)) {
    compiler.refuse(faultAt("trigger.daysOfMonth", daysOfMonth, "no such day comes in these months"));
    return null;
  }
  return when === null ? null : momentary("schedule", timetable, when);
}
