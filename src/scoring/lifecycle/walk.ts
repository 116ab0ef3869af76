import type { CompiledCondition } from "../conditions.ts";

/** A stage and the rule that leads to it. */
export interface StageRule {
  readonly id: string;
  readonly name: string;
  /** Null: no rule leads here. */
  readonly when: CompiledCondition | null;
  /** The stages from which `when` leads here; null: from any. */
  readonly from: readonly string[] | null;
}

type StageWay = Pick<StageRule, "id" | "from">;

type Walk =
  | { readonly kind: "rests"; readonly stage: string | null; readonly entered: readonly string[] }
  | { readonly kind: "oscillates"; readonly between: readonly string[] };

/**
 * Follows the rules from a stage until none leads on: of the rules that hold and may be entered from where it stands, the last in the
 * list. Ends at the latest when a stage comes again.
 */
export function walkRules(stages: readonly StageWay[], holds: readonly boolean[], start: string | null): Walk {
  const entered: string[] = [];
  let stage = start;
  for (;;) {
    const from = stage;
    const next = stages.findLast((rule, index) => holds[index] === true && mayEnter(rule, from));
    if (next === undefined || next.id === stage) return { kind: "rests", stage, entered };
    const again = next.id === start ? 0 : entered.indexOf(next.id) + 1;
    if (next.id === start || again > 0) {
      return { kind: "oscillates", between: [start ?? "", ...entered].slice(again) };
    }
    stage = next.id;
    entered.push(stage);
  }
}

function mayEnter({ from }: StageWay, stage: string | null): boolean {
  return from === null || (stage !== null && from.includes(stage));
}

/** The words for rules that find no rest. */
export function oscillationText(between: readonly string[]): string {
  return `the rules oscillate between ${between.slice(0, -1).join(", ")} and ${between.at(-1) ?? ""}`;
}
