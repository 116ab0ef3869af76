import { type CompiledCondition, compileCondition } from "../scoring/conditions.ts";
import { parseDuration } from "../scoring/duration.ts";
import { derivedCatalogue, factCatalogue } from "../scoring/fact-catalogue.ts";
import { type Fault, faultAt } from "../scoring/fault.ts";
import { compileTrigger } from "./compile/trigger.ts";
import { parsePlaybook } from "./parse.ts";
import type { CompiledPlaybook, CompiledStep, TaskStep } from "./playbook.ts";
import { compileTemplate, type Template, type TemplateTarget } from "./render.ts";
import type { StepDocument } from "./schema.ts";
import { unfitLeaves } from "./sense.ts";
import { triggerKeyOf } from "./trigger-key.ts";

/** What a playbook may refer to. */
export interface PlaybookContext {
  readonly revision: number;
  readonly bands: readonly string[];
  readonly channels: readonly {
    readonly id: string;
    readonly kind: "slack" | "email" | "webhook";
    /** The sender of an e-mail channel: its host ends the Message-ID. */
    readonly from?: string | undefined;
  }[];
  readonly owners: readonly { readonly id: string }[];
  /** The sources that take tasks back. */
  readonly sinks: readonly string[];
  /** Those of lifecycle.json; not given: any text may be a stage, and any name a milestone. */
  readonly stages?: readonly string[] | undefined;
  readonly milestones?: readonly string[] | undefined;
}

/** Collects faults while going on, so that all of them are told at once. */
interface Compilation {
  readonly context: PlaybookContext;
  readonly faults: Fault[];
  readonly facts: Set<string>;
}

/** A playbook document ready to be judged and run, or everything that is wrong with it. */
export function compilePlaybook(
  document: unknown,
  context: PlaybookContext,
): { readonly playbook: CompiledPlaybook } | { readonly faults: readonly Fault[] } {
  const parsed = parsePlaybook(document);
  const compilation: Compilation = { context, faults: [...parsed.faults], facts: new Set() };
  const audience =
    parsed.audience === undefined ? null : condition(parsed.audience, "audience", parsed.audience, compilation);
  const trigger =
    parsed.trigger &&
    compileTrigger(parsed.trigger, {
      written: (document, at, met) => condition(document, at, met, compilation),
      derived: (document, at, met) => condition(document, at, met, compilation, derivedCatalogue),
      needs: (fact) => compilation.facts.add(fact),
      refuse: (...faults) => compilation.faults.push(...faults),
    });
  const steps = parsed.steps.map((step, index) => step && compileStep(step, `steps[${index}]`, compilation));
  if (compilation.faults.length > 0 || parsed.frame === null || trigger === null) return { faults: compilation.faults };
  const { id, name, enabled, priority, entry } = parsed.frame;
  return {
    playbook: {
      id,
      revision: context.revision,
      name,
      enabled,
      priority,
      audience,
      trigger,
      triggerKey: triggerKeyOf({ trigger: parsed.trigger, audience: parsed.audience ?? null }),
      entry: { cooldownMs: milliseconds(entry.cooldown), onActivate: entry.onActivate },
      steps: steps.filter((step) => step !== null),
      facts: [...compilation.facts].sort(),
    },
  };
}

/** `met`: what stands at `at` in the document. */
function condition(
  document: unknown,
  at: string,
  met: unknown,
  compilation: Compilation,
  catalogue = factCatalogue,
): CompiledCondition | null {
  const compiled = compileCondition(document, catalogue, at);
  if ("faults" in compiled) {
    compilation.faults.push(...compiled.faults);
    return null;
  }
  const unfit = unfitLeaves(compiled.condition, compilation.context);
  if (unfit.length > 0) {
    compilation.faults.push(...unfit.map((message) => faultAt(at, met, message)));
    return null;
  }
  for (const fact of compiled.condition.facts) compilation.facts.add(fact);
  return compiled.condition;
}

function compileStep(step: StepDocument, at: string, compilation: Compilation): CompiledStep | null {
  switch (step.do) {
    case "email":
      return compileEmail(step, at, compilation);
    case "slack": {
      const text = template(step.text, "slack", `${at}.text`, compilation);
      const channel = channelOf(step.to, "slack", `${at}.to`, compilation);
      return channel && text && { kind: "slack", id: step.id, channel: channel.id, text };
    }
    case "task":
      return compileTask(step, at, compilation);
    case "webhook":
      return compileWebhook(step, at, compilation);
    case "wait": {
      const forMs = milliseconds(step.for);
      if (forMs === 0) compilation.faults.push(faultAt(`${at}.for`, step.for, "expected a wait longer than nothing"));
      return { kind: "wait", id: step.id, forMs };
    }
    default:
      return step satisfies never;
  }
}

type StepOf<K extends StepDocument["do"]> = Extract<StepDocument, { do: K }>;

function compileEmail(step: StepOf<"email">, at: string, compilation: Compilation): CompiledStep | null {
  const subject = template(step.subject, "line", `${at}.subject`, compilation);
  const body = template(step.body, "text", `${at}.body`, compilation);
  const channel = emailChannel(step.via, at, compilation);
  if (subject === null || body === null || channel === null) return null;
  return {
    kind: "email",
    id: step.id,
    to: step.to,
    subject,
    body,
    channel: channel.id,
    domain: domainOf(channel.from),
  };
}

function compileTask(step: StepOf<"task">, at: string, compilation: Compilation): CompiledStep | null {
  const title = template(step.title, "line", `${at}.title`, compilation);
  const body = step.body === undefined ? null : template(step.body, "text", `${at}.body`, compilation);
  const { owners } = compilation.context;
  if (step.assignee !== "owner" && !owners.some((owner) => owner.id === step.assignee)) {
    const known = ["owner", ...owners.map((owner) => owner.id)];
    compilation.faults.push(faultAt(`${at}.assignee`, step.assignee, `expected ${listed(known, "an owner's id")}`));
  }
  const due = dueOf(step, at, compilation);
  const sync = sinkOf(step, at, compilation);
  return title && { kind: "task", id: step.id, title, body, assignee: step.assignee, due, sync };
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

function compileWebhook(step: StepOf<"webhook">, at: string, compilation: Compilation): CompiledStep | null {
  const channel = channelOf(step.to, "webhook", `${at}.to`, compilation);
  const payload = new Map<string, Template | number | boolean>();
  for (const [key, value] of Object.entries(step.payload ?? {})) {
    const entry = typeof value === "string" ? template(value, "text", `${at}.payload.${key}`, compilation) : value;
    if (entry !== null) payload.set(key, entry);
  }
  return channel && { kind: "webhook", id: step.id, channel: channel.id, payload };
}

function template(source: string, target: TemplateTarget, at: string, compilation: Compilation): Template | null {
  const compiled = compileTemplate(source, target);
  if ("refusals" in compiled) {
    compilation.faults.push(...compiled.refusals.map((refusal) => faultAt(at, source, refusal)));
    return null;
  }
  for (const fact of compiled.template.facts) compilation.facts.add(fact);
  return compiled.template;
}

type ChannelReference = PlaybookContext["channels"][number];

function emailChannel(via: string | undefined, at: string, compilation: Compilation): ChannelReference | null {
  if (via !== undefined) return channelOf(via, "email", `${at}.via`, compilation);
  const channels = compilation.context.channels.filter((channel) => channel.kind === "email");
  const [only] = channels;
  if (only !== undefined && channels.length === 1) return only;
  const message =
    only === undefined
      ? "there is no e-mail channel to send it with"
      : `is missing: expected ${listed(
          channels.map((channel) => channel.id),
          "an e-mail channel",
        )}`;
  compilation.faults.push(faultAt(`${at}.via`, undefined, message));
  return null;
}

function channelOf(
  id: string,
  kind: ChannelReference["kind"],
  at: string,
  compilation: Compilation,
): ChannelReference | null {
  const { channels } = compilation.context;
  const found = channels.find((channel) => channel.id === id);
  if (found?.kind === kind) return found;
  const known = channels.filter((channel) => channel.kind === kind).map((channel) => channel.id);
  const expected = `expected ${listed(known, `a channel of kind ${kind}`)}`;
  const message =
    found === undefined ? `unknown channel: ${expected}` : `is a channel of kind ${found.kind}: ${expected}`;
  compilation.faults.push(faultAt(at, id, message));
  return null;
}

function listed(known: readonly string[], what: string): string {
  if (known.length === 0) return `${what}, but there is none`;
  return known
    .slice(0, 10)
    .map((id) => JSON.stringify(id))
    .join(" or ");
}

/** The host of the sender; letters, digits, dots and hyphens only, as it stands in a header. */
function domainOf(from: string | undefined): string {
  return /@([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)>?$/i.exec(from?.trim() ?? "")?.[1] ?? "keepwell.invalid";
}

function milliseconds(duration: string | undefined): number {
  return duration === undefined ? 0 : (parseDuration(duration) ?? 0);
}
