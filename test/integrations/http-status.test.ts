import { STATUS_CODES } from "node:http";
import { describe, expect, test } from "vitest";
import { classifyStatus } from "../../src/integrations/http-status.ts";

const now = new Date("2026-03-02T09:00:00.000Z");
const statuses = Object.keys(STATUS_CODES).map(Number);
const busy = [408, 425, 429, 502, 503, 504];

function expectedKind(status: number): string {
  if (busy.includes(status)) return "busy";
  if (status === 410) return "gone";
  const kinds: Record<number, string> = { 2: "accepted", 3: "redirected", 4: "refused" };
  return kinds[Math.floor(status / 100)] ?? "broken";
}

describe("an HTTP status", () => {
  test.each(statuses)("%i has one kind and a name", (status) => {
    const verdict = classifyStatus(status, {}, now);
    expect(verdict).toEqual({ kind: expectedKind(status), words: `answered ${status} ${STATUS_CODES[status]}` });
  });

  test.each([0, 199, 299, 399, 499, 520, 599, 600, 999])("%i has a kind though it has no name", (status) => {
    expect(classifyStatus(status, {}, now)).toEqual({ kind: expectedKind(status), words: `answered ${status}` });
  });

  test.each([...busy, 500, 507])("%i carries the wait the receiver asks for", (status) => {
    expect(classifyStatus(status, { "retry-after": "7" }, now).afterMs).toBe(7_000);
  });

  test.each([200, 302, 400, 404, 410])("%i carries no wait", (status) => {
    expect(classifyStatus(status, { "retry-after": "7" }, now)).not.toHaveProperty("afterMs");
  });
});

describe("Retry-After", () => {
  const week = 7 * 24 * 3_600_000;
  test.each([
    ["30", 30_000],
    ["0", 0],
    [" 12 ", 12_000],
    ["1.5", 1_500],
    [45, 45_000],
    ["Mon, 02 Mar 2026 09:02:00 GMT", 120_000],
    ["Monday, 02-Mar-26 09:02:00 GMT", 120_000],
    ["Mon, 02 Mar 2026 08:00:00 GMT", 0],
    ["Tue, 02 Mar 2066 09:00:00 GMT", week],
    ["99999999999999999999", week],
    ["-5", null],
    ["soon", null],
    ["2026-03-02", null],
    ["", null],
    [undefined, null],
    [["1", "2"], null],
  ])("of %j is %j ms", (value, expected) => {
    expect(classifyStatus(429, { "retry-after": value }, now).afterMs ?? null).toBe(expected);
  });
});
