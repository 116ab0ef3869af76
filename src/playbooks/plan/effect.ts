import type { BranchStep, CompiledStep, StopStep, WaitStep } from "../playbook.ts";
import type { Effect } from "./action.ts";
import { planCall } from "./call.ts";
import { planEmail } from "./email.ts";
import type { Occasion } from "./occasion.ts";
import { planCrmField, planField, planStage } from "./own-effects.ts";
import { planSlack } from "./slack.ts";
import { planSurvey } from "./survey.ts";
import { planTask } from "./task.ts";
import { planWebhook } from "./webhook.ts";

/** Makes a step that does something outside of its run. */
export function planEffect(step: Exclude<CompiledStep, WaitStep | BranchStep | StopStep>, occasion: Occasion): Effect {
  switch (step.kind) {
    case "email":
      return planEmail(step, occasion);
    case "slack":
      return { actions: [planSlack(step, occasion)] };
    case "task":
      return { actions: [planTask(step, occasion)].flat() };
    case "webhook":
      return { actions: [planWebhook(step, occasion)] };
    case "survey":
      return planSurvey(step, occasion);
    case "set-field":
      return { actions: [planField(step, occasion)] };
    case "set-stage":
      return { actions: [planStage(step, occasion)] };
    case "update-crm":
      return { actions: [planCrmField(step, occasion)] };
    case "call-playbook":
      return { actions: [planCall(step, occasion)] };
    default:
      return step satisfies never;
  }
}
