import { weigh } from "../health/mean.ts";
import { type Reading, readMeasure } from "../health/reading.ts";
import type { HealthModel, Measure } from "../health-model.ts";
import type { Driver, MetricValue } from "../history.ts";

/** A score as it was stored, and the model that made it. */
export interface ScoreSide {
  readonly model: HealthModel;
  readonly metrics: ReadonlyMap<string, MetricValue>;
  readonly drivers: readonly Driver[];
  readonly score: number | null;
  /** Null in scores of a version that knew no overrides too. */
  readonly computed: number | null;
}

/** Readings of a model's measures, in its order. */
export interface ReadSide {
  readonly model: HealthModel;
  readonly readings: readonly Reading[];
}

/** Drivers that stand beside what was measured. */
const besides: ReadonlySet<string> = new Set(["cap", "override"]);

/** Names a driver or a measure among those of its score. */
export function keyOf({ group, id }: { readonly group: string; readonly id: string }): string {
  return `${group}/${id}`;
}

/** The keys of either side, each once. */
export function bothKeys(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])];
}

/** The drivers that make the score before caps and overrides. */
export function baseDrivers({ drivers }: ScoreSide): readonly Driver[] {
  return drivers.filter(({ group }) => !besides.has(group));
}

/** True where the score was made from the scores of children. */
export function isRolledUp({ drivers }: ScoreSide): boolean {
  return drivers.some(({ group }) => group === "children" || group === "self");
}

/** False where what was measured did not count: too little was known, and a person's score stood in its place. */
export function isCounted({ drivers, score, computed }: ScoreSide): boolean {
  const isOverridden = drivers.some(({ group }) => group === "override");
  return isOverridden ? computed !== null : score !== null;
}

/** What the drivers of a group contribute, in tenths. */
export function tenthsOf(drivers: readonly Driver[]): number {
  return drivers.reduce((sum, { contribution }) => sum + Math.round(contribution * 10), 0);
}

/** Tenths of the mean of these readings; 0 where nothing counts. */
export function meanTenths({ model, readings }: ReadSide): number {
  return weigh(model, readings).tenths ?? 0;
}

/**
 * How a side reads the measures of a model, which need not be its own: null where the side says nothing of a measure, as it did not
 * compute its metric.
 */
export function readUnder(model: HealthModel, side: ScoreSide): readonly (Reading | null)[] {
  const drivers = new Map(side.drivers.map((driver) => [keyOf({ group: driver.group, id: driver.measure }), driver]));
  const own = new Map(side.model.measures.map((measure) => [keyOf(measure), measure]));
  return model.measures.map((measure) => {
    const driver = drivers.get(keyOf(measure));
    const like = own.get(keyOf(measure));
    if (driver !== undefined && like !== undefined && isReadAlike(measure, like)) return ofDriver(measure, driver);
    const isThere = [measure.metric, measure.per].every((name) => name === null || side.metrics.has(name));
    return isThere ? readMeasure(measure, side.metrics) : null;
  });
}

/** Then what the one found in the data is what the other finds; points and weights may differ. */
function isReadAlike(one: Measure, other: Measure): boolean {
  return (
    one.metric === other.metric &&
    one.per === other.per &&
    one.maxAgeDays === other.maxAgeDays &&
    one.holdForMs === other.holdForMs
  );
}

/** What a driver found, with the points that another measure's curve gives it. */
function ofDriver(measure: Measure, { value, unit, ageDays, state, reason }: Driver): Reading {
  if (state === "not-applicable") return { value, unit, ageDays, state, points: null, reason };
  // A text one curve has no points for is without data there; another curve may know it.
  const isThere = state === "value" || state === "held" || (state === "no-data" && value !== null);
  const points = isThere && value !== null ? measure.curve.pointsOf(value) : null;
  if (points === null) {
    const without = state === "value" || state === "held" ? "no-data" : state;
    return { value, unit, ageDays, state: without, points: measure.missingPoints, reason };
  }
  return { value, unit, ageDays, state: state === "held" ? "held" : "value", points, reason };
}
