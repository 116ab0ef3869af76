import fc from "fast-check";
import { compilePlaybook } from "../src/playbooks/compile.ts";
import { dryRun } from "../src/playbooks/dry-run.ts";
import { context, scene } from "../test/playbooks/build.ts";
import { anyDocument } from "../test/playbooks/fuzz-documents.ts";
import { type BenchResult, quantile } from "./result.ts";

const count = 20_000;
const targetMs = 20;
const now = Date.UTC(2026, 4, 1);

/** What it takes to read fuzzed playbooks, sound and unsound, and to walk those that are accepted to their end. */
export function benchDocuments(): BenchResult {
  const documents = fc.sample(anyDocument, { numRuns: count, seed: 20_260_501 });
  const names = { ...context, stages: ["onboarding", "value", "churned"], milestones: ["go-live"] };
  const reading: number[] = [];
  const walking: number[] = [];
  for (const drawn of documents) {
    const document: unknown = JSON.parse(JSON.stringify(drawn));
    const startedAt = performance.now();
    const compiled = compilePlaybook(document, names);
    const readAt = performance.now();
    reading.push(readAt - startedAt);
    if ("faults" in compiled) continue;
    dryRun(compiled.playbook, { episode: 1, reason: "tried" }, scene(), now);
    walking.push(performance.now() - readAt);
  }
  const p99 = quantile(reading, 0.99);
  const longest = Math.max(...walking);
  return {
    name: `${count} fuzzed playbooks, read and refused or accepted`,
    ours: `p99 ${p99.toFixed(1)} ms, p50 ${quantile(reading, 0.5).toFixed(2)} ms`,
    against: "",
    ratio: "",
    target: `p99 < ${targetMs} ms, dry run < 1 s`,
    isMet: p99 < targetMs && longest < 1000,
    note: `${walking.length} accepted; the longest dry run took ${longest.toFixed(1)} ms`,
  };
}
