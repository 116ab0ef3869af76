import { describe, expect, test } from "vitest";
import { networkReason, redactor } from "../../src/integrations/redact.ts";

describe("a text made fit for a reason", () => {
  const redact = redactor(["sw0rd fish/+", "abc"]);
  test.each([
    ["550 5.1.1 no such user", "550 5.1.1 no such user"],
    ["given sw0rd fish/+ twice sw0rd fish/+", "given [redacted] twice [redacted]"],
    [`base64 ${Buffer.from("sw0rd fish/+").toString("base64")}`, "base64 [redacted]"],
    [`url ${encodeURIComponent("sw0rd fish/+")}`, "url [redacted]"],
    ["a secret of three letters masks no abcdef", "a secret of three letters masks no abcdef"],
    ["Authorization: Bearer eyJhbGciOi.x.y, more", "authorization: [redacted], more"],
    ["sent authorization=abcdef", "sent authorization: [redacted]"],
    ["Basic YWRhOnB3 was refused", "Basic [redacted] was refused"],
    ["see https://example.com/a/b?c=d#e now", "see https://example.com/[redacted] now"],
    ["see https://ada:pw@example.com/", "see https://example.com/[redacted]"],
    ["see postgres://ada:pw@db", "see postgres://[redacted]@db"],
    ["whsec_MfKQ9r8GKYqrTwjU xoxb-1-2-abc", "[redacted] [redacted]"],
    ["two\r\nlines\u0000and\u2028more", "two lines and more"],
    ["  spaces  ", "spaces"],
  ])("reads %j as %j", (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  test("is cut to its length", () => {
    expect(redactor([], 10)("x".repeat(50))).toBe("xxxxxxxxx…");
  });
});

describe("a network error in words", () => {
  test.each([
    ["ECONNREFUSED", "the connection was refused"],
    ["ENOTFOUND", "the host name does not exist"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "the TLS certificate was not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)"],
    ["HPE_INVALID_CONSTANT", "the answer was not HTTP"],
    ["EWEIRD", "the connection failed (EWEIRD)"],
    ["not a code, but canary", "the connection failed"],
  ])("for code %j is %j", (code, words) => {
    const error = Object.assign(new Error("canary https://example.com/canary"), { code, config: { url: "canary" } });
    expect(networkReason(error)).toBe(words);
  });

  test("says more by the system's code than by a library's", () => {
    const error = Object.assign(new Error("x"), { code: "ESOCKET", originalCode: "ECONNREFUSED" });
    expect(networkReason(error)).toBe("the connection was refused");
  });

  test("names a deadline by the standard errors of an abort", () => {
    expect(networkReason(AbortSignal.abort().reason)).toBe("the deadline passed");
  });

  test.each([null, undefined, "canary", 7, {}])("for %j is only that it failed", (error) => {
    expect(networkReason(error)).toBe("the connection failed");
  });
});
