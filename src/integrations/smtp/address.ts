import { domainToASCII } from "node:url";

/** A mail address with the name shown beside it. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * The text as exactly one addr-spec in ASCII (RFC 5321 lengths, dot-atom, an international domain in its xn-- form), or null.
 * Quoted local parts, address literals, groups, lists, comments and non-ASCII local parts are refused: libraries read some
 * of those as more than one recipient.
 */
export function toAddrSpec(text: string): string | null {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  const domain = asciiDomain(text.slice(at + 1));
  const address = `${local}@${domain}`;
  if (at < 1 || address.length > 254 || local.length > 64 || !localPart.test(local)) return null;
  return domain.split(".").every((part) => label.test(part)) ? address : null;
}

/** Only letters and marks of other scripts are translated; whatever else is not plain stays as it is and is refused. */
function asciiDomain(domain: string): string {
  return /^[\p{L}\p{M}\p{N}.-]+$/u.test(domain) ? domainToASCII(domain) : domain;
}

/** Reads `ada@example.com` or `Ada Lovelace <ada@example.com>`; null when it is neither. */
export function parseMailbox(text: string): Mailbox | null {
  const match = /^([^<>\r\n]*)<([^<>]*)>$/.exec(text.trim());
  const address = toAddrSpec((match?.[2] ?? text).trim());
  const name = (match?.[1] ?? "").trim().replace(/^"(.*)"$/, "$1");
  return address === null ? null : { name, address };
}
