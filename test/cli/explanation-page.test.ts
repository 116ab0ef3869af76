import { describe, expect, test } from "vitest";
import { printExplanation } from "../../src/cli/explanation-page.ts";
import { createOutput } from "../../src/cli/output.ts";
import type { Explanation } from "../../src/queries/explain/explanation.ts";

const then = {
  asOf: "2026-02-10T12:00:00.000Z",
  score: 80,
  band: "green",
  model: "default",
  revision: 1,
  isStored: true,
};
const plain: Explanation = {
  account: "acme",
  name: "Acme",
  owner: "anna",
  segment: "mid",
  stage: "adoption",
  archived: null,
  asOf: "2026-03-10T12:00:00.000Z",
  model: "default",
  revision: 2,
  modelReason: "the default model; not strategic: segment mid is not strategic",
  score: 30,
  band: "red",
  computed: 30,
  suggestedBand: "red",
  confidence: { value: 0.834, coverage: 1, freshness: 0.834, history: 1 },
  lifecycle: null,
  override: null,
  coverage: 1,
  reason: "score 30.0 from 1 of 1 measures, coverage 100%; red after green",
  change: {
    from: then,
    to: { ...then, asOf: "2026-03-10T12:00:00.000Z", score: 30, band: "red", revision: 2 },
    points: -50,
    reason: null,
    parts: [
      {
        cause: "data",
        points: -50,
        words: "-50.0 by what was measured",
        shares: [{ group: "usage", measure: "logins", points: -50, words: "8 → 3 per day, 80 → 30 points" }],
      },
      { cause: "missing", points: 0, words: "0.0 by what came", shares: [] },
    ],
  },
  drivers: [
    {
      group: "usage",
      measure: "logins",
      metric: "usage.logins.avg_7d",
      value: 3,
      unit: "per day",
      ageDays: 3,
      state: "held",
      points: 30,
      weight: 1,
      contribution: 30,
      reason: "held since 2026-03-07: its source fails",
    },
  ],
  metrics: {},
  playbooks: [],
};

function page(changes: Partial<Explanation> = {}): readonly string[] {
  let text = "";
  const out = createOutput({ write: (more: string) => (text += more) }, { write: () => undefined }, true);
  printExplanation(out, { ...plain, ...changes }, true);
  return text.split("\n");
}

describe("the page of an account", () => {
  test("says who, how healthy, how sure, by which model and why that", () => {
    expect(page().slice(0, 4)).toEqual([
      "Acme  acme · mid · adoption · owner anna",
      "score 30.0  red  100 % of the model has data · confidence 0.83",
      "score 30.0 from 1 of 1 measures, coverage 100%; red after green",
      "as of 2026-03-10T12:00:00.000Z by the health model default, revision 2: the default model; not strategic: segment mid is not strategic",
    ]);
  });

  test("says what is held and since when", () => {
    expect(page()).toContainEqual(expect.stringMatching(/^usage \/ logins +3 per day +held +30 +100\.0 % +30\.0$/));
    expect(page()).toContain("  logins: held since 2026-03-07: its source fails");
  });

  test("says why the score moved, what moved most beneath each cause, and nothing of causes that did not", () => {
    const lines = page();
    const from = lines.indexOf("Why it moved  80.0 green → 30.0 red  since 2026-02-10");
    expect(lines.slice(from + 1, from + 4)).toEqual([
      "  -50.0 by what was measured",
      "     -50.0  usage / logins  8 → 3 per day, 80 → 30 points",
      "",
    ]);
  });

  test("shows the band of what is known where there is no score, and why nothing is taken apart", () => {
    const change = { ...plain.change, points: null, reason: "there is no score now", parts: [] };
    const lines = page({ score: null, band: null, suggestedBand: "yellow", coverage: 0.2, change });
    expect(lines[1]).toBe("no score  unknown (yellow by what is known)  20 % of the model has data · confidence 0.83");
    expect(lines).toContain("  not to be taken apart: there is no score now");
    expect(page({ score: null, band: null, suggestedBand: null })[1]).toMatch(/^no score {2}unknown {2}100 %/);
  });

  test("shows the computed score beside an override", () => {
    const override = { score: 90, band: null, until: null, reason: "Known", by: "anna" };
    expect(page({ score: 90, band: "green", override })[1]).toContain("confidence 0.83 · computed 30.0");
  });

  test("shows the stage with its reason, and the milestones still to come", () => {
    const milestone = { reachedAt: null, by: null, expectedAt: null };
    const lifecycle = {
      stage: "adoption",
      decidedBy: "conditions" as const,
      since: "2026-01-05T00:00:00.000Z",
      previous: "onboarding",
      reason: "milestone.go-live is true",
      milestones: [
        { ...milestone, id: "go-live", status: "reached" as const, reachedAt: "2026-01-05T00:00:00.000Z" },
        { ...milestone, id: "first-value", status: "behind" as const, expectedAt: "2026-03-01T00:00:00.000Z" },
        { ...milestone, id: "referral", status: "open" as const },
      ],
    };
    const lines = page({ lifecycle });
    expect(lines.slice(3, 5)).toEqual([
      "stage adoption since 2026-01-05: milestone.go-live is true",
      "1 of 3 milestones reached · first-value behind, expected 2026-03-01 · referral open",
    ]);
  });
});
