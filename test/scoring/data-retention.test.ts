import { expect, test } from "vitest";
import { companySchema } from "../../src/scoring/company.ts";
import { dataRetentionSchema } from "../../src/scoring/data-retention.ts";

const company = { name: "Acme", zone: "Etc/UTC", reportingCurrency: "EUR" };

test("what is not named is kept as long as the defaults say", () => {
  expect(dataRetentionSchema.parse({ usageEvents: "4w" })).toEqual({
    scoresDaily: 90,
    scores: 1095,
    usageEvents: 28,
    inbox: 14,
    held: 400,
    changes: 730,
    usageUsers: 400,
  });
});

test("scores may be kept for ever", () => {
  expect(dataRetentionSchema.parse({ scores: null }).scores).toBeNull();
});

test.each([
  { retention: { scoresDaily: "34d" }, says: "expected at least 35d" },
  { retention: { scores: "30d" }, says: "expected at least 35d" },
  { retention: { usageEvents: "1d" }, says: "expected at least 2d" },
  { retention: { inbox: "6d" }, says: "expected at least 7d" },
  { retention: { held: "30d" }, says: "expected at least 35d" },
  { retention: { usageEvents: "60h" }, says: "expected whole days" },
  { retention: { changes: "long" }, says: "expected a duration" },
  { retention: { score: "90d" }, says: "Unrecognized key" },
])("$retention is refused in company.json", ({ retention, says }) => {
  const parsed = companySchema.safeParse({ ...company, retention });
  expect(parsed.success).toBe(false);
  expect(parsed.error?.issues[0]?.path[0]).toBe("retention");
  expect(parsed.error?.issues[0]?.message).toContain(says);
});
