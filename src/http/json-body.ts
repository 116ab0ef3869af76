import express, { type RequestHandler } from "express";
import { Problem } from "./problem.ts";

/** Deeper than any record; a parser of ours recursing 20,000 levels would throw. */
const deepest = 32;

/** Reads a body that says it is JSON, of at most `limit` bytes (inflated), into `request.body`, as bytes. */
export function jsonBytes(limit: number): RequestHandler[] {
  return [expectJson, express.raw({ type: () => true, limit })];
}

/** The value in the bytes of a JSON document. Throws a `Problem` for what is no JSON, no strict UTF-8, or nested too deeply. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  if (isTooDeep(bytes)) throw new Problem(400, `The body is nested more than ${deepest} levels deep.`);
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

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, "The body is not UTF-8.");
  }
}

const [quote, backslash] = Buffer.from('"\\');
/** By how much each byte changes the depth. */
const bends = new Int8Array(256);
for (const byte of Buffer.from("[{")) bends[byte] = 1;
for (const byte of Buffer.from("]}")) bends[byte] = -1;

/** Counts brackets outside strings, in one pass and before anything recurses over the document. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) isInString = !isInString;
    else if (!isInString) depth += bends[byte] ?? 0;
    else if (byte === backslash) at += 1;
    if (depth > deepest) return true;
  }
  return false;
}
