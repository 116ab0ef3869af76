import { describe, expect, test } from "vitest";
import { openUsageRules, usageNameOf, usageRule, valueAt } from "../../src/integrations/usage-rules.ts";

test.each([
  ["Report Created", "report_created"],
  ["reportCreated", "report_created"],
  ["$pageview", "pageview"],
  ["  A/B -- test!  ", "a_b_test"],
  ["Café geöffnet", "cafe_geoffnet"],
  ["HTTP2 Request", "http2_request"],
  ["注文", null],
  ["!", null],
  ["x".repeat(150), "x".repeat(100)],
])("the usage of an event named %j is %j", (event, usage) => {
  expect(usageNameOf(event)).toBe(usage);
});

describe("rules", () => {
  const event = { properties: { pages: 4, title: "Q3", text: "7", inner: { size: 2.5 } } };

  test("an event that no rule names counts as nothing", () => {
    expect(openUsageRules([{ event: "Login" }])("Logout", event)).toEqual([]);
  });

  test("every rule that fits counts, of one usage the first", () => {
    const counts = openUsageRules([
      { event: "Report Created", usage: "reports" },
      { event: { startsWith: "Report " }, usage: "report_pages", sum: "properties.pages" },
      { event: "*", usage: "reports", sum: "properties.pages" },
      { event: "*", usage: "active_users", count: "users" },
    ]);
    expect(counts("Report Created", event)).toEqual([
      { usage: "reports", value: 1, oncePerUser: false },
      { usage: "report_pages", value: 4, oncePerUser: false },
      { usage: "active_users", value: 1, oncePerUser: true },
    ]);
  });

  test.each(["properties.title", "properties.text", "properties.missing", "properties", "properties.inner", "nothing"])(
    "a sum of what is no number under %s adds nothing",
    (sum) => {
      expect(openUsageRules([{ event: "*", usage: "pages", sum }])("Print", event)).toEqual([]);
    },
  );

  test("a sum reads as deep as its path", () => {
    const [counted] = openUsageRules([{ event: "*", usage: "size", sum: "properties.inner.size" }])("Print", event);
    expect(counted?.value).toBe(2.5);
  });

  test("nothing is read from what an object has not itself", () => {
    expect(valueAt({}, "constructor.name")).toBeUndefined();
    expect(valueAt("text", "length")).toBeUndefined();
    expect(valueAt(null, "a")).toBeUndefined();
  });

  test.each([
    [{ event: "a", usage: "no spaces" }],
    [{ event: "" }],
    [{ event: { startsWith: "" } }],
    [{ event: "a", count: "users", sum: "properties.pages" }],
    [{ event: "a", sum: "properties..pages" }],
    [{ event: "a", feature: "x" }],
  ])("%j is no rule", (rule) => {
    expect(usageRule.safeParse(rule).success).toBe(false);
  });
});
