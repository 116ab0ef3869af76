import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import type { TriggerState } from "../../src/playbooks/trigger/state.ts";
import { judgeTrigger } from "../../src/playbooks/trigger.ts";
import { playbook } from "./build.ts";

/** Of Debian's package "prometheus", 2.42 or newer: alerting rules that others wrote, with `for` and `keep_firing_for`. */
const promtool = process.env["PROMTOOL"] ?? "promtool";
const isThere = spawnSync(promtool, ["--version"]).status === 0;
const absence = isThere
  ? ""
  : " (skipped: promtool of Debian's package prometheus is not on the PATH, nor named by PROMTOOL)";

const minuteMs = 60_000;
const ticks = 40;
const seriesCount = 1000;
const seed = Number(process.env["ORACLE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** As both write it; some are no whole number of ticks. */
const spans = ["0s", "60s", "90s", "120s", "150s", "300s"] as const;
/** Null: nothing is known at this tick. */
type Score = number | null;
interface Series {
  readonly id: string;
  readonly holds: string;
  readonly keeps: string;
  readonly scores: readonly Score[];
}

const courses = fc.record({
  holds: fc.constantFrom(...spans),
  keeps: fc.constantFrom(...spans),
  /** Stretches, so that times are waited out: a value, and for how many ticks. */
  stretches: fc.array(fc.tuple(fc.constantFrom(10, 39, 40, 90), fc.integer({ min: 1, max: 7 })), {
    minLength: ticks,
    maxLength: ticks,
  }),
  gaps: fc.array(fc.boolean(), { minLength: ticks, maxLength: ticks }),
});

function draw(hasGaps: boolean): readonly Series[] {
  return fc.sample(courses, { numRuns: seriesCount / 2, seed: seed + Number(hasGaps) }).map((course, index) => {
    const whole = course.stretches.flatMap(([score, length]) => Array.from({ length }, () => score)).slice(0, ticks);
    const scores = whole.map((score, tick) => (hasGaps && course.gaps[tick] === true ? null : score));
    return { id: `${hasGaps ? "gaps" : "whole"}-${index}`, holds: course.holds, keeps: course.keeps, scores };
  });
}

const compiled = new Map<string, CompiledPlaybook>();

function ruleOf({ holds, keeps }: Series): CompiledPlaybook {
  const key = `${holds} ${keeps}`;
  const given = (span: string) => (span === "0s" ? undefined : span);
  const trigger = { on: "threshold", when: { fact: "score", below: 40 }, for: given(holds), keepFor: given(keeps) };
  const rule = compiled.get(key) ?? playbook({ trigger, entry: { onActivate: "fire" } });
  compiled.set(key, rule);
  return rule;
}

function statesOf(series: Series, scores: readonly Score[]): readonly TriggerState["state"][] {
  const rule = ruleOf(series);
  let state: TriggerState | null = null;
  return scores.map((score, tick) => {
    const facts = new Map(score === null ? [] : [["score", score] as const]);
    state = judgeTrigger(rule, state, facts, { now: tick * minuteMs, firstSeen: false }).state;
    return state.state;
  });
}

const alertStates = { inactive: null, pending: "pending", firing: "firing", recovering: "firing" } as const;

/** Asks promtool whether its alerts are in these states at every tick; answers what it found wrong. */
function askPromtool(all: readonly { readonly series: Series; readonly states: readonly TriggerState["state"][] }[]) {
  const folder = mkdtempSync(join(tmpdir(), "oracle-"));
  try {
    const nameOf = ({ holds, keeps }: Series) => `for_${holds}_keep_${keeps}`;
    const rules = new Map(all.map(({ series }) => [nameOf(series), series]));
    const groups = [...rules].map(([alert, { holds, keeps }]) => ({
      name: alert,
      rules: [{ alert, expr: `score{rule="${alert}"} < 40`, for: holds, keep_firing_for: keeps }],
    }));
    const labels = (series: Series) => `rule="${nameOf(series)}", s="${series.id}"`;
    const expected = (tick: number) =>
      all.flatMap(({ series, states }) => {
        const state = alertStates[states[tick] ?? "inactive"];
        if (state === null) return [];
        const alert = `ALERTS{alertname="${nameOf(series)}", alertstate="${state}", ${labels(series)}}`;
        return [{ labels: alert, value: 1 }];
      });
    const tests = {
      rule_files: ["rules.yml"],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: all.map(({ series }) => ({
            series: `score{${labels(series)}}`,
            values: series.scores.map((score) => score ?? "stale").join(" "),
          })),
          promql_expr_test: Array.from({ length: ticks }, (_, tick) => ({
            expr: "ALERTS",
            eval_time: `${tick}m`,
            exp_samples: expected(tick),
          })),
        },
      ],
    };
    // JSON is YAML.
    writeFileSync(join(folder, "rules.yml"), JSON.stringify({ groups }));
    writeFileSync(join(folder, "tests.yml"), JSON.stringify(tests));
    const done = spawnSync(promtool, ["test", "rules", "tests.yml"], { cwd: folder, encoding: "utf8" });
    return done.status === 0 ? "" : `${done.stdout}${done.stderr}`.slice(0, 4000);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!isThere)(
  `${seriesCount} random series, judged beside the alerting rules of Prometheus${absence}`,
  { timeout: 60_000 },
  () => {
    // Where nothing is known Prometheus sees what is not so; Keepwell holds the state.
    const healthy = (scores: readonly Score[]) => scores.map((score) => score ?? 90);

    test(`are in the same state at every tick; where data are missing, as if it were not so (seed ${seed})`, () => {
      const all = [...draw(false), ...draw(true)].map((series) => ({
        series,
        states: statesOf(series, healthy(series.scores)),
      }));
      const counts = all.flatMap(({ states }) => states);
      for (const state of ["inactive", "pending", "firing", "recovering"] as const) {
        expect(counts.filter((one) => one === state).length, state).toBeGreaterThan(1000);
      }
      expect(askPromtool(all)).toBe("");
    });

    test(`differ by nothing else than that a state is held where data are missing (seed ${seed})`, () => {
      for (const series of draw(true)) {
        const [held, resolved] = [statesOf(series, series.scores), statesOf(series, healthy(series.scores))];
        const firstGap = series.scores.indexOf(null);
        expect(held.slice(0, firstGap)).toEqual(resolved.slice(0, firstGap));
        const moved = series.scores.filter(
          (score, tick) => score === null && held[tick] !== (held[tick - 1] ?? "inactive"),
        );
        expect(moved).toEqual([]);
      }
    });

    test("are told apart where a state is wrong", () => {
      const [series] = draw(false);
      if (series === undefined) throw new Error("expected a series");
      const states = statesOf(series, series.scores).map((state) => (state === "inactive" ? "firing" : "inactive"));
      expect(askPromtool([{ series, states }])).toContain("FAILED");
    });
  },
);
