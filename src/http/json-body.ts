import express, { type Request, type RequestHandler } from "express";
import { Problem } from "./problem.ts";

/** Deeper than any record; a parser of ours recursing 20,000 levels would throw. */
const deepest = 32;
/** A hundred for each record of a full request. Ten megabytes of empty arrays would hold everybody else up for a second. */
const mostValues = 500_000;

/** Reads a body that says it is JSON, of at most `limit` bytes (inflated), into `request.body`, as bytes. */
export function jsonBytes(limit: number): RequestHandler[] {
  return [expectJson, express.raw({ type: () => true, limit })];
}

/** The same for a request that may come without a body: then `request.body` holds no bytes. */
export function optionalJsonBytes(limit: number): RequestHandler[] {
  return jsonBytes(limit).map((reader): RequestHandler => {
    return (request, response, next) => (hasBody(request) ? reader(request, response, next) : next());
  });
}

function hasBody({ headers }: Request): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

/** The value in the bytes of a JSON document. Throws a `Problem` for what is no JSON, no strict UTF-8, or nested too deeply or holds too much. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const excess = excessOf(bytes);
  if (excess !== null) throw new Problem(400, excess);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(400, `The body is not JSON: ${error instanceof Error ? error.message : "unreadable"}`);
  }
}

const expectJson: RequestHandler = (request, _response, next) => {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(request.headers["content-type"] ?? "")?.[1];
  if (request.is(["json", "+json"]) === false || (charset !== undefined && !/^utf-?8$/i.test(charset))) {
    throw new Problem(415, "The body must be JSON in UTF-8, with the content type application/json.");
  }
  next();
};

/** The text in bytes; a `Problem` where they are no strict UTF-8. */
export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, "The body is not UTF-8.");
  }
}

const [quote, backslash] = Buffer.from('"\\');
/** By how much each byte changes the depth, and how many values it begins. */
const bends = new Int8Array(256);
const begins = new Int8Array(256);
for (const byte of Buffer.from("[{")) bends[byte] = 1;
for (const byte of Buffer.from("]}")) bends[byte] = -1;
for (const byte of Buffer.from("[{,")) begins[byte] = 1;

/** What a JSON document has too much of, in words. Counted outside strings, in one pass, and before anything is built or recurses. */
export function excessOf(bytes: Uint8Array): string | null {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at = endOfText(bytes, at);
    else {
      depth += bends[byte] ?? 0;
      values += begins[byte] ?? 0;
      if (depth > deepest) return `The body is nested more than ${deepest} levels deep.`;
    }
  }
  return values > mostValues ? `The body holds more than ${mostValues} values.` : null;
}

/** Where the text that begins at a quote ends; past the end where it does not. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from + 1;
  for (let byte = bytes[at]; byte !== quote && byte !== undefined; byte = bytes[at]) at += byte === backslash ? 2 : 1;
  return at;
}
