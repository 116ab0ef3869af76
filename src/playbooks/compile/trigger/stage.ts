import { trendDays } from "../../../scoring/derived-facts.ts";
import { parseDuration } from "../../../scoring/duration.ts";
import { faultAt } from "../../../scoring/fault.ts";
import type { CompiledTrigger } from "../../playbook.ts";
import {
  among,
  ofParts,
  onlyOne,
  type Part,
  stray,
  type Timed,
  type TriggerCompiler,
  type TriggerOf,
} from "./compiler.ts";

/** A stay in a stage, a stay elsewhere after it, or a stay that takes too long. */
export function compileStage(trigger: TriggerOf<"stage">, compiler: TriggerCompiler): CompiledTrigger | null {
  const key = onlyOne(trigger, ["enters", "leaves", "stuck"], compiler);
  if (key === null) return null;
  const { enters, leaves, stuck, from, after } = trigger;
  const isAstray = [
    key !== "enters" && stray("from", from, "enters", compiler),
    key !== "stuck" && stray("after", after, "stuck", compiler),
  ];
  if (isAstray.includes(true)) return null;
  if (enters !== undefined) {
    const before = from === undefined ? [] : [among("stage.previous", from, "trigger.from")];
    return ofParts(trigger, [among("stage", enters, "trigger.enters"), ...before], compiler);
  }
  if (leaves !== undefined) return elsewhere(trigger, among("stage", leaves, "trigger.leaves", false), compiler);
  const longer = longerThan(after, compiler);
  return longer && ofParts(trigger, [among("stage", stuck ?? "", "trigger.stuck"), longer], compiler);
}

function longerThan(after: string | undefined, { refuse }: TriggerCompiler): Part | null {
  const days = trendDays(parseDuration(after ?? "") ?? 0);
  if (days === null) {
    const missing = after === undefined ? "is missing: " : "";
    refuse(faultAt("trigger.after", after, `${missing}expected whole days, such as "30d", at most 400`));
    return null;
  }
  return { document: { fact: "stage.days", atLeast: days }, at: "trigger.after", met: after };
}

/** A stay in a segment, or elsewhere after it. */
export function compileSegment(trigger: TriggerOf<"segment">, compiler: TriggerCompiler): CompiledTrigger | null {
  const key = onlyOne(trigger, ["enters", "leaves"], compiler);
  const { enters, leaves } = trigger;
  if (key === null) return null;
  if (enters !== undefined) return ofParts(trigger, [among("segment", enters, "trigger.enters")], compiler);
  return elsewhere(trigger, among("segment", leaves ?? "", "trigger.leaves", false), compiler);
}

/** Whoever is elsewhere when it is first looked at is taken as found: so an episode begins with the leaving. */
function elsewhere(trigger: Timed, part: Part, compiler: TriggerCompiler): CompiledTrigger | null {
  const compiled = ofParts(trigger, [part], compiler);
  return compiled && { ...compiled, isLeaving: true };
}
