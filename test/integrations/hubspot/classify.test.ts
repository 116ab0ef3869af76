import { describe, expect, test } from "vitest";
import type { Verdict } from "../../../src/integrations/call-port.ts";
import { openSource } from "./company.ts";

const now = new Date("2026-02-10T12:00:00.000Z");
const secret = "pat-na1-0f3c9a7e";

function classified(status: number, body: unknown, headers: Record<string, string> = {}): Verdict {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return openSource("http://127.0.0.1:9", {}, secret).classify({ status, headers, text }, now);
}

function limit(policyName?: string) {
  const message = "You have reached your limit.";
  return { status: "error", message, errorType: "RATE_LIMIT", ...(policyName === undefined ? {} : { policyName }) };
}

describe("an answer of HubSpot", () => {
  test.each([
    ["the day is used up", 429, limit("DAILY"), {}, { kind: "retry", scope: "day", afterMs: null }],
    ["the second is used up", 429, limit("SECONDLY"), {}, { kind: "retry", scope: "bucket", afterMs: 1_000 }],
    [
      "ten seconds are used up",
      429,
      limit("TEN_SECONDLY_ROLLING"),
      {},
      { kind: "retry", scope: "bucket", afterMs: 10_000 },
    ],
    ["searches are used up", 429, limit(), {}, { kind: "retry", scope: "bucket", afterMs: 10_000 }],
    ["it says how long", 429, limit("SECONDLY"), { "retry-after": "4" }, { kind: "retry", afterMs: 4_000 }],
    ["the account is being moved", 477, {}, {}, { kind: "retry", scope: "bucket" }],
    [
      "the token is no good",
      401,
      { message: "expired", category: "EXPIRED_AUTHENTICATION" },
      {},
      { kind: "reauthenticate" },
    ],
    ["a thing is locked", 423, {}, {}, { kind: "retry", scope: "call" }],
    ["it is broken", 502, "<html>Bad gateway</html>", {}, { kind: "retry", scope: "call" }],
    [
      "it was asked for nonsense",
      400,
      { message: "Invalid input JSON", category: "VALIDATION_ERROR" },
      {},
      { kind: "fatal" },
    ],
  ] as const)("is sorted when %s", (_when, status, body, headers, verdict) => {
    expect(classified(status, body, headers)).toMatchObject(verdict);
  });

  test.each([
    [{ requiredGranularScopes: ["crm.objects.deals.read", "tickets"] }, "crm.objects.deals.read, tickets"],
    [{ requiredScopes: ["contacts"] }, "contacts"],
    [{ missingScopes: "oauth" }, "oauth"],
    [{}, null],
  ])("names the scopes that %j says are missing", (context, missing) => {
    const body = { message: "Not granted", category: "MISSING_SCOPES", errors: [{ message: "One of", context }] };
    expect(classified(403, body)).toMatchObject({ kind: "forbidden", missing });
  });

  test("says in words what is wrong with properties, which HubSpot hides in JSON", () => {
    const faults = [
      { isValid: false, message: 'Property "tier" does not exist', error: "PROPERTY_DOESNT_EXIST", name: "tier" },
    ];
    const body = { message: `Property values were not valid: ${JSON.stringify(faults)}`, category: "VALIDATION_ERROR" };
    expect(classified(400, body)).toEqual({
      kind: "fatal",
      reason: 'the vendor answered 400 Bad Request: Property values were not valid: Property "tier" does not exist',
    });
  });

  test("shows no token, though HubSpot repeats it", () => {
    const verdict = classified(400, { message: `no such token: ${secret}` });
    expect(JSON.stringify(verdict)).not.toContain(secret);
  });
});
