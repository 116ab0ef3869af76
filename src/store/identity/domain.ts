import { domainToASCII } from "node:url";
import providers from "email-providers/all.json" with { type: "json" };
import { parse } from "tldts";

const everybodys = new Set<string>(providers);

/**
 * The domain by which a company may be known, from a domain, an address of a page or of a mailbox: the part that somebody has registered,
 * in small letters and punycode. Null where it tells nothing of a company: a free mail service, a public suffix, an IP address, a name
 * inside a network.
 *
 * @internal
 */
export function companyDomain(text: string): string | null {
  const { hostname } = parse(text.trim());
  const ascii = hostname === null ? "" : domainToASCII(hostname);
  // A private suffix, such as github.io, is shared by strangers as a public one is.
  const { domain, isIcann, isPrivate } = parse(ascii, { allowPrivateDomains: true });
  if (domain === null || !(isIcann === true || isPrivate === true)) return null;
  return everybodys.has(domain) || everybodys.has(ascii) ? null : domain;
}

/** The company domains among these texts, each once. */
export function companyDomains(texts: readonly string[]): string[] {
  return [...new Set(texts.map(companyDomain).filter((domain) => domain !== null))];
}
