import { conditionSet } from "../scoring/condition-set.ts";
import type { CompiledCondition, Truth } from "../scoring/conditions.ts";
import type { Facts } from "../scoring/facts.ts";
import type { CompiledPlaybook } from "./playbook.ts";

/** Answers conditions for one account. */
export type TruthOf = (condition: CompiledCondition) => Truth;

/** Judges the audiences and triggers of all playbooks on one account's facts at once, each fact looked up once. Good until the next account. */
export function judgeConditions(playbooks: readonly CompiledPlaybook[]): (facts: Facts) => TruthOf {
  const conditions = playbooks
    .flatMap(({ audience, trigger, severity }) => [
      audience,
      trigger.when,
      trigger.recover,
      ...severity.map(({ when }) => when),
    ])
    .filter((condition) => condition !== null);
  const places = new Map(conditions.map((condition, place) => [condition, place]));
  const set = conditionSet(conditions);
  return (facts) => {
    set.judge(facts);
    return (condition) => {
      const code = set.truths[places.get(condition) ?? -1];
      return code === undefined || code === 0 ? null : code > 0;
    };
  };
}
