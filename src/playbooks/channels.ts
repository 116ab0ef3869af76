import { z } from "zod";
import { type Fault, faultAt, faultsOf } from "../scoring/fault.ts";
import { senderDomain } from "./mail/customer-sending.ts";

/** A value that is read from the environment when the program starts. */
const fromEnvironment = z.strictObject({
  env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable"),
});

const channelId = z
  .string()
  .max(100)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected small letters, digits and single hyphens, such as "csm-alerts"');
/** `outbox`: messages are rendered and kept, never sent. */
const outbox = z.literal("outbox");
const address = z.email();
/** `Name <a@b>` or `a@b`, in one line. */
const sender = z
  .string()
  .regex(/^(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, 'expected "a@b" or "Name <a@b>"');

const slackBase = { id: channelId, kind: z.literal("slack") };
const slackLive = z.strictObject({ ...slackBase, url: fromEnvironment });
const slackKept = z.strictObject({ ...slackBase, transport: outbox, url: fromEnvironment.optional() });

/** Who has made sure, and when, that mail from this domain is signed (SPF, DKIM, DMARC): only then customers get any. */
export const customerMailSchema = z.strictObject({
  /** That of `from`. */
  domain: z.string().min(1).max(253),
  confirmedOn: z.iso.date(),
  confirmedBy: z.string().min(1).max(100),
});
const emailBase = {
  id: channelId,
  kind: z.literal("email"),
  from: sender,
  replyTo: address.optional(),
  customerMail: customerMailSchema.optional(),
};
const server = {
  host: z.union([z.string().min(1), fromEnvironment]),
  port: z.int().min(1).max(65_535),
  /** TLS from the first byte (port 465). Otherwise STARTTLS where the server offers it. */
  secure: z.boolean().optional(),
  user: z.union([z.string().min(1), fromEnvironment]).optional(),
  password: fromEnvironment.optional(),
};
const emailLive = z.strictObject({ ...emailBase, ...server });
const emailKept = z.strictObject({ ...emailBase, ...z.object(server).partial().shape, transport: outbox });

const webhookBase = { id: channelId, kind: z.literal("webhook") };
const target = {
  url: z.union([z.url({ protocol: /^https?$/ }), fromEnvironment]),
  /** Signs the messages (Standard Webhooks, `whsec_…`). */
  secret: fromEnvironment,
  /** Allows addresses inside the own network, and plain http. */
  allowPrivate: z.boolean().default(false),
};
const webhookLive = z.strictObject({ ...webhookBase, ...target });
const webhookKept = z.strictObject({ ...webhookBase, ...z.object(target).partial().shape, transport: outbox });

const channelSchemas = {
  slack: { live: slackLive, kept: slackKept },
  email: { live: emailLive, kept: emailKept },
  webhook: { live: webhookLive, kept: webhookKept },
} as const;

/** `channels.json`: the ways out. */
export const channelsSchema = z.strictObject({
  $schema: z.string().optional(),
  channels: z.array(z.union([slackLive, slackKept, emailLive, emailKept, webhookLive, webhookKept])),
});

export type ChannelConfig = z.infer<typeof channelsSchema>["channels"][number];
/** A value of `channels.json` that may be named by its environment variable. */
export type FromEnvironment = z.infer<typeof fromEnvironment>;

/** `channels.json` as data, or every fault in it. A fault never shows what stands in the place of a secret. */
export function parseChannels(
  document: unknown,
): { readonly channels: readonly ChannelConfig[] } | { readonly faults: readonly Fault[] } {
  const frame = z.strictObject({ $schema: z.string().optional(), channels: z.array(z.unknown()) }).safeParse(document);
  if (!frame.success)
    return { faults: faultsOf(frame.error, document, { keys: ["$schema", "channels"], planned: [] }) };
  const faults: Fault[] = [];
  const channels: ChannelConfig[] = [];
  const seen = new Set<string>();
  frame.data.channels.forEach((entry, index) => {
    const channel = parseChannel(entry, `channels[${index}]`, faults);
    if (channel === null) return;
    if (seen.has(channel.id)) faults.push(faultAt(`channels[${index}].id`, channel.id, "this id is used twice"));
    seen.add(channel.id);
    channels.push(channel);
  });
  return faults.length > 0 ? { faults } : { channels };
}

function parseChannel(entry: unknown, at: string, faults: Fault[]): ChannelConfig | null {
  const head = z
    .looseObject({ kind: z.enum(["slack", "email", "webhook"]), transport: outbox.optional() })
    .safeParse(entry);
  if (!head.success) {
    faults.push(...faultsOf(head.error, entry, { keys: [], planned: [] }, at));
    return null;
  }
  const { live, kept } = channelSchemas[head.data.kind];
  const schema = head.data.transport === undefined ? live : kept;
  const parsed = schema.safeParse(entry);
  if (!parsed.success) {
    const vocabulary = { keys: Object.keys(kept.shape), planned: [] };
    faults.push(...faultsOf(parsed.error, entry, vocabulary, at).map(withoutSecret));
    return null;
  }
  const channel = parsed.data;
  if (channel.kind === "webhook" && isPlainHttp(channel.url) && channel.allowPrivate !== true) {
    faults.push(faultAt(`${at}.url`, undefined, 'expected https; plain http only together with "allowPrivate": true'));
  }
  if (channel.kind === "email") faults.push(...strangeDomain(channel, at));
  if (channel.kind === "email" && (channel.user === undefined) !== (channel.password === undefined)) {
    faults.push(faultAt(at, undefined, "expected user and password both, or neither"));
  }
  return channel;
}

function strangeDomain({ from, customerMail }: Extract<ChannelConfig, { kind: "email" }>, at: string): Fault[] {
  const domain = senderDomain(from);
  if (customerMail === undefined || customerMail.domain.toLowerCase() === domain) return [];
  const message = `expected ${JSON.stringify(domain)}, the domain of "from"`;
  return [faultAt(`${at}.customerMail.domain`, customerMail.domain, message)];
}

function isPlainHttp(url: string | FromEnvironment | undefined): boolean {
  return typeof url === "string" && url.startsWith("http:");
}

/** What may be shown of a channel; anything else may hold a secret, also under a key that nobody knows. */
const harmless = /^channels\[\d+\]\.(id|kind|transport|from|replyTo|port|secure|allowPrivate|customerMail.*)$/;

/** Somebody who writes a secret into the file must not find it in a log as well. */
function withoutSecret(fault: Fault): Fault {
  if (harmless.test(fault.path)) return fault;
  const isLiteral = /\.(url|secret|password)$/.test(fault.path) && typeof fault.met === "string";
  const hint = isLiteral ? `; a secret is named, {"env": "NAME"}, never written here` : "";
  return { ...fault, met: undefined, message: `${fault.message}${hint}` };
}
