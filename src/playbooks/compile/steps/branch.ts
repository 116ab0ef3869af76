import { faultAt } from "../../../scoring/fault.ts";
import type { ParsedStep } from "../../parse.ts";
import type { BranchStep, CompiledStep } from "../../playbook.ts";
import { conditionAt } from "../compilation.ts";
import type { Site, StepOf } from "./site.ts";

/** Compiles a list of steps behind whose last one the run goes on at `after`. */
type CompileList = (steps: readonly ParsedStep[], after: string | null) => readonly CompiledStep[];

/** A `branch` with the steps that stand in it, behind it; each way ends where the branch does. Empty with its faults told. */
export function compileBranch(
  step: StepOf<"branch">,
  inner: ParsedStep["inner"],
  site: Site,
  compileList: CompileList,
): readonly CompiledStep[] {
  const { at, frame, compilation } = site;
  const { faults } = compilation;
  if ((step.cases === undefined) === (step.random === undefined)) {
    faults.push(faultAt(at, step, 'expected one of "cases" and "random"'));
  }
  if (step.random !== undefined && step.otherwise !== undefined) {
    faults.push(
      faultAt(`${at}.otherwise`, step.otherwise, 'expected none beside "random": one of the ways is always taken'),
    );
  }
  const steps: CompiledStep[] = [];
  /** Where a way begins: at its first step, or, where it has none, behind the branch. */
  const way = (path: string): string | null => {
    const list = inner.get(path) ?? [];
    steps.push(...compileList(list, frame.next));
    return list[0]?.document?.id ?? frame.next;
  };
  const cases = (step.cases ?? []).map(({ when }, index) => {
    const path = `cases[${index}]`;
    return { when: conditionAt(when, `${at}.${path}.when`, when, compilation), to: way(`${path}.steps`) };
  });
  const random = (step.random ?? []).map(({ weight }, index) => ({ weight, to: way(`random[${index}].steps`) }));
  const otherwise = way("otherwise");
  const branch: BranchStep = {
    ...frame,
    kind: "branch",
    cases: cases.flatMap(({ when, to }) => (when === null ? [] : [{ when, to }])),
    otherwise,
    random,
  };
  return [branch, ...steps];
}
