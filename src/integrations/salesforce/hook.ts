import type { Hook, HookReading, InboundRequest, Verification } from "../hook-port.ts";
import type { MapContext, Mapped } from "../mapped-port.ts";
import { isOneOf, isSameSecret } from "../signatures.ts";
import { isSalesforceId, shortId } from "./ids.ts";
import { isCallout, type Notice, readNotice, splitCallout, splitMessage, timeOf } from "./notice.ts";
import type { PulledObject } from "./objects.ts";
import { readOutboundMessage } from "./outbound-message.ts";

export interface HookOptions {
  /** Secrets of outbound messages and of callouts; empty where they are not taken. */
  readonly messageKeys: readonly string[];
  readonly calloutTokens: readonly string[];
  /** Whose outbound messages are taken. */
  readonly organizations: readonly string[];
  /** What a proxy in front says of Salesforce's client certificate; null where there is none. */
  readonly clientCertificate: { readonly header: string; readonly value: string } | null;
  readonly objects: readonly PulledObject[];
  readonly map: (stream: string, raw: unknown, context: MapContext) => Mapped;
  /** The user we write as, where it is known. */
  readonly ownUser: () => string | null;
}

/** Outbound messages (SOAP) and callouts of Flows (JSON), told apart by their content type. Neither is signed: a secret comes with each. */
export function openSalesforceHook(options: HookOptions): Hook {
  return {
    verify: (request) => (isCallout(request) ? verifyCallout(options, request) : verifyMessage(options, request)),
    split: (request) => (isCallout(request) ? splitCallout(request) : splitMessage(request)),
    // Salesforce sends a message again until it reads this; a Flow reads the status.
    reply: { status: 200, contentType: "text/xml; charset=utf-8", body: acknowledgement },
    read(body, context) {
      const notice = readNotice(body);
      return notice === null ? { ignored: "it cannot be read" } : readingOf(options, notice, context);
    },
  };
}

const acknowledgement = [
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>',
  '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>',
  "</soapenv:Body></soapenv:Envelope>",
].join("");

function verifyCallout({ calloutTokens }: HookOptions, { headers }: InboundRequest): Verification {
  if (calloutTokens.length === 0) return { ok: false, reason: "not allowed" };
  const [, token] = /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "") ?? [];
  if (token === undefined) return { ok: false, reason: "unsigned" };
  return isOneOf(calloutTokens, token) ? { ok: true } : { ok: false, reason: "bad signature" };
}

/** Nothing of the body is read before the key is right. */
function verifyMessage(options: HookOptions, request: InboundRequest): Verification {
  if (options.messageKeys.length === 0) return { ok: false, reason: "not allowed" };
  const [key, ...others] = new URL(request.url).searchParams.getAll("key");
  if (key === undefined || others.length > 0) return { ok: false, reason: "unsigned" };
  if (!isOneOf(options.messageKeys, key)) return { ok: false, reason: "bad signature" };
  const { clientCertificate: certificate } = options;
  if (certificate !== null && !isSameSecret(request.headers[certificate.header] ?? "", certificate.value)) {
    return { ok: false, reason: "not allowed" };
  }
  return isFromOther(options.organizations, request.raw) ? { ok: false, reason: "not allowed" } : { ok: true };
}

/** Of a body that cannot be read nothing is known: `split`, which reads the same bytes, says that it cannot. */
function isFromOther(organizations: readonly string[], raw: Buffer): boolean {
  try {
    const { organization } = readOutboundMessage(raw);
    return !organizations.some((each) => shortId(each) === shortId(organization));
  } catch {
    return false;
  }
}

/** A message tells the newest state, not what changed: it is applied where it says enough, and its time; else the object is fetched. */
function readingOf({ objects, map, ownUser }: HookOptions, notice: Notice, context: MapContext): HookReading {
  const pulled = objects.find(({ object }) => object === notice.object);
  if (pulled === undefined) return { ignored: `${notice.object} is not pulled` };
  if (!isSalesforceId(notice.id)) return { ignored: "its id is none" };
  const user = ownUser();
  const changedBy = notice.fields["LastModifiedById"];
  if (pulled.isWritten && user !== null && typeof changedBy === "string" && shortId(changedBy) === shortId(user)) {
    return { ignored: "it tells of what was written from here" };
  }
  const at = timeOf(notice);
  if (at !== null && pulled.enough.every((field) => field in notice.fields)) {
    const mapped = map(pulled.stream, { ...notice.fields, Id: notice.id, SystemModstamp: at }, context);
    if (mapped.skipped === undefined) return { mapped };
  }
  return { refetch: [{ stream: pulled.stream, id: notice.id }] };
}
