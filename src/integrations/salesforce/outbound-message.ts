import { SaxesParser, type SaxesTagNS } from "saxes";
import { UnreadableBody } from "../hook-port.ts";

/** What is kept of an outbound message. Its SessionId, which is a credential, is never read. */
export interface OutboundMessage {
  readonly organization: string;
  readonly notifications: readonly Notification[];
}

export interface Notification {
  readonly id: string;
  /** Salesforce's name of the object, such as `Account`. */
  readonly object: string;
  /** By name; null where the message says that there is nothing. */
  readonly fields: Readonly<Record<string, string | null>>;
}

const outboundNamespace = "http://soap.sforce.com/2005/09/outbound";
const instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance";

const longestBytes = 1024 * 1024;
/** Salesforce puts 100 into one message. */
const mostNotifications = 100;
/** Envelope, Body, notifications, Notification, sObject, field, and parts of a field such as an address. */
const deepest = 10;
/** 500 fields in each notification: each costs the parser some microseconds. */
const mostElements = 50_000;
/** A field's line breaks may be references: some for each line of each notification, and no floods. */
const mostReferences = 20_000;

/**
 * Reads an outbound message. Whatever could make a parser do more than read is refused before it is parsed: document types, entities,
 * other encodings than UTF-8. The parser itself opens nothing: it is given text and knows the five entities of XML. Throws `UnreadableBody`.
 */
export function readOutboundMessage(raw: Buffer): OutboundMessage {
  const known = read.get(raw);
  if (known !== undefined) return known;
  const message = parseMessage(textOf(raw));
  read.set(raw, message);
  return message;
}

/** Whose it is and what is in it are asked one after the other: it is parsed once. */
const read = new WeakMap<Buffer, OutboundMessage>();

function parseMessage(text: string): OutboundMessage {
  const reader = openReader();
  const parser = new SaxesParser({ xmlns: true, position: false, defaultXMLVersion: "1.0", forceXMLVersion: true });
  parser.on("xmldecl", ({ encoding, version }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== "utf-8")
      throw new UnreadableBody("its encoding is not UTF-8");
    if (version !== "1.0") throw new UnreadableBody("it is not XML 1.0");
  });
  parser.on("processinginstruction", () => {
    throw new UnreadableBody("it has a processing instruction");
  });
  parser.on("opentag", reader.open);
  parser.on("text", reader.text);
  parser.on("cdata", reader.text);
  parser.on("closetag", reader.close);
  try {
    parser.write(text).close();
  } catch (error) {
    throw error instanceof UnreadableBody ? error : new UnreadableBody("it is not well-formed XML");
  }
  return reader.message();
}

function textOf(raw: Buffer): string {
  if (raw.length > longestBytes) throw new UnreadableBody("it is too long");
  // UTF-16 and UTF-32 cannot spell a tag without it.
  if (raw.includes(0)) throw new UnreadableBody("its encoding is not UTF-8");
  const text = decoded(raw);
  if (/<!(?!\[CDATA\[)/.test(text)) throw new UnreadableBody("it has a document type, an entity or a comment");
  if (text.split("&#", mostReferences + 2).length > mostReferences + 1)
    throw new UnreadableBody("it has too many references");
  return text;
}

function decoded(raw: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(raw);
  } catch {
    throw new UnreadableBody("its encoding is not UTF-8");
  }
}

interface Element {
  /** Local names from the root, joined by `/`. */
  readonly path: string;
  readonly namespace: string;
  readonly local: string;
  /** What `xsi:type` says, without its prefix. */
  readonly type: string;
  readonly isNil: boolean;
  text: string;
  hasParts: boolean;
}

const messagePath = "/Envelope/Body/notifications";
const notificationPath = `${messagePath}/Notification`;
const objectPath = `${notificationPath}/sObject`;

/** What was read so far; `id`, `object` and `fields` are those of the notification that is open. */
interface State {
  organization: string;
  readonly notifications: Notification[];
  id: string;
  object: string;
  fields: Map<string, string | null>;
}

/** What is kept of an element that counts, once it is closed. */
const keepers: Readonly<Record<string, (state: State, element: Element) => void>> = {
  [`${messagePath}/OrganizationId`]: (state, { text }) => {
    state.organization = text.trim();
  },
  [`${notificationPath}/Id`]: (state, { text }) => {
    state.id = text.trim();
  },
  [objectPath]: (state, { type }) => {
    state.object = type;
  },
  [notificationPath]: (state) => {
    const { id, object, fields, notifications } = state;
    if (notifications.length >= mostNotifications) throw new UnreadableBody("it has more than 100 notifications");
    notifications.push({ id, object, fields: Object.fromEntries(fields) });
    Object.assign(state, { id: "", object: "", fields: new Map() });
  },
};

function keepElement(state: State, element: Element): void {
  if (element.namespace === outboundNamespace) keepers[element.path]?.(state, element);
  else if (isField(element)) state.fields.set(element.local, element.isNil ? null : element.text);
}

/** Fields have the namespace of the organization's own objects; one with parts, such as an address, is none. */
function isField({ path, local, hasParts }: Element): boolean {
  return path === `${objectPath}/${local}` && !hasParts && /^[A-Za-z]\w{0,79}$/.test(local);
}

function openReader() {
  const open: Element[] = [];
  let elements = 0;
  const state: State = { organization: "", notifications: [], id: "", object: "", fields: new Map() };
  return {
    open(tag: SaxesTagNS): void {
      const parent = open.at(-1);
      if (parent !== undefined) parent.hasParts = true;
      if (open.length >= deepest) throw new UnreadableBody("it is nested too deeply");
      elements += 1;
      if (elements > mostElements) throw new UnreadableBody("it has too many elements");
      open.push(elementOf(tag, parent?.path ?? ""));
    },
    text(text: string): void {
      const element = open.at(-1);
      if (element !== undefined) element.text += text;
    },
    close(): void {
      const element = open.pop();
      if (element !== undefined) keepElement(state, element);
    },
    message(): OutboundMessage {
      const { organization, notifications } = state;
      const isWhole = notifications.every((each) => each.id !== "" && each.object !== "" && each.fields["Id"] != null);
      if (organization === "" || notifications.length === 0 || !isWhole) {
        throw new UnreadableBody("it is no outbound message");
      }
      return { organization, notifications };
    },
  };
}

function elementOf({ uri, local, attributes }: SaxesTagNS, parent: string): Element {
  const said = (name: string): string => {
    const attribute = Object.values(attributes).find((each) => each.uri === instanceNamespace && each.local === name);
    return attribute?.value ?? "";
  };
  const type = said("type").replace(/^.*:/, "");
  const isNil = ["true", "1"].includes(said("nil"));
  return { path: `${parent}/${local}`, namespace: uri, local, type, isNil, text: "", hasParts: false };
}
