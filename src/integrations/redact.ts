const mask = "[redacted]";

const secretShapes: readonly (readonly [RegExp, string])[] = [
  [/\bauthorization\s*[:=]\s*(?:[a-z]+\s+)?[^\s"',]+/gi, `authorization: ${mask}`],
  [/\b(bearer|basic)\s+[^\s"',]{4,}/gi, `$1 ${mask}`],
  [/\bwhsec_[^\s"',]+/g, mask],
  [/\bxox[a-z]-[A-Za-z0-9-]+/g, mask],
  // Paths, queries and user names of an address may all be keys; the scheme and the host are not.
  [/\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/@"']*@)?([^\s/?#"']*)[/?#][^\s"']*/gi, `$1$2/${mask}`],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*@/gi, `$1${mask}@`],
];

/** Makes a text fit for a reason: one line, at most `longest` characters, without the secrets given (in plain, base64 or URL form) or anything shaped like one. */
export function redactor(secrets: readonly string[], longest = 200): (text: string) => string {
  const forms = secrets.flatMap(formsOf).sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const form of forms) clean = clean.replaceAll(form, mask);
    for (const [shape, replacement] of secretShapes) clean = clean.replace(shape, replacement);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through.
    clean = clean.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, " ").trim();
    return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
  };
}

/** Shorter secrets would mask innocent words. */
function formsOf(secret: string): string[] {
  if (secret.length < 4) return [];
  const base64 = Buffer.from(secret, "utf8").toString("base64");
  return [secret, encodeURIComponent(secret), base64, base64.replace(/=+$/, "")];
}

const codeWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  ECONNABORTED: "the connection was aborted",
  ECONNECTION: "the connection was closed",
  EPIPE: "the connection was closed",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ENOTFOUND: "the host name does not exist",
  EAI_AGAIN: "the host name could not be resolved now",
  EDNS: "the host name could not be resolved",
  ETIMEDOUT: "there was no answer in time",
  ERR_CANCELED: "the deadline passed",
  EABORT: "the deadline passed",
  ABORT_ERR: "the deadline passed",
  EAUTH: "the login was refused",
  ETLS: "no secure connection could be made",
  EPROTOCOL: "the answer was not understood",
  EANSWERTOOLONG: "the answer is too long",
};

/** A network error in words, from its code alone: messages, URLs, headers and configurations of errors are never read. */
export function networkReason(error: unknown): string {
  const code = codeOf(error);
  if (code === null) return "the connection failed";
  if (code.startsWith("HPE_")) return "the answer was not HTTP";
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)) return `the TLS certificate was not accepted (${code})`;
  return codeWords[code] ?? `the connection failed (${code})`;
}

/** Node's and the libraries' error code, when it looks like one. A system's own code (`originalCode`) tells more than a library's. */
function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null) return null;
  const { originalCode, code, name } = error as { originalCode?: unknown; code?: unknown; name?: unknown };
  for (const candidate of [originalCode, code]) {
    if (typeof candidate === "string" && /^[A-Z][A-Z0-9_]{1,39}$/.test(candidate)) return candidate;
  }
  return name === "AbortError" || name === "TimeoutError" || code === 20 || code === 23 ? "ABORT_ERR" : null;
}
