import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import type { Log } from "../log.ts";

/** An answer that says what is wrong, as RFC 9457 problem details. Thrown by handlers, answered by `problemHandler`. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, title: string, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.status = status;
    this.title = title;
    this.extra = extra;
  }
}

/** The last route: everything else is not here. */
export const notFound: RequestHandler = (request) => {
  throw new Problem(404, "Not found", `There is nothing at ${request.method} ${request.path}.`);
};

/** Answers every thrown error: a `Problem` as it says, a refused body by its own status, the rest as 500 without any detail. */
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

function sendProblem(response: Response, problem: Problem): void {
  if (problem.status === 503) response.setHeader("retry-after", "5");
  response
    .status(problem.status)
    .type("application/problem+json")
    .send(
      JSON.stringify({
        type: "about:blank",
        title: problem.title,
        status: problem.status,
        detail: problem.message,
        ...problem.extra,
      }),
    );
}

/** SQLSTATE classes that say the database is away or overwhelmed, not that the request is wrong: the sender is to come again. */
const passingStates = /^(08|53|57P0|55P03|40)/;
const passingCodes = new Set(["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE", "ETIMEDOUT"]);

function problemOf(error: unknown): Problem {
  const status = statusOf(error);
  if (status !== null && status >= 400 && status < 500) {
    return new Problem(
      status,
      "The request body was refused",
      error instanceof Error ? error.message : "It cannot be read.",
    );
  }
  if (error instanceof RangeError) return new Problem(400, "Bad request", "The body is nested too deeply.");
  if (isDatabaseAway(error)) return new Problem(503, "Not now", "The database cannot be reached; try again.");
  return new Problem(500, "Something went wrong", "The fault is ours and has been logged.");
}

function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("status" in error)) return null;
  return typeof error.status === "number" ? error.status : null;
}

function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    passingStates.test(code) || passingCodes.has(code) || /timeout exceeded|Connection terminated/.test(error.message)
  );
}
