import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** Finds all addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** HTTPS and the usual second port for it. Plain HTTP, and with it port 80, only where private receivers are allowed. */
const allowedPorts: ReadonlySet<string> = new Set(["", "443", "8443"]);

/** Parses a receiver's URL and refuses what must never be called. Throws in words that hold nothing of the URL but its scheme, port or address range. */
export function checkedTarget(text: string, allowPrivate: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw new Error("the URL is not a valid absolute URL");
  if (url.username !== "" || url.password !== "") throw new Error("the URL must not hold a user name or password");
  const isHttp = url.protocol === "http:" && allowPrivate;
  if (url.protocol !== "https:" && !isHttp) throw new Error(`the URL must begin with https://, not ${url.protocol}//`);
  if (allowPrivate) return url;
  if (!allowedPorts.has(url.port)) throw new Error(`port ${url.port} is not allowed: expected 443 or 8443`);
  const fault = literalFault(hostOf(url));
  if (fault !== null) throw new Error(`the host of the URL is not public: ${fault}`);
  return url;
}

/** The host as `net.connect` wants it: IPv6 without brackets. WHATWG parsing has already turned every odd form of an IPv4 address into four decimals. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Node asks no lookup for an IP literal, so it is judged here; a name is judged once it is resolved. */
function literalFault(host: string): string | null {
  return isIP(host) === 0 ? null : addressFault(host);
}

/** Why an address may not be called, in words; null when it is a global unicast address. Everything unknown is refused. */
function addressFault(address: string): string | null {
  // `ipaddr` alone would also read forms like 1.2.3, which others read differently.
  if (isIP(address) === 0) return "not an IP address";
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== "unicast") return `a ${range} address`;
  // IANA has given out 2000::/3 only; the old IPv4-compatible ::/96, say, lies outside.
  const isGlobal = parsed.kind() === "ipv4" || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20;
  return isGlobal ? null : "an address outside the global range";
}

/** The receiver's address is one we never call. */
class RefusedAddressError extends Error {
  readonly code = "EREFUSEDADDRESS";
  constructor(fault: string) {
    super(`the receiver's address is not public: ${fault}`);
    this.name = "RefusedAddressError";
  }
}

/**
 * A lookup for `net.connect` that hands on addresses only when every one of them is public. What was checked is what is
 * connected to, so a name that changes its answer between check and use gains nothing.
 */
export function guardedLookup(resolve: Resolve, allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    const answer = (addresses: readonly LookupAddress[]): void => {
      const fault = allowPrivate ? null : firstFault(addresses);
      const first = addresses[0];
      if (first === undefined) callback(Object.assign(new Error("no address"), { code: "ENOTFOUND" }), []);
      else if (fault !== null) callback(new RefusedAddressError(fault), []);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    };
    resolve(hostname).then(answer, (error: unknown) => callback(asError(error), []));
  };
}

/** Resolves by the system, all families. */
export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true });

/** The first reason among the addresses why they may not be called. */
export function firstFault(addresses: readonly LookupAddress[]): string | null {
  for (const { address } of addresses) {
    const fault = addressFault(address);
    if (fault !== null) return fault;
  }
  return null;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error("the name could not be resolved");
}
