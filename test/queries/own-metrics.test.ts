import { describe, expect, test } from "vitest";
import { configFaultText } from "../../src/queries/configuration/config-fault.ts";
import { compileFolder } from "../../src/queries/configuration.ts";
import { folderOf, soundDocuments } from "./company-folder.ts";

const load = {
  id: "load",
  name: "Tickets per seat",
  unit: "ratio",
  formula: { divide: ["tickets.open", "contract.seats"] },
};
const metrics = { activeUsers: "logins", features: ["exports"], metrics: [load] };
const model = soundDocuments["health-models/default.json"];
const playbook = soundDocuments["playbooks/save-at-risk.json"];

function modelMeasuring(metric: string) {
  const measure = {
    id: "load",
    metric,
    weight: 1,
    curve: [
      [0, 100],
      [1, 0],
    ],
  };
  return { ...model, groups: [...model.groups, { id: "more", weight: 1, measures: [measure] }] };
}

async function check(files: Readonly<Record<string, unknown>>) {
  const { configuration, faults } = await compileFolder(await folderOf({ ...soundDocuments, ...files }));
  return { configuration, faults: faults.map(configFaultText) };
}

describe("metrics.json", () => {
  test("gives measures, conditions and templates metrics of one's own, with all they are made of", async () => {
    const { configuration, faults } = await check({
      "metrics.json": metrics,
      "health-models/default.json": modelMeasuring("custom.load"),
      "playbooks/save-at-risk.json": {
        ...playbook,
        trigger: { on: "threshold", when: { fact: "custom.load", above: 2 } },
      },
    });
    expect(faults).toEqual([]);
    expect(configuration?.scorer.plan.metrics.map(({ name }) => name)).toEqual([
      "nps.latest",
      "tickets.open",
      "contract.seats",
      "custom.load",
    ]);
    expect(configuration?.scorer.plan.settings).toMatchObject({ activeUsers: "logins", features: ["exports"] });
  });

  test("that lacks a metric is held against whoever names it, where it is named", async () => {
    const { faults } = await check({
      "metrics.json": metrics,
      "health-models/default.json": modelMeasuring("custom.laod"),
      "playbooks/save-at-risk.json": {
        ...playbook,
        audience: {
          all: [
            { fact: "segment", is: "mid" },
            { fact: "custom.lod", above: 1 },
          ],
        },
        steps: [{ id: "alert", do: "slack", to: "csm-alerts", text: "At {{ metrics.custom.load-now }}" }],
      },
      "lifecycle.json": {
        stages: [{ id: "live", name: "Live", when: { fact: "custom.other", above: 1 } }],
      },
    });
    const none = "is not a metric: metrics.json has none of that name";
    expect(faults).toEqual([
      `health-models/default.json:42:11 groups[1].measures[0].metric: "custom.laod" ${none}; did you mean "custom.load"? (met "custom.laod")`,
      `lifecycle.json:7:9 stages[0].when.fact: "custom.other" ${none} (met "custom.other")`,
      `playbooks/save-at-risk.json:17:7 steps[0].text: "custom.load-now" ${none}; did you mean "custom.load"? (met "At {{ metrics.custom.load-now }}")`,
      `playbooks/save-at-risk.json:27:9 audience.all[1].fact: "custom.lod" ${none}; did you mean "custom.load"? (met "custom.lod")`,
    ]);
  });

  test("that is not there has no metrics", async () => {
    const { faults } = await check({ "health-models/default.json": modelMeasuring("custom.load") });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('"custom.load" is not a metric: metrics.json has none of that name');
  });

  test("with a fault of its own is not also held against others", async () => {
    const { faults } = await check({
      "metrics.json": { ...metrics, metrics: [{ ...load, formula: "tickets.opn" }] },
      "health-models/default.json": modelMeasuring("custom.laod"),
    });
    expect(faults).toEqual([
      expect.stringMatching(
        /^metrics\.json:\d+:\d+ metrics\[0\]\.formula: .*did you mean "tickets\.open"\? \(met "tickets\.opn"\)$/,
      ),
    ]);
    const unreadable = await check({
      "metrics.json": "{",
      "health-models/default.json": modelMeasuring("custom.load"),
    });
    expect(unreadable.faults).toEqual([expect.stringMatching(/^metrics\.json:1:2: expected a key/)]);
  });
});
