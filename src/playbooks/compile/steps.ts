import { faultAt } from "../../scoring/fault.ts";
import type { ParsedStep } from "../parse.ts";
import type { CompiledStep, Digest, EmailStep, SlackStep, StepFrame, TaskStep, WebhookStep } from "../playbook.ts";
import type { Template } from "../render.ts";
import type { DigestDocument, StepDocument } from "../schema.ts";
import {
  type Compilation,
  channelAt,
  conditionAt,
  domainOf,
  emailChannel,
  listed,
  milliseconds,
  minuteOf,
  sendingOf,
  templateAt,
} from "./compilation.ts";

/** Steps in reading order, each with the one behind it; those that have faults, which were told, are left out. */
export function compileSteps(
  steps: readonly ParsedStep[],
  after: string | null,
  compilation: Compilation,
): readonly CompiledStep[] {
  return steps.flatMap((step, index) => {
    const next = steps[index + 1]?.document?.id ?? after;
    const compiled = step.document && compileStep(step.document, step, next, compilation);
    return compiled === null ? [] : [compiled];
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
  { at }: ParsedStep,
  next: string | null,
  compilation: Compilation,
): CompiledStep | null {
  const frame = frameOf(step, at, next, compilation);
  switch (step.do) {
    case "email":
      return compileEmail(step, at, frame, compilation);
    case "slack": {
      const text = templateAt(step.text, "slack", `${at}.text`, compilation);
      const channel = channelAt(step.to, "slack", `${at}.to`, compilation);
      return channel && text && { ...frame, kind: "slack", channel: channel.id, text, digest: digestOf(step.digest) };
    }
    case "task":
      return compileTask(step, at, frame, compilation);
    case "webhook":
      return compileWebhook(step, at, frame, compilation);
    case "wait": {
      const forMs = milliseconds(step.for);
      if (forMs === 0) compilation.faults.push(faultAt(`${at}.for`, step.for, "expected a wait longer than nothing"));
      if (next === null) compilation.faults.push(faultAt(at, step, "a wait needs a step after it"));
      return { ...frame, kind: "wait", forMs, workingDays: null, until: null, untilDate: null };
    }
    default:
      compilation.faults.push(faultAt(`${at}.do`, step.do, `"${step.do}" is not supported yet`));
      return null;
  }
}

function frameOf(step: StepDocument, at: string, next: string | null, compilation: Compilation): StepFrame {
  const onlyIf = step.if === undefined ? null : conditionAt(step.if, `${at}.if`, step.if, compilation);
  const skipAfterMs = step.skipAfter === undefined ? null : milliseconds(step.skipAfter);
  return { id: step.id, next, onlyIf, skipAfterMs };
}

function digestOf(digest: DigestDocument | undefined): Digest | null {
  if (digest === undefined) return null;
  return "at" in digest ? { atMinute: minuteOf(digest.at) } : { windowMs: milliseconds(digest.window) };
}

type StepOf<K extends StepDocument["do"]> = Extract<StepDocument, { do: K }>;

function compileEmail(
  step: StepOf<"email">,
  at: string,
  frame: StepFrame,
  compilation: Compilation,
): CompiledStep | null {
  const subject = templateAt(step.subject, "line", `${at}.subject`, compilation);
  const body = templateAt(step.body, "text", `${at}.body`, compilation);
  const channel = emailChannel(step.via, at, compilation);
  if (step.digest !== undefined && step.to !== "owner") {
    compilation.faults.push(faultAt(`${at}.digest`, step.digest, "only mail to the owner is told together"));
  }
  if (subject === null || body === null || channel === null) return null;
  const digest = digestOf(step.digest);
  const domain = domainOf(channel.from);
  const customers = sendingOf(channel);
  return { ...frame, kind: "email", to: step.to, subject, body, channel: channel.id, domain, customers, digest };
}

function compileTask(
  step: StepOf<"task">,
  at: string,
  frame: StepFrame,
  compilation: Compilation,
): CompiledStep | null {
  const title = templateAt(step.title, "line", `${at}.title`, compilation);
  const body = step.body === undefined ? null : templateAt(step.body, "text", `${at}.body`, compilation);
  const { assignee } = step;
  if (typeof assignee !== "string") {
    compilation.faults.push(faultAt(`${at}.assignee`, assignee, "is not supported yet"));
    return null;
  }
  const { owners } = compilation.context;
  if (assignee !== "owner" && !owners.some((owner) => owner.id === assignee)) {
    const known = ["owner", ...owners.map((owner) => owner.id)];
    compilation.faults.push(faultAt(`${at}.assignee`, assignee, `expected ${listed(known, "an owner's id")}`));
  }
  const due = dueOf(step, at, compilation);
  const sync = sinkOf(step, at, compilation);
  return title && { ...frame, kind: "task", title, body, assignee, due, sync };
}

function sinkOf({ sync }: StepOf<"task">, at: string, { context, faults }: Compilation): string | null {
  if (sync === undefined || context.sinks.includes(sync)) return sync ?? null;
  faults.push(faultAt(`${at}.sync`, sync, `expected ${listed(context.sinks, "a source that takes tasks")}`));
  return null;
}

function dueOf(step: StepOf<"task">, at: string, compilation: Compilation): TaskStep["due"] {
  const { dueInDays: days, dueInWorkingDays: workingDays } = step;
  if (days !== undefined && workingDays !== undefined) {
    const message = "expected one of dueInDays and dueInWorkingDays, not both";
    compilation.faults.push(faultAt(`${at}.dueInWorkingDays`, workingDays, message));
  }
  if (workingDays !== undefined) return { in: workingDays, unit: "working-days" };
  return days === undefined ? null : { in: days, unit: "days" };
}

function compileWebhook(
  step: StepOf<"webhook">,
  at: string,
  frame: StepFrame,
  compilation: Compilation,
): CompiledStep | null {
  const channel = channelAt(step.to, "webhook", `${at}.to`, compilation);
  const payload = new Map<string, Template | number | boolean>();
  for (const [key, value] of Object.entries(step.payload ?? {})) {
    const entry = typeof value === "string" ? templateAt(value, "text", `${at}.payload.${key}`, compilation) : value;
    if (entry !== null) payload.set(key, entry);
  }
  return channel && { ...frame, kind: "webhook", channel: channel.id, payload };
}
