import type { Facts } from "./facts.ts";
import type { HealthModel } from "./health-model.ts";

/** The model that scores an account, and why this one, in words. */
export interface ModelChoice {
  readonly model: HealthModel;
  readonly reason: string;
}

/** The first model that applies; the default, which stands last, applies to everything that is left. Throws when there is no model. */
export function chooseModel(models: readonly HealthModel[], facts: Facts): ModelChoice {
  for (const model of models) {
    if (model.appliesTo === null)
      return { model, reason: models.length === 1 ? "the only model" : "the default model" };
    if (model.appliesTo.truth(facts) === true) return { model, reason: model.appliesTo.why(facts) };
  }
  throw new RangeError("There is no health model to score with, expected at least a default one.");
}
