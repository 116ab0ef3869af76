import type { HmacAuth, HookAuth } from "./hook-auth.ts";
import type { InboundRequest, Verification } from "./hook-port.ts";
import { isOneOf, isSignedBy } from "./signatures.ts";
import { type ReadSecret, readSecrets } from "./source-settings.ts";

/** Judges whether a delivery comes from the sender. */
export type Verify = (request: InboundRequest) => Verification;

/** Both ways: clocks differ, too. */
const toleranceMs = 5 * 60_000;

/** Opens what the settings say about how the sender proves who it is. Throws when a secret is not set. */
export function openVerification(auth: HookAuth, secretFor: ReadSecret): Verify {
  if ("hmac" in auth) return bySignature(auth.hmac, readSecrets(auth.hmac.secret, secretFor));
  if ("bearer" in auth) {
    const secrets = readSecrets(auth.bearer, secretFor);
    return byToken(({ headers }) => /^bearer +(.+)$/i.exec(headers["authorization"] ?? "")?.[1], secrets);
  }
  if ("basic" in auth) {
    const { user, password } = auth.basic;
    const pairs = readSecrets(password, secretFor).map((secret) => `${user}:${secret}`);
    return byToken(basicOf, pairs);
  }
  const secrets = readSecrets(auth.value, secretFor);
  if ("header" in auth) return byToken(({ headers }) => headers[auth.header], secrets);
  return byToken(({ url }) => new URL(url).searchParams.get(auth.query) ?? undefined, secrets);
}

function byToken(presentedIn: (request: InboundRequest) => string | undefined, secrets: readonly string[]): Verify {
  return (request) => {
    const presented = presentedIn(request) ?? "";
    if (presented === "") return { ok: false, reason: "unsigned" };
    return isOneOf(secrets, presented) ? { ok: true } : { ok: false, reason: "bad signature" };
  };
}

function basicOf({ headers }: InboundRequest): string | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(headers["authorization"] ?? "")?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
}

function bySignature(hmac: HmacAuth, secrets: readonly string[]): Verify {
  const { header, prefix, timestamp } = hmac;
  return (request) => {
    const presented = request.headers[header] ?? "";
    const time = timestamp === undefined ? null : (request.headers[timestamp.header] ?? "");
    if (presented === "" || time === "") return { ok: false, reason: "unsigned" };
    const signed = signedParts(hmac.signs, request, time ?? "");
    const signature = presented.startsWith(prefix) ? presented.slice(prefix.length) : "";
    if (!isSignedBy(secrets, signed, signature, hmac)) return { ok: false, reason: "bad signature" };
    return isFresh(request.now, time, timestamp?.format) ? { ok: true } : { ok: false, reason: "stale" };
  };
}

/** Without a time nobody knows how old a delivery is; it is kept once all the same. */
function isFresh(now: Date, time: string | null, format: TimeFormat | undefined): boolean {
  return time === null || format === undefined || Math.abs(now.getTime() - momentOf(time, format)) <= toleranceMs;
}

type TimeFormat = NonNullable<HmacAuth["timestamp"]>["format"];

function signedParts(signs: string, { raw, method, url }: InboundRequest, time: string): (string | Buffer)[] {
  return signs.split(/(\{(?:timestamp|body|method|url)\})/).map((part) => {
    switch (part) {
      case "{timestamp}":
        return time;
      case "{body}":
        return raw;
      case "{method}":
        return method;
      case "{url}":
        return url;
      default:
        return part;
    }
  });
}

/** Not a number for what is no time: then nothing is fresh. */
function momentOf(text: string, format: TimeFormat): number {
  if (format === "iso") return Date.parse(text);
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return format === "seconds" ? value * 1000 : value;
}
