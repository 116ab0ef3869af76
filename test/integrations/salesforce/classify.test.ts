import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { classifySalesforce } from "../../../src/integrations/salesforce/classify.ts";

const now = new Date("2026-03-02T09:00:00.000Z");

function classify(status: number, body: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return classifySalesforce({ status, headers: {}, text }, now, (words) => words);
}

const one = (errorCode: string, message = "in words") => [{ errorCode, message }];

describe("an answer of Salesforce", () => {
  test.each([
    [401, one("INVALID_SESSION_ID", "Session expired or invalid"), { kind: "reauthenticate" }],
    [401, "", { kind: "reauthenticate" }],
    [403, one("REQUEST_LIMIT_EXCEEDED"), { kind: "retry", scope: "day", afterMs: 3_600_000 }],
    [403, one("API_DISABLED_FOR_ORG"), { kind: "forbidden", missing: "API_DISABLED_FOR_ORG" }],
    [403, one("INSUFFICIENT_ACCESS"), { kind: "forbidden", missing: "INSUFFICIENT_ACCESS" }],
    [400, one("INVALID_TYPE", "sObject type 'Case' is not supported."), { kind: "forbidden", missing: "Case" }],
    [
      400,
      one("INVALID_FIELD", "\nSELECT X__c\n ^\nNo such column 'X__c' on entity 'Account'. If you"),
      { kind: "forbidden", missing: "Account.X__c" },
    ],
    [400, one("INVALID_QUERY_LOCATOR"), { kind: "reset-cursor" }],
    [400, one("QUERY_TIMEOUT"), { kind: "shrink-window" }],
    [400, one("MALFORMED_QUERY"), { kind: "fatal" }],
    [400, one("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Give a reason"), { kind: "fatal" }],
    [400, one("UNABLE_TO_LOCK_ROW"), { kind: "retry", scope: "call" }],
    [503, one("SERVER_UNAVAILABLE"), { kind: "retry", scope: "call" }],
    [500, "<html>", { kind: "retry", scope: "call" }],
    [429, "", { kind: "retry", scope: "bucket" }],
    [414, "", { kind: "fatal" }],
    [300, ["/services/data/v62.0/sobjects/Task/1"], { kind: "fatal" }],
    [400, { error: "invalid_client", error_description: "no such client" }, { kind: "forbidden", missing: null }],
    [503, { error: "busy" }, { kind: "retry", scope: "call" }],
  ])("%i %j means %j", (status, body, verdict) => {
    expect(classify(status, body)).toMatchObject(verdict);
  });

  test("keeps the words of a validation rule", () => {
    expect(classify(400, one("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Give a reason"))).toHaveProperty(
      "reason",
      "the vendor answered 400 Bad Request: FIELD_CUSTOM_VALIDATION_EXCEPTION: Give a reason",
    );
  });

  test("hides a session that an error repeats", () => {
    const verdict = classify(400, one("MALFORMED_ID", "bad id 00D000000000001AAA!AQ4AQ.Xw_9 given"));
    expect(JSON.stringify(verdict)).toContain("[redacted] given");
    expect(JSON.stringify(verdict)).not.toContain("AQ4AQ");
  });
});

const recorded = "../shared/specs/salesforce/restforce-fixtures";

describe.skipIf(!existsSync(recorded))(`the recorded answers in ${recorded} (skipped where they are not)`, () => {
  test.each([
    ["expired_session_response.json", 401, "reauthenticate"],
    ["query_error_response.json", 400, "forbidden"],
    ["write_error_response.json", 400, "forbidden"],
    ["upsert_error_response.json", 404, "forbidden"],
    ["sobject_describe_error_response.json", 404, "forbidden"],
    ["search_error_response.json", 400, "fatal"],
    ["upsert_multiple_error_response.json", 300, "fatal"],
    ["auth_error_response.json", 400, "forbidden"],
    ["refresh_error_response.json", 400, "forbidden"],
  ])("%s, answered with %i, means %s", (file, status, kind) => {
    expect(classify(status, readFileSync(join(recorded, file), "utf8"))).toMatchObject({ kind });
  });

  test("name the column that is missing", () => {
    const text = readFileSync(join(recorded, "write_error_response.json"), "utf8");
    expect(classify(400, text)).toMatchObject({ missing: "Bar.foo" });
  });
});
