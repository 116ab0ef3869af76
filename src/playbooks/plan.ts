import type { Instant } from "../scoring/history.ts";
import { decided, type PlannedAction, skipped } from "./plan/action.ts";
import { chooseWay } from "./plan/branch.ts";
import { planEffect } from "./plan/effect.ts";
import { type Occasion, occasionOf, type RunPosition, type Scene } from "./plan/occasion.ts";
import { lookAtWait } from "./plan/wait.ts";
import type { BranchStep, CompiledPlaybook, CompiledStep, WaitStep } from "./playbook.ts";
import { moment, span } from "./time-words.ts";

/** What a run does now, and where it goes on. */
export interface RunPlan {
  readonly actions: readonly PlannedAction[];
  readonly next: Rest;
  readonly reason: string;
}

/** Where a run comes to rest. */
export type Rest =
  | (Pick<RunPosition, "stepId" | "waitId" | "dueAt" | "arrivedAt"> & { readonly kind: "waiting" })
  | { readonly kind: "done" }
  | { readonly kind: "stopped" };

/**
 * The steps from where the run stands up to the next wait or the end, by the playbook as it is now. A step only ever leads to one that comes later
 * in the playbook, so however it branches, each step is reached once at most and the walk ends.
 */
export function advanceRun(playbook: CompiledPlaybook, run: RunPosition, scene: Scene, now: Instant): RunPlan {
  const occasion = occasionOf(playbook, run, scene, now);
  const ended = endOfWait(occasion);
  if ("next" in ended) return ended;
  const first = playbook.steps.find(({ id }) => id === run.stepId);
  if (first === undefined) {
    const reason = `the step "${run.stepId}" no longer exists`;
    return { actions: ended.actions, next: { kind: "stopped" }, reason };
  }
  const { actions, ...rest } = walk(first, { ...occasion, dueSince: ended.dueAt });
  return { ...rest, actions: [...ended.actions, ...actions] };
}

/** What is done when the episode of a run is over, and its reason says why it is. */
export function planRecovery(
  playbook: CompiledPlaybook,
  run: RunPosition,
  scene: Scene,
  now: Instant,
): readonly PlannedAction[] {
  const occasion = { ...occasionOf(playbook, run, scene, now), event: "playbook.recovered", dueSince: now } as const;
  return playbook.onRecover.flatMap((step) => {
    const passedOver = whyPassedOver(step, occasion);
    if (passedOver !== null) return skipped(step, occasion, "nobody", passedOver);
    const effect = planEffect(step, occasion);
    return "deferUntil" in effect ? skipped(step, occasion, "nobody", effect.reason) : effect.actions;
  });
}

/** A walk from a step that was due at a moment. */
type Walk = Occasion & { readonly dueSince: Instant };

/** Whether the wait before the step to come is over, and since when; or how it goes on. */
function endOfWait(occasion: Occasion): RunPlan | { readonly dueAt: Instant; readonly actions: PlannedAction[] } {
  const { playbook, run, subject, now } = occasion;
  const wait = playbook.steps.find(({ id }) => id === run.waitId);
  if (wait?.kind === "wait") {
    const since = run.arrivedAt ?? now;
    const view = lookAtWait(wait, since, occasion);
    if (view.kind === "over") return { dueAt: view.dueAt, actions: [decided(wait, occasion, view.reason)] };
    const { stepId, waitId } = run;
    const next = { kind: "waiting", stepId, waitId, dueAt: view.dueAt, arrivedAt: since } as const;
    return { actions: [], next, reason: `"${wait.id}": ${view.reason}` };
  }
  // A wait whose end was open, and that is no longer there, is over.
  if (run.waitId !== null) return { dueAt: now, actions: [] };
  if (run.dueAt !== null && run.dueAt > now) {
    const reason = `waiting until ${moment(run.dueAt, subject.zone)} for the step "${run.stepId}"`;
    return { actions: [], next: { ...run, kind: "waiting" }, reason };
  }
  return { dueAt: run.arrivedAt ?? run.dueAt ?? now, actions: [] };
}

function walk(first: CompiledStep, occasion: Walk): RunPlan {
  const actions: PlannedAction[] = [];
  let step: CompiledStep | undefined = first;
  while (step !== undefined) {
    const taken = takeStep(step, occasion);
    actions.push(...taken.actions);
    if ("rest" in taken) return { actions, next: taken.rest, reason: taken.reason };
    step = stepBehind(step, taken.to, occasion.playbook);
  }
  return { actions, next: { kind: "done" }, reason: "every step was reached" };
}

/** Only what comes later in the playbook is behind a step. */
function stepBehind(step: CompiledStep, to: string | null, { steps }: CompiledPlaybook): CompiledStep | undefined {
  return to === null ? undefined : steps.slice(steps.indexOf(step) + 1).find(({ id }) => id === to);
}

type Taken =
  | { readonly actions: readonly PlannedAction[]; readonly to: string | null }
  | { readonly actions: readonly PlannedAction[]; readonly rest: Rest; readonly reason: string };

function takeStep(step: CompiledStep, occasion: Walk): Taken {
  const passedOver = whyPassedOver(step, occasion);
  if (passedOver !== null) {
    return { actions: [skipped(step, occasion, recipientOf(step), passedOver)], to: step.next };
  }
  switch (step.kind) {
    case "wait":
      return takeWait(step, occasion);
    case "branch":
      return takeBranch(step, occasion);
    case "stop":
      return { actions: [], rest: { kind: "stopped" }, reason: step.reason ?? `the step "${step.id}" ends it` };
    default: {
      const effect = planEffect(step, occasion);
      if (!("deferUntil" in effect)) return { actions: effect.actions, to: step.next };
      const { deferUntil: dueAt, reason } = effect;
      const rest = { kind: "waiting", stepId: step.id, waitId: null, dueAt, arrivedAt: occasion.dueSince } as const;
      return { actions: [], rest, reason: `"${step.id}": ${reason}` };
    }
  }
}

function takeWait(step: WaitStep, occasion: Walk): Taken {
  const { now } = occasion;
  const view = lookAtWait(step, now, occasion);
  if (view.kind === "over") return { actions: [decided(step, occasion, view.reason)], to: step.next };
  // A wait without a step after it ends the run.
  if (step.next === null) return { actions: [], to: null };
  const { dueAt, isSettled } = view;
  const rest = isSettled ? { waitId: null, dueAt, arrivedAt: dueAt } : { waitId: step.id, dueAt, arrivedAt: now };
  const reason = `"${step.id}": ${view.reason} for the step "${step.next}"`;
  return { actions: [], rest: { kind: "waiting", stepId: step.next, ...rest }, reason };
}

function takeBranch(step: BranchStep, occasion: Walk): Taken {
  const { to, reason } = chooseWay(step, occasion);
  return { actions: [decided(step, occasion, `${reason}: ${wayWords(to)}`)], to };
}

function wayWords(to: string | null): string {
  return to === null ? "to the end" : `goes on at "${to}"`;
}

/** Why a step is not made: it is too late for it, or its condition is not true. Null: it is made. */
function whyPassedOver(step: CompiledStep, { subject, missingReason, dueSince, now }: Walk): string | null {
  const { onlyIf, skipAfterMs } = step;
  const late = now - dueSince;
  if (skipAfterMs !== null && late > skipAfterMs) {
    return `passed over: due ${moment(dueSince, subject.zone)}, and ${span(skipAfterMs)} late is too late`;
  }
  const truth = onlyIf === null ? true : onlyIf.truth(subject.facts);
  if (onlyIf === null || truth === true) return null;
  const why = onlyIf.why(subject.facts, missingReason);
  return truth === null ? `passed over, because it is not known: ${why}` : `passed over: ${why}`;
}

function recipientOf(step: CompiledStep): string {
  return step.kind === "wait" || step.kind === "branch" || step.kind === "stop" ? "run" : "nobody";
}
