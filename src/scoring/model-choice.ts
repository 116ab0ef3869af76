import type { Facts } from "./facts.ts";
import type { HealthModel } from "./health-model.ts";

/** The model that scores an account, and why this one, in words. */
export interface ModelChoice {
  readonly model: HealthModel;
  readonly reason: string;
}

/**
 * The first model that applies; the default, which stands last, applies to everything that is left. The reason says why this one, and
 * why none of those before it. Throws when there is no model.
 */
export function chooseModel(models: readonly HealthModel[], facts: Facts): ModelChoice {
  let passed = "";
  for (const model of models) {
    if (model.appliesTo === null) {
      const reason = models.length === 1 ? "the only model" : "the default model";
      return { model, reason: `${reason}${passed}` };
    }
    const why = model.appliesTo.why(facts);
    if (model.appliesTo.truth(facts) === true) return { model, reason: `${why}${passed}` };
    passed += `; not ${model.id}: ${why}`;
  }
  throw new RangeError("There is no health model to score with, expected at least a default one.");
}
