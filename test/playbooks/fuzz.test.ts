import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePlaybook } from "../../src/playbooks/compile.ts";
import { dryRun } from "../../src/playbooks/dry-run.ts";
import { context, scene } from "./build.ts";
import { anyDocument } from "./fuzz-documents.ts";

const now = Date.UTC(2026, 4, 1);
/** Seconds, not minutes: the generators take longer than the parser. */
const documents = 20_000;

const names = {
  ...context,
  stages: ["onboarding", "value", "churned"],
  milestones: ["go-live"],
};

describe("whatever is handed in as a playbook", () => {
  test("is accepted, or refused with faults that name their place, and goes to its end in a dry run", {
    timeout: 240_000,
  }, () => {
    const tally = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(anyDocument, (drawn) => {
        // As it comes from a file or a request.
        const document: unknown = JSON.parse(JSON.stringify(drawn));
        const compiled = compilePlaybook(document, names);
        if ("faults" in compiled) {
          tally.refused += 1;
          const isWhole = typeof document !== "object" || document === null || Array.isArray(document);
          const mute = compiled.faults.filter(({ path, message }) => message === "" || (path === "" && !isWhole));
          expect({ faults: compiled.faults.length > 0, mute }).toEqual({ faults: true, mute: [] });
          return;
        }
        tally.accepted += 1;
        const looks = dryRun(compiled.playbook, { episode: 1, reason: "tried" }, scene(), now);
        expect(looks.length).toBeGreaterThan(0);
        expect(looks.length).toBeLessThan(200);
      }),
      { numRuns: documents },
    );
    // Both happen often: a generator of refusals only would prove little.
    expect(tally.refused).toBeGreaterThan(documents / 10);
    expect(tally.accepted).toBeGreaterThan(documents / 200);
  });
});
