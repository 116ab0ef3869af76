import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hubspotSettings } from "../../../src/integrations/hubspot/settings.ts";
import { parseSources } from "../../../src/integrations/sources-schema.ts";

const page = readFileSync("docs/sources/hubspot.md", "utf8");
const [minimal = "", full = ""] = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, block]) => block);

describe("the settings of HubSpot", () => {
  test("are as its page shows them", () => {
    expect(parseSources(JSON.parse(minimal))).not.toHaveProperty("faults");
    expect(parseSources({ sources: [JSON.parse(full)] })).not.toHaveProperty("faults");
  });

  test("are all told on its page", () => {
    const told = Object.keys(hubspotSettings.shape).filter((name) => !["id", "kind"].includes(name));
    for (const name of told) expect(page).toContain(`\`${name}\``);
  });

  test("never show what stands in the place of a secret", () => {
    const faults = parseSources({ sources: [{ id: "hubspot", kind: "hubspot", token: "pat-na1-secret" }] });
    expect(faults).toHaveProperty("faults");
    expect(JSON.stringify(faults)).not.toContain("pat-na1-secret");
  });
});
