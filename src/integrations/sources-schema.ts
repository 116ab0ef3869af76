import { z } from "zod";
import { type Fault, faultAt, faultsOf } from "../scoring/fault.ts";
import { filesSettings } from "./files/folder-settings.ts";
import { httpJsonSettings } from "./http-json/settings.ts";
import { hubspotSettings } from "./hubspot/settings.ts";
import { intercomSettings } from "./intercom/settings.ts";
import { jsonHookSettings } from "./json-hook/settings.ts";
import { mailEventsSettings, postmarkSettings, sesSettings } from "./mail-events/settings.ts";
import { mixpanelSettings } from "./mixpanel/settings.ts";
import { posthogSettings } from "./posthog/settings.ts";
import { salesforceSettings } from "./salesforce/settings.ts";
import { sampleSettings } from "./sample/settings.ts";
import { segmentSettings } from "./segment/settings.ts";
import { sqlSettings } from "./sql/settings.ts";
import { standardWebhooksSettings } from "./standard-webhooks/settings.ts";
import { stripeSettings } from "./stripe/settings.ts";
import { zendeskSettings } from "./zendesk/settings.ts";

/** What sources.json may hold, by `kind`. */
const kinds = {
  sample: sampleSettings,
  files: filesSettings,
  "http-json": httpJsonSettings,
  hubspot: hubspotSettings,
  salesforce: salesforceSettings,
  zendesk: zendeskSettings,
  stripe: stripeSettings,
  sql: sqlSettings,
  segment: segmentSettings,
  mixpanel: mixpanelSettings,
  posthog: posthogSettings,
  "json-hook": jsonHookSettings,
  "standard-webhooks": standardWebhooksSettings,
  intercom: intercomSettings,
  "mail-events": mailEventsSettings,
  ses: sesSettings,
  postmark: postmarkSettings,
} as const;

type Kind = keyof typeof kinds;

/** The kinds that take tasks and fields back. */
export const sinkKinds = ["hubspot", "salesforce"] as const;

/** One source as sources.json describes it. */
export type SourceSettings = { [K in Kind]: z.infer<(typeof kinds)[K]> }[Kind];

const frame = {
  $schema: z.string().optional(),
  /** The channel by which the operator is told of a stream in trouble; the log tells it in any case. */
  tell: z.string().optional(),
};

/** `sources.json`: where records come from, and where tasks and fields go back to. */
export const sourcesSchema = z.strictObject({
  ...frame,
  sources: z.array(
    z.discriminatedUnion("kind", [
      kinds.sample,
      kinds.files,
      kinds["http-json"],
      kinds.hubspot,
      kinds.salesforce,
      kinds.zendesk,
      kinds.stripe,
      kinds.sql,
      kinds.segment,
      kinds.mixpanel,
      kinds.posthog,
      kinds["json-hook"],
      kinds["standard-webhooks"],
      kinds.intercom,
      kinds["mail-events"],
      kinds.ses,
      kinds.postmark,
    ]),
  ),
});

/** `sources.json` as data. */
export interface SourcesDocument {
  readonly sources: readonly SourceSettings[];
  /** Null: none is named. */
  readonly tell: string | null;
}

/** `sources.json` as data, or every fault in it. A fault never shows what stands in the place of a secret. */
export function parseSources(document: unknown): SourcesDocument | { readonly faults: readonly Fault[] } {
  const parsed = z.strictObject({ ...frame, sources: z.array(z.unknown()) }).safeParse(document);
  if (!parsed.success) {
    return { faults: faultsOf(parsed.error, document, { keys: [...Object.keys(frame), "sources"], planned: [] }) };
  }
  const faults: Fault[] = [];
  const sources: SourceSettings[] = [];
  const seen = new Set<string>();
  parsed.data.sources.forEach((entry, index) => {
    const at = `sources[${index}]`;
    const source = parseSource(entry, at, faults);
    if (source === null) return;
    if (seen.has(source.id)) faults.push(faultAt(`${at}.id`, source.id, "two sources have the same id"));
    seen.add(source.id);
    sources.push(source);
  });
  return faults.length > 0 ? { faults } : { sources, tell: parsed.data.tell ?? null };
}

function parseSource(entry: unknown, at: string, faults: Fault[]): SourceSettings | null {
  const head = z.looseObject({ kind: z.enum(Object.keys(kinds) as Kind[]) }).safeParse(entry);
  if (!head.success) {
    faults.push(...faultsOf(head.error, entry, { keys: [], planned: [] }, at));
    return null;
  }
  const schema = kinds[head.data.kind];
  const parsed = schema.safeParse(entry);
  if (parsed.success) return parsed.data;
  const vocabulary = { keys: Object.keys(schema.shape), planned: [] };
  faults.push(...faultsOf(parsed.error, entry, vocabulary, at).map(withoutSecret));
  return null;
}

/** What may be shown of a source; anything else may hold a secret, also under a key that nobody knows. */
const harmless = /^sources\[\d+\]\.(id|kind|seed|every|accounts|allowPrivate)$/;

/** Somebody who writes a secret into the file must not find it in a log as well. */
function withoutSecret(fault: Fault): Fault {
  return harmless.test(fault.path) ? fault : { ...fault, met: undefined };
}
