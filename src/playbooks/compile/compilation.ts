import { type CompiledCondition, compileCondition } from "../../scoring/conditions.ts";
import { parseDuration } from "../../scoring/duration.ts";
import { factCatalogue } from "../../scoring/fact-catalogue.ts";
import { type Fault, faultAt } from "../../scoring/fault.ts";
import { type CustomerSending, customerSending, senderDomain } from "../mail/customer-sending.ts";
import { compileTemplate, type Template, type TemplateTarget } from "../render.ts";
import { unfitLeaves } from "../sense.ts";

/** What a playbook may refer to. */
export interface PlaybookContext {
  readonly revision: number;
  readonly bands: readonly string[];
  readonly channels: readonly ChannelReference[];
  readonly owners: readonly { readonly id: string }[];
  /** The sources that take tasks back. */
  readonly sinks: readonly string[];
  /** The sources that take fields of accounts back. */
  readonly fieldSinks?: readonly string[] | undefined;
  /** The ids of all playbooks; not given: any will do. */
  readonly playbooks?: readonly string[] | undefined;
  /** Which playbooks each of them calls. */
  readonly calls?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Those of lifecycle.json; not given: any text may be a stage, and any name a milestone. */
  readonly stages?: readonly string[] | undefined;
  readonly milestones?: readonly string[] | undefined;
}

export interface ChannelReference {
  readonly id: string;
  readonly kind: "slack" | "email" | "webhook";
  /** The sender of an e-mail channel: its host ends the Message-ID. */
  readonly from?: string | undefined;
  /** Of an e-mail channel; not given: customers get nothing through it. */
  readonly customers?: CustomerSending | undefined;
}

/** Collects faults while going on, so that all of them are told at once. */
export interface Compilation {
  readonly context: PlaybookContext;
  /** The id of the playbook; null where it has none that could be read. */
  readonly playbookId: string | null;
  readonly faults: Fault[];
  readonly facts: Set<string>;
}

/** A condition, or null with its faults told. `met`: what stands at `at` in the document. */
export function conditionAt(
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

/** A template, or null with its faults told. */
export function templateAt(
  source: string,
  target: TemplateTarget,
  at: string,
  compilation: Compilation,
): Template | null {
  const compiled = compileTemplate(source, target);
  if ("refusals" in compiled) {
    compilation.faults.push(...compiled.refusals.map((refusal) => faultAt(at, source, refusal)));
    return null;
  }
  for (const fact of compiled.template.facts) compilation.facts.add(fact);
  return compiled.template;
}

/** The one e-mail channel, or the one that is named; null with the fault told. */
export function emailChannel(via: string | undefined, at: string, compilation: Compilation): ChannelReference | null {
  if (via !== undefined) return channelAt(via, "email", `${at}.via`, compilation);
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

/** A channel of a kind by its id; null with the fault told. */
export function channelAt(
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

/** `"a" or "b"`; where there is none of them, that. */
export function listed(known: readonly string[], what: string): string {
  if (known.length === 0) return `${what}, but there is none`;
  return known
    .slice(0, 10)
    .map((id) => JSON.stringify(id))
    .join(" or ");
}

/** The host of the sender, as it stands in a header. */
export function domainOf(from: string | undefined): string {
  return senderDomain(from) ?? "keepwell.invalid";
}

/** Whether customers get mail through a channel. */
export function sendingOf({ id, customers }: ChannelReference): CustomerSending {
  return customers ?? customerSending({ id });
}

/** Of a duration that was checked; 0 where there is none. */
export function milliseconds(duration: string | undefined): number {
  return duration === undefined ? 0 : (parseDuration(duration) ?? 0);
}

/** Minutes after midnight of a time of day that was checked. */
export function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}
