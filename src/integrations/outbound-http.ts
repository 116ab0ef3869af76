import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { connect as connectTls } from "node:tls";
import axios from "axios";
import type { HttpHeaders } from "./http-status.ts";
import { checkedTarget, firstFault, guardedLookup, hostOf, type Resolve, resolveBySystem } from "./outbound-guard.ts";
import { networkReason } from "./redact.ts";

/** A receiver and the limits of a call to it. */
export interface OutboundOptions {
  readonly url: string;
  readonly deadlineMs: number;
  /** Also plain HTTP, any port and addresses that are not public. */
  readonly allowPrivate: boolean;
  /** How names are resolved; the system's way unless given. */
  readonly resolve?: Resolve | undefined;
  /** How a checked connection is opened; TCP or TLS unless given. */
  readonly dial?: Dial | undefined;
}

/** Where to connect. `lookup` gives only addresses that passed the guard. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly lookup: LookupFunction;
}

export type Dial = (target: DialTarget) => Socket;

/** What came of one request. */
export type Exchange =
  | { readonly kind: "answered"; readonly status: number; readonly headers: HttpHeaders; readonly text: string }
  /** Surely nothing of the request left: there was no connection yet. */
  | { readonly kind: "unsent"; readonly reason: string }
  /** The request may have arrived. */
  | { readonly kind: "unanswered"; readonly reason: string };

export interface Outbound {
  /** Posts exactly these bytes, once. Never throws for what the network or the receiver does. */
  post(body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Exchange>;
  /** Resolves the host and judges its addresses, without connecting. */
  check(): Promise<{ readonly ok: boolean; readonly detail: string }>;
}

/** More of an answer than this is not read: its status has already said all. */
const longestAnswerBytes = 64 * 1024;
const longestBodyBytes = 1024 * 1024;

/**
 * Makes the one way out over HTTP: one connection per request to a guarded address, no redirects, no proxy, no
 * decompression, a cap on the answer, and a deadline that a trickling receiver cannot stretch. Throws for a URL that may not be called.
 */
export function openOutbound(options: OutboundOptions): Outbound {
  const url = checkedTarget(options.url, options.allowPrivate);
  return {
    post: (body, headers, signal) => exchange(options, url, { method: "post", body, headers, signal, read: readSome }),
    check: () => checkHost(options, url),
  };
}

/** One request over the one way out. */
export interface OutboundCall {
  readonly method: string;
  readonly body: Buffer | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Reads the answer; what it throws makes the request unanswered. */
  readonly read: (stream: Readable) => Promise<string>;
  /** Asks for a compressed answer and inflates it; off unless given. */
  readonly decompress?: boolean | undefined;
}

/** Makes one request to a checked URL. Never throws for what the network or the receiver does. */
export async function exchange(options: Omit<OutboundOptions, "url">, url: URL, call: OutboundCall): Promise<Exchange> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(options.deadlineMs)]);
  const wire = { isConnected: false };
  const agent = guardedAgent(options, url, wire);
  try {
    const response = await axios.request<Readable>({
      adapter: "http",
      method: call.method,
      url: url.href,
      data: call.body,
      headers: {
        "user-agent": "Keepwell",
        "accept-encoding": call.decompress === true ? "gzip" : "identity",
        accept: "*/*",
        ...call.headers,
      },
      httpAgent: agent,
      httpsAgent: agent,
      maxRedirects: 0,
      proxy: false,
      decompress: call.decompress === true,
      maxBodyLength: longestBodyBytes,
      responseType: "stream",
      validateStatus: () => true,
      signal,
    });
    const text = await call.read(response.data);
    return { kind: "answered", status: response.status, headers: { ...response.headers }, text };
  } catch (error) {
    const reason = error instanceof Error && isRefusal(error) ? refusalWords : networkReason(error);
    return { kind: wire.isConnected ? "unanswered" : "unsent", reason };
  } finally {
    agent.destroy();
  }
}

const refusalWords = "the receiver's address is not public";

function isRefusal(error: Error): boolean {
  return "code" in error && error.code === "EREFUSEDADDRESS";
}

/**
 * The beginning of an answer. An answer that breaks off or hangs is cut, not an error: the status stands. The request's
 * signal ends the stream at the deadline.
 */
async function readSome(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      size += bytes.length;
      if (size >= longestAnswerBytes) break;
    }
  } catch {
    // Whatever ended the answer, what came of it is enough.
  } finally {
    stream.destroy();
  }
  return Buffer.concat(chunks).subarray(0, longestAnswerBytes).toString("utf8");
}

/**
 * An agent for one request. It ignores what Node would connect to and dials the target, noting when bytes can begin to flow.
 * A name's addresses are judged by the lookup, in the act of connecting; an IP literal, for which Node asks no lookup, was
 * judged with the URL it comes from.
 */
function guardedAgent(
  options: Omit<OutboundOptions, "url">,
  url: URL,
  wire: { isConnected: boolean },
): HttpAgent | HttpsAgent {
  const secure = url.protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
  const target: DialTarget = {
    host: hostOf(url),
    port: portOf(url),
    secure,
    lookup: guardedLookup(options.resolve ?? resolveBySystem, options.allowPrivate),
  };
  const dial = options.dial ?? dialByNet;
  agent.createConnection = () => {
    const socket = dial(target);
    socket.once(secure ? "secureConnect" : "connect", () => {
      wire.isConnected = true;
    });
    return socket;
  };
  return agent;
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

const dialByNet: Dial = ({ host, port, secure, lookup }) => {
  if (!secure) return connectTcp({ host, port, lookup });
  // Server names are never addresses (RFC 6066).
  return connectTls({ host, port, lookup, ...(isIP(host) === 0 ? { servername: host } : {}), minVersion: "TLSv1.2" });
};

async function checkHost(options: OutboundOptions, url: URL): Promise<{ ok: boolean; detail: string }> {
  const host = hostOf(url);
  if (isIP(host) !== 0) return { ok: true, detail: "the address is allowed; nothing was sent" };
  try {
    const addresses = await (options.resolve ?? resolveBySystem)(host);
    const fault = options.allowPrivate ? null : firstFault(addresses);
    if (fault !== null) return { ok: false, detail: `${refusalWords}: ${fault}` };
    return { ok: true, detail: `the host has ${addresses.length} allowed address(es); nothing was sent` };
  } catch (error) {
    return { ok: false, detail: networkReason(error) };
  }
}
