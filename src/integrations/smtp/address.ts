/** A mail address with the name shown beside it. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * Is the text exactly one addr-spec (RFC 5321 lengths, dot-atom, a domain of at least two labels)? Quoted local parts,
 * address literals, groups, lists, comments and non-ASCII addresses are none: libraries read some of those as more than one recipient.
 */
export function isAddrSpec(text: string): boolean {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  const labels = text.slice(at + 1).split(".");
  if (at < 1 || text.length > 254 || local.length > 64 || !localPart.test(local)) return false;
  return labels.length >= 2 && labels.every((part) => label.test(part));
}

/** Reads `ada@example.com` or `Ada Lovelace <ada@example.com>`; null when it is neither. */
export function parseMailbox(text: string): Mailbox | null {
  const match = /^([^<>\r\n]*)<([^<>]*)>$/.exec(text.trim());
  const address = (match?.[2] ?? text).trim();
  const name = (match?.[1] ?? "").trim().replace(/^"(.*)"$/, "$1");
  return isAddrSpec(address) ? { name, address } : null;
}
