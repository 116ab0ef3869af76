import { derivedCatalogue } from "../scoring/fact-catalogue.ts";
import { type Fault, faultAt, suggestion } from "../scoring/fault.ts";
import { type Compilation, conditionAt, milliseconds, type PlaybookContext } from "./compile/compilation.ts";
import { compileEntry, recoveryFaults, severityFaults } from "./compile/entry.ts";
import { compileRecovery, compileSteps } from "./compile/steps.ts";
import { compileTrigger } from "./compile/trigger.ts";
import { parsePlaybook } from "./parse.ts";
import type { CompiledGuards, CompiledPlaybook } from "./playbook.ts";
import type { PlaybookDocument } from "./schema.ts";
import { triggerKeyOf } from "./trigger-key.ts";

export type { PlaybookContext } from "./compile/compilation.ts";

/** A playbook document ready to be judged and run, or everything that is wrong with it. */
export function compilePlaybook(
  document: unknown,
  context: PlaybookContext,
): { readonly playbook: CompiledPlaybook } | { readonly faults: readonly Fault[] } {
  const parsed = parsePlaybook(document);
  const playbookId = parsed.frame?.id ?? null;
  const compilation: Compilation = { context, playbookId, faults: [...parsed.faults], facts: new Set() };
  const refuse = (...faults: readonly Fault[]) => compilation.faults.push(...faults);
  const given = (part: unknown, at: string) => (part === undefined ? null : conditionAt(part, at, part, compilation));
  const audience = given(parsed.audience, "audience");
  const trigger =
    parsed.trigger &&
    compileTrigger(parsed.trigger, {
      written: (part, at, met) => conditionAt(part, at, met, compilation),
      derived: (part, at, met) => conditionAt(part, at, met, compilation, derivedCatalogue),
      needs: (fact) => compilation.facts.add(fact),
      refuse,
    });
  const steps = compileSteps(parsed.steps, null, compilation);
  const onRecover = compileRecovery(parsed.onRecover, compilation);
  const severity = (parsed.frame?.severity ?? []).map(({ when, priority }, index) => ({
    when: given(when, `severity[${index}].when`),
    priority,
  }));
  const goal = parsed.frame?.goal === undefined ? null : given(parsed.frame.goal.when, "goal.when");
  const exit = given(parsed.frame?.exit, "exit");
  const entry = trigger && parsed.frame && compileEntry(parsed.frame.entry, trigger, refuse);
  if (parsed.frame !== null) refuse(...severityFaults(parsed.frame));
  refuse(...recoveryFaults(parsed.onRecover, trigger));
  refuseStrangers(parsed.frame?.guards.inhibitedBy, compilation);
  if (compilation.faults.length > 0 || parsed.frame === null || trigger === null || entry === null) {
    return { faults: compilation.faults };
  }
  const { id, name, enabled, priority, guards, holdout, whenEnded } = parsed.frame;
  return {
    playbook: {
      id,
      revision: context.revision,
      name,
      enabled,
      priority,
      severity: severity.flatMap(({ when, priority: higher }) => (when === null ? [] : [{ when, priority: higher }])),
      audience,
      trigger,
      triggerKey: triggerKeyOf({ trigger: parsed.trigger, audience: parsed.audience ?? null }),
      entry,
      guards: compileGuards(guards),
      holdoutPercent: holdout?.percent ?? 0,
      goal: goal && { when: goal, withinMs: milliseconds(parsed.frame.goal?.within) },
      exit,
      openTasks: whenEnded.openTasks,
      steps,
      onRecover,
      facts: [...compilation.facts].sort(),
    },
  };
}

/** A playbook there is none of never mutes anybody. */
function refuseStrangers(inhibitedBy: PlaybookDocument["guards"]["inhibitedBy"], compilation: Compilation): void {
  const { playbooks } = compilation.context;
  if (!Array.isArray(inhibitedBy) || playbooks === undefined) return;
  inhibitedBy.forEach((id, index) => {
    if (playbooks.includes(id)) return;
    const message = `there is no playbook "${id}"${suggestion(id, playbooks)}`;
    compilation.faults.push(faultAt(`guards.inhibitedBy[${index}]`, id, message));
  });
}

function compileGuards(guards: PlaybookDocument["guards"]): CompiledGuards {
  const { window = null, maxPerAccount, stormBrake = null, inhibitedBy = null, budget = null } = guards;
  return {
    window,
    maxPerAccount:
      maxPerAccount === undefined ? null : { runs: maxPerAccount.runs, perMs: milliseconds(maxPerAccount.per) },
    stormBrake:
      stormBrake === null || stormBrake === false ? stormBrake : { ...stormBrake, perMs: milliseconds(stormBrake.per) },
    inhibitedBy,
    budget,
  };
}
