import { STATUS_CODES } from "node:http";
import { expect } from "vitest";
import type { Answer } from "./api.ts";

/** Holds that an answer is RFC 9457 problem details of that status, and gives its detail. */
export function expectProblem(answer: Answer, status: number): string {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: { type: "about:blank", title: STATUS_CODES[status], status, detail: expect.any(String) },
  });
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const { body } = answer;
  return typeof body === "object" && body !== null && "detail" in body ? String(body.detail) : "";
}
