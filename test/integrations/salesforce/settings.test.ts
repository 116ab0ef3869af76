import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { salesforceSettings } from "../../../src/integrations/salesforce/settings.ts";
import { parseSources } from "../../../src/integrations/sources-schema.ts";
import { expectNoSecret } from "../channel-suite.ts";
import { credentials } from "./fake.ts";
import { openOver, settingsOf } from "./open.ts";

const page = readFileSync("docs/sources/salesforce.md", "utf8");
const [minimal = "", full = ""] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, block]) => block);

describe("the settings of Salesforce", () => {
  test("are as its page shows them", () => {
    expect(parseSources(JSON.parse(minimal))).not.toHaveProperty("faults");
    expect(parseSources({ sources: [JSON.parse(full)] })).not.toHaveProperty("faults");
  });

  test("are all told on its page", () => {
    const told = Object.keys(salesforceSettings.shape).filter((name) => !["id", "kind"].includes(name));
    for (const name of told) expect(page).toContain(name);
  });

  test.each([
    ["a domain with a path", { domain: "https://acme.my.salesforce.com/" }],
    ["a version without its point", { apiVersion: "62" }],
    ["a field that would be SOQL", { account: { segment: "Name FROM User--" } }],
    ["an organization's id that is none", { outboundMessages: { keys: { env: "K" }, organizations: ["acme"] } }],
    ["messages without organizations", { outboundMessages: { keys: { env: "K" }, organizations: [] } }],
    ["a secret in the document", { callouts: { tokens: "abc" } }],
    ["an unknown key", { token: "abc" }],
  ])("refuse %s", (_what, over) => {
    expect(() => settingsOf(over)).toThrow();
  });

  test("take as many own fields as fit into a query", () => {
    const fields = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`f${index}`, `F${index}__c`]));
    expect(salesforceSettings.shape.account.safeParse({ fields }).success).toBe(false);
  });

  test("never show what stands in the place of a secret", () => {
    const source = { ...JSON.parse(full), clientSecret: "canary-secret", callouts: { tokens: ["canary-token"] } };
    const faults = parseSources({ sources: [source] });
    expect(faults).toHaveProperty("faults");
    expectNoSecret(faults, ["canary-secret", "canary-token"]);
  });

  test("give the secrets only to who asks for the login", () => {
    expectNoSecret(openOver("http://127.0.0.1:9"), [credentials.secret]);
  });
});
