import { type CompiledCondition, compileCondition } from "../../../scoring/conditions.ts";
import type { FactCatalogue } from "../../../scoring/fact-catalogue.ts";
import { faultAt } from "../../../scoring/fault.ts";
import type { CompiledTrigger } from "../../playbook.ts";
import { unfitFields } from "../../sense.ts";
import { momentary, span, type TriggerCompiler, type TriggerOf } from "./compiler.ts";
import { only, recordCatalogue, valuesOf } from "./record-catalogue.ts";

/** Long enough for a source that is pulled once a night, short enough that it is news. */
const defaultWithin = "1d";

/** A record that comes to be as asked. */
export function compileEvent(trigger: TriggerOf<"event">, compiler: TriggerCompiler): CompiledTrigger | null {
  const { record, within = defaultWithin } = trigger;
  const catalogue = recordCatalogue(record);
  const where = trigger.where === undefined ? null : fieldsAt(trigger.where, catalogue, compiler);
  if (where === undefined) return null;
  const unfit = where === null ? [] : unfitFields(where, valuesOf(record), {});
  compiler.refuse(...unfit.map((message) => faultAt("trigger.where", trigger.where, message)));
  const withinMs = span(within, "trigger.within", compiler);
  return momentary("event", { kind: "record", record, where, withinMs });
}

/** What an answer can be, where every survey of the type asks for the same. */
const scales: Readonly<Record<string, readonly [lowest: number, highest: number]>> = { nps: [0, 10], ces: [1, 7] };

/** An answer to a survey. */
export function compileSurvey(trigger: TriggerOf<"survey">, compiler: TriggerCompiler): CompiledTrigger | null {
  const { type, within = defaultWithin } = trigger;
  const catalogue = recordCatalogue("survey");
  const asked = trigger.where === undefined ? null : fieldsAt(trigger.where, only(catalogue, answerFields), compiler);
  if (asked === undefined) return null;
  const unfit = asked === null ? [] : unfitFields(asked, new Map(), { score: scales[type] });
  compiler.refuse(...unfit.map((message) => faultAt("trigger.where", trigger.where, message)));
  // Without a score it was asked and not answered.
  const answered = asked?.facts.includes("score") === true ? [] : [{ fact: "score", exists: true }];
  const written = trigger.where === undefined ? [] : [trigger.where];
  const where = fieldsAt({ all: [{ fact: "type", is: type }, ...answered, ...written] }, catalogue, compiler);
  const withinMs = span(within, "trigger.within", compiler);
  return where === undefined ? null : momentary("survey", { kind: "record", record: "survey", where, withinMs });
}

const answerFields: readonly string[] = ["score", "comment", "contact"];

/** A condition on a record's fields; undefined where it has faults, which were told. */
function fieldsAt(
  document: unknown,
  catalogue: FactCatalogue,
  { refuse }: TriggerCompiler,
): CompiledCondition | undefined {
  const compiled = compileCondition(document, catalogue, "trigger.where");
  if ("condition" in compiled) return compiled.condition;
  refuse(...compiled.faults);
  return undefined;
}
