import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import type { Log } from "../log.ts";

/** An answer that says what is wrong, as RFC 9457 problem details. Thrown by handlers, answered by `problemHandler`. */
export class Problem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What stands in the answer beside its own members. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.status = status;
    this.headers = headers;
    this.members = members;
  }
}

/** The last route: everything else is not here. */
export const notFound: RequestHandler = (request) => {
  throw new Problem(404, `There is nothing at ${request.path}.`);
};

/** The last handler of a route: it is there, but not for this method. */
export function onlyMethods(allowed: string): RequestHandler {
  return (request) => {
    throw new Problem(405, `${request.method} is not for ${request.path}; it takes ${allowed}.`, { allow: allowed });
  };
}

/** Answers every thrown error: a `Problem` as it says, a refused request by its own status, the rest as 500 without any detail. */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = error instanceof Problem ? error : problemOf(error);
    if (problem.status >= 500)
      log.error({ err: error, method: request.method, path: request.path }, "a request failed");
    sendProblem(response, problem);
  };
}

/** What senders wait before they come again, in seconds. */
const retryAfter = "5";
/** A detail may quote what was sent: enough to see what is meant. */
const longestDetail = 1000;

function sendProblem(response: Response, { status, message, headers, members }: Problem): void {
  if (status === 503) response.setHeader("retry-after", retryAfter);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const detail = message.length > longestDetail ? `${message.slice(0, longestDetail)}…` : message;
  const body = { type: "about:blank", title: STATUS_CODES[status] ?? "Error", status, detail, ...members };
  // As bytes, because Express would add a charset to a text, which this media type does not have.
  response
    .status(status)
    .type("application/problem+json")
    .send(Buffer.from(JSON.stringify(body)));
}

/** SQLSTATE classes that say the database is away or overwhelmed, not that the request is wrong: the sender is to come again. */
const passingStates = /^(08|53|57P0|55P03|25P03|40)/;
const passingCodes = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE", "ETIMEDOUT"],
  ...["EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"],
]);
/** The driver's own words, which come without a code. */
const passingWords = /timeout exceeded|Connection terminated|connection error and is not queryable/;

function problemOf(error: unknown): Problem {
  const status = statusOf(error);
  if (status !== null && status >= 400 && status < 500) {
    return new Problem(status, error instanceof Error ? error.message : "The request cannot be read.");
  }
  if (isPassing(error)) return new Problem(503, "The database cannot be reached; try again.");
  return new Problem(500, "The fault is ours and has been logged.");
}

/** Express and its readers of bodies name the status of what they refuse. */
function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("status" in error)) return null;
  return typeof error.status === "number" ? error.status : null;
}

/** Whether the database is away, as an error of it says: later the same may succeed. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return passingStates.test(code) || passingCodes.has(code) || passingWords.test(error.message);
}
