import { faultAt } from "../../scoring/fault.ts";
import type { ParsedStep } from "../parse.ts";
import type { CompiledStep, EmailStep, SlackStep, StepFrame, WebhookStep } from "../playbook.ts";
import type { StepDocument } from "../schema.ts";
import { type Compilation, conditionAt, milliseconds } from "./compilation.ts";
import { compileBranch } from "./steps/branch.ts";
import { compileCallPlaybook } from "./steps/call-playbook.ts";
import { compileEmail } from "./steps/email.ts";
import { compileSetField } from "./steps/set-field.ts";
import { compileSetStage } from "./steps/set-stage.ts";
import type { Site } from "./steps/site.ts";
import { compileSlack } from "./steps/slack.ts";
import { compileStop } from "./steps/stop.ts";
import { compileSurvey } from "./steps/survey.ts";
import { compileTask } from "./steps/task.ts";
import { compileUpdateCrm } from "./steps/update-crm.ts";
import { compileWait } from "./steps/wait.ts";
import { compileWebhook } from "./steps/webhook.ts";

/**
 * Steps in reading order, each with the one behind it; those that have faults, which were told, are left out. What stands in a branch follows it,
 * so a run only ever goes forward through the list.
 */
export function compileSteps(
  steps: readonly ParsedStep[],
  after: string | null,
  compilation: Compilation,
): readonly CompiledStep[] {
  refuseUnreachable(steps, compilation);
  return steps.flatMap((step, index) => {
    const next = steps[index + 1]?.document?.id ?? after;
    return step.document === null ? [] : compileStep(step.document, step, next, compilation);
  });
}

/** Steps of `onRecover`. */
export function compileRecovery(
  steps: readonly ParsedStep[],
  compilation: Compilation,
): readonly (EmailStep | SlackStep | WebhookStep)[] {
  return compileSteps(steps, null, compilation).filter(
    (step) => step.kind === "email" || step.kind === "slack" || step.kind === "webhook",
  );
}

function compileStep(
  step: StepDocument,
  { at, inner }: ParsedStep,
  next: string | null,
  compilation: Compilation,
): readonly CompiledStep[] {
  const site = { at, frame: frameOf(step, at, next, compilation), compilation };
  if (step.do === "branch") {
    return compileBranch(step, inner, site, (list, after) => compileSteps(list, after, compilation));
  }
  const compiled = compileLeaf(step, site);
  return compiled === null ? [] : [compiled];
}

function compileLeaf(step: Exclude<StepDocument, { do: "branch" }>, site: Site): CompiledStep | null {
  switch (step.do) {
    case "email":
      return compileEmail(step, site);
    case "slack":
      return compileSlack(step, site);
    case "task":
      return compileTask(step, site);
    case "webhook":
      return compileWebhook(step, site);
    case "wait":
      return compileWait(step, site);
    case "survey":
      return compileSurvey(step, site);
    case "set-field":
      return compileSetField(step, site);
    case "set-stage":
      return compileSetStage(step, site);
    case "update-crm":
      return compileUpdateCrm(step, site);
    case "call-playbook":
      return compileCallPlaybook(step, site);
    case "stop":
      return compileStop(step, site);
    default:
      return step satisfies never;
  }
}

function frameOf(step: StepDocument, at: string, next: string | null, compilation: Compilation): StepFrame {
  const onlyIf = step.if === undefined ? null : conditionAt(step.if, `${at}.if`, step.if, compilation);
  const skipAfterMs = step.skipAfter === undefined ? null : milliseconds(step.skipAfter);
  return { id: step.id, next, onlyIf, skipAfterMs };
}

/** Behind a stop that is always made nothing is ever reached. */
function refuseUnreachable(steps: readonly ParsedStep[], { faults }: Compilation): void {
  const stop = steps.findIndex(
    ({ document }) => document?.do === "stop" && document.if === undefined && document.skipAfter === undefined,
  );
  const behind = stop < 0 ? undefined : steps[stop + 1];
  if (behind === undefined) return;
  const message = `is never reached: "${steps[stop]?.document?.id}" stops every run before it`;
  faults.push(faultAt(behind.at, behind.document, message));
}
