/** The domain of a web site as people type it into a CRM: `https://www.acme.example/about` is `acme.example`; null where there is none. */
export function domainOfWebsite(text: string): string | null {
  const trimmed = text.trim();
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (/\s/.test(trimmed) || !URL.canParse(address)) return null;
  const host = new URL(address).hostname.toLowerCase().replace(/^www\./, "");
  // A name with a dot whose last part is no number: neither a machine nor an address.
  return /^([a-z0-9-]+\.)+[a-z][a-z0-9-]+$/.test(host) ? host : null;
}
