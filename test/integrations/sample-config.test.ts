import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sampleOwners } from "../../src/integrations/sample/owners.ts";
import { parseSources, sourcesSchema } from "../../src/integrations/sources-schema.ts";
import { parseChannels } from "../../src/playbooks/channels.ts";
import { parseOwners } from "../../src/playbooks/owners.ts";
import { companySchema } from "../../src/scoring/company.ts";
import { compileHealthModel } from "../../src/scoring/health-model.ts";
import { sampleDocument, samplePlaybooks } from "./sample-portfolio.ts";

describe("the sample's configuration", () => {
  test("names a company that is marked as a sample, with a rate for every currency of its accounts", () => {
    const company = companySchema.parse(sampleDocument("company.json"));
    expect(company.name).toContain("(sample)");
    expect(company.reportingCurrency).toBe("EUR");
    expect(company.rates.map((rate) => rate.currency).sort()).toEqual(["GBP", "USD"]);
  });

  test("has a health model without faults", () => {
    expect(compileHealthModel(sampleDocument("health-models/default.json"))).not.toHaveProperty("faults");
  });

  test("lists the very owners the accounts name", () => {
    const parsed = parseOwners(sampleDocument("owners.json"));
    const owners = "owners" in parsed ? parsed.owners.owners : parsed.faults;
    expect(owners).toEqual(sampleOwners.map(({ key, name }) => expect.objectContaining({ id: key, name })));
  });

  test("sends everything to the outbox", () => {
    const parsed = parseChannels(sampleDocument("channels.json"));
    const channels = "channels" in parsed ? parsed.channels : parsed.faults;
    expect(channels).toEqual([
      expect.objectContaining({ id: "csm-alerts", kind: "slack", transport: "outbox" }),
      expect.objectContaining({ id: "mail", kind: "email", transport: "outbox" }),
      expect.objectContaining({ id: "crm", kind: "webhook", transport: "outbox" }),
    ]);
  });

  test("has three playbooks without faults, one file each, and together they use every kind of step", () => {
    const files = readdirSync(new URL("../../examples/sample-company/config/playbooks", import.meta.url));
    const playbooks = samplePlaybooks();
    expect(files.sort()).toEqual(playbooks.map((playbook) => `${playbook.id}.json`).sort());
    const kinds = playbooks.flatMap((playbook) => playbook.steps.map((step) => step.kind));
    expect([...new Set(kinds)].sort()).toEqual(["email", "slack", "task", "wait", "webhook"]);
  });

  test("pulls from the sample", () => {
    expect(sourcesSchema.parse(sampleDocument("sources.json")).sources).toEqual([
      { id: "sample", kind: "sample", seed: 20240601 },
    ]);
  });
});

describe("sources.json", () => {
  const sample = { id: "sample", kind: "sample", seed: 1 };
  const messages = (document: unknown) => {
    const parsed = parseSources(document);
    return "faults" in parsed ? parsed.faults.map(({ path, message }) => `${path}: ${message}`) : undefined;
  };

  test("refuses a kind that there is not, and says which there are", () => {
    expect(messages({ sources: [{ id: "desk", kind: "zendesq", seed: 1 }] })?.join()).toMatch(
      /sources\[0\]\.kind: .*"sample"/,
    );
  });

  test("refuses unknown keys and two sources of one id", () => {
    expect(messages({ sources: [{ ...sample, sede: 1 }] })?.join()).toMatch(/sede/);
    expect(messages({ sources: [sample, sample] })?.join()).toMatch(/same id/);
  });
});
