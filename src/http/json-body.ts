import express, { type RequestHandler } from "express";
import { Problem } from "./problem.ts";

/** Deeper than any record; a parser of ours recursing 20,000 levels would throw. */
const deepest = 32;

/** Reads a JSON body of at most `limit` (inflated) as strict UTF-8 into `request.body`. */
export function jsonBody(limit: string): RequestHandler[] {
  return [
    express.raw({ type: () => true, limit }),
    (request, _response, next) => {
      request.body = parseJson(request.body);
      next();
    },
  ];
}

function parseJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new Problem(400, "Bad request", "A JSON body was expected.");
  const text = decode(body);
  if (depthOf(text) > deepest) {
    throw new Problem(400, "Bad request", `The body is nested more than ${deepest} levels deep.`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem(
      400,
      "Bad request",
      `The body is not JSON: ${error instanceof Error ? error.message : "unreadable"}`,
    );
  }
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new Problem(400, "Bad request", "The body is not UTF-8.");
  }
}

const strings = /"(?:[^"\\]|\\.)*"/g;

/** The deepest nesting of brackets outside strings: counted before anything recurses over the document. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const character of text.replace(strings, "")) {
    if (character === "{" || character === "[") {
      depth += 1;
      most = Math.max(most, depth);
    } else if (character === "}" || character === "]") depth -= 1;
  }
  return most;
}
