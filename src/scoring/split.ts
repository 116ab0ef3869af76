import { allotTenths } from "./contributions.ts";
import { weigh } from "./health/mean.ts";
import type { Reading } from "./health/reading.ts";
import type { Driver } from "./history.ts";
import {
  baseDrivers,
  isCounted,
  isRolledUp,
  keyOf,
  meanTenths,
  type ReadSide,
  readUnder,
  type ScoreSide,
  tenthsOf,
} from "./split/side.ts";
import {
  childWords,
  configurationWords,
  dataWords,
  limitWords,
  missingWords,
  signed,
  type Weighed,
} from "./split/words.ts";

export type { ScoreSide } from "./split/side.ts";

/** Why a score moved, in the order in which the difference is taken apart. */
export const splitCauses = ["data", "missing", "configuration", "override", "cap"] as const;
type SplitCause = (typeof splitCauses)[number];

/** What one measure, child, cap or override has in a part. */
export interface SplitShare {
  readonly group: string;
  readonly measure: string;
  /** With one decimal; the shares of a part add up to it exactly. */
  readonly points: number;
  readonly words: string;
}

/** What one cause has in a difference. */
export interface SplitPart {
  readonly cause: SplitCause;
  /** With one decimal; the parts add up to the difference exactly. */
  readonly points: number;
  /** The greatest first; what did not move is left out. */
  readonly shares: readonly SplitShare[];
  readonly words: string;
}

/** The difference of two scores taken apart, or why it cannot be. */
export type ScoreSplit =
  | {
      readonly kind: "split";
      /** After less before. */
      readonly points: number;
      /** One of each cause, in their order. */
      readonly parts: readonly SplitPart[];
    }
  | { readonly kind: "unknown"; readonly reason: string };

/** A share before rounding; `size` in tenths. */
interface Sized {
  readonly group: string;
  readonly measure: string;
  readonly size: number;
  readonly words: () => string;
}

interface Cause {
  readonly tenths: number;
  readonly shares: readonly SplitShare[];
}

/**
 * Takes the difference of two scores of one account apart, in a fixed order: what was measured (data), what came, went, grew stale or
 * is held (missing), the model (configuration), overrides, caps. Each part is what its cause changes after those before it; parts, and
 * the shares within each, add up exactly in tenths of a point.
 */
export function splitScores(before: ScoreSide, after: ScoreSide): ScoreSplit {
  if (before.score === null) return { kind: "unknown", reason: "there was no score before" };
  if (after.score === null) return { kind: "unknown", reason: "there is no score now" };
  const base = isRolledUp(before) || isRolledUp(after) ? splitChildren(before, after) : splitMeasures(before, after);
  const causes = { ...base, override: splitLimits("override", before, after), cap: splitLimits("cap", before, after) };
  const parts = splitCauses.map((cause) => partOf(cause, causes[cause], after));
  return { kind: "split", points: (Math.round(after.score * 10) - Math.round(before.score * 10)) / 10, parts };
}

type BaseCauses = Readonly<Record<"data" | "missing" | "configuration", Cause>>;

const nothing: Cause = { tenths: 0, shares: [] };

/** Of a parent everything that its children changed is data, unless the way they are rolled up has changed. */
function splitChildren(before: ScoreSide, after: ScoreSide): BaseCauses {
  const tenths = tenthsOf(baseDrivers(after)) - tenthsOf(baseDrivers(before));
  const [was, is] = [driversByKey(before), driversByKey(after)];
  const level = commonLevel(exactOf([...was.values()]), exactOf([...is.values()]));
  const sized = bothKeys(was, is).map((key): Sized => {
    const [one, other] = [was.get(key), is.get(key)];
    const { group, measure } = other ?? one ?? { group: "", measure: "" };
    const size = aboveLevel(other, level) - aboveLevel(one, level);
    return { group, measure, size, words: () => childWords(one, other) };
  });
  const cause = { tenths, shares: allotShares(tenths, sized) };
  const isSameWay = JSON.stringify(before.model.rollUp) === JSON.stringify(after.model.rollUp);
  if (isSameWay) return { data: cause, missing: nothing, configuration: nothing };
  return { data: nothing, missing: nothing, configuration: cause };
}

/** Three steps from the readings before to those after, each by the model before, then to the model after. */
function splitMeasures(before: ScoreSide, after: ScoreSide): BaseCauses {
  const { model } = before;
  const was = readUnder(model, before).map(orNothing);
  // A measure the later side says nothing of stays as it was: that it went is the model's doing.
  const fully = readUnder(model, after).map((reading, index) => reading ?? was[index] ?? unread);
  const valued = was.map((reading, index) => {
    const next = fully[index] ?? unread;
    return reading.state === "value" && next.state === "value" ? next : reading;
  });
  const is = readUnder(after.model, after).map(orNothing);
  const [wasCounted, isNowCounted] = [isCounted(before), isCounted(after)];
  const tenths = {
    was: wasCounted ? meanTenths({ model, readings: was }) : 0,
    valued: wasCounted ? meanTenths({ model, readings: valued }) : 0,
    fully: isNowCounted ? meanTenths({ model, readings: fully }) : 0,
    is: isNowCounted ? meanTenths({ model: after.model, readings: is }) : 0,
  };
  const data = wasCounted ? oneByOne(model, was, valued, dataWords) : [];
  const missing = stepToMissing({ model, valued, fully, wasCounted, isNowCounted });
  const configured = isNowCounted
    ? betweenModels({ model, readings: fully }, { model: after.model, readings: is })
    : [];
  // Another version of the program may have computed a stored score in another way.
  const strange = tenths.was - tenthsOf(baseDrivers(before)) + (tenthsOf(baseDrivers(after)) - tenths.is);
  const configuration = allotShares(tenths.is - tenths.fully, configured);
  return {
    data: { tenths: tenths.valued - tenths.was, shares: allotShares(tenths.valued - tenths.was, data) },
    missing: { tenths: tenths.fully - tenths.valued, shares: allotShares(tenths.fully - tenths.valued, missing) },
    configuration: {
      tenths: tenths.is - tenths.fully + strange,
      shares: strange === 0 ? configuration : [...configuration, ofProgram(strange)],
    },
  };
}

interface MissingStep {
  readonly model: ReadSide["model"];
  readonly valued: readonly Reading[];
  readonly fully: readonly Reading[];
  readonly wasCounted: boolean;
  readonly isNowCounted: boolean;
}

/** Where what is measured begins or ceases to count as a whole, each measure gives or takes all it contributes. */
function stepToMissing({ model, valued, fully, wasCounted, isNowCounted }: MissingStep): readonly Sized[] {
  if (wasCounted && isNowCounted) return oneByOne(model, valued, fully, missingWords);
  if (wasCounted) return wholeOf(model, valued, -1, "no longer counts: too little is known");
  return isNowCounted ? wholeOf(model, fully, 1, "counts again: enough is known") : [];
}

function wholeOf(model: ReadSide["model"], readings: readonly Reading[], sign: 1 | -1, words: string): Sized[] {
  const { exact } = weigh(model, readings);
  return model.measures.map(({ group, id }, index) => {
    const size = sign * (exact[index] ?? 0);
    return { group, measure: id, size, words: () => words };
  });
}

/** Replaces reading after reading, in the order of the document: a share is what the mean moves by then. */
function oneByOne(
  model: ReadSide["model"],
  from: readonly Reading[],
  to: readonly Reading[],
  words: (before: Reading, after: Reading) => string,
): readonly Sized[] {
  const readings = [...from];
  let sum = weigh(model, readings).sum;
  return model.measures.map(({ group, id }, index) => {
    const [before, after] = [from[index] ?? unread, to[index] ?? unread];
    readings[index] = after;
    const next = weigh(model, readings).sum;
    const size = next - sum;
    sum = next;
    return { group, measure: id, size, words: () => words(before, after) };
  });
}

/**
 * Shares of a change of model: how far each measure lifts the score above the mean, or draws it below, with its weight and points under
 * the one model and under the other. Weights add up to 1 on both sides, so the mean itself drops out of the sum.
 */
function betweenModels(one: ReadSide, other: ReadSide): readonly Sized[] {
  const [was, is] = [weighedByKey(one), weighedByKey(other)];
  const level = commonLevel([...was.values()].map(exactWeighed), [...is.values()].map(exactWeighed));
  const measures = new Map(
    [...one.model.measures, ...other.model.measures].map((measure) => [keyOf(measure), measure]),
  );
  return [...measures].map(([key, { group, id }]) => {
    const [before, after] = [was.get(key), is.get(key)];
    const size = liftOf(after, level) - liftOf(before, level);
    return { group, measure: id, size, words: () => configurationWords(before, after) };
  });
}

function weighedByKey({ model, readings }: ReadSide): ReadonlyMap<string, Weighed> {
  const { weights } = weigh(model, readings);
  const weighed = model.measures.map((measure, index) => {
    const reading = readings[index] ?? unread;
    return [keyOf(measure), { reading, weight: weights[index] ?? 0 }] as const;
  });
  return new Map(weighed);
}

interface Exact {
  readonly weight: number;
  readonly points: number;
}

function exactWeighed({ reading, weight }: Weighed): Exact {
  return { weight, points: reading.points ?? 0 };
}

function exactOf(drivers: readonly Driver[]): readonly Exact[] {
  return drivers.map(({ weight, points }) => ({ weight, points: points ?? 0 }));
}

/** The mean of the first, in points, to measure shares from; 0 where the weights of either do not add up to 1. */
function commonLevel(one: readonly Exact[], other: readonly Exact[]): number {
  const isWhole = (side: readonly Exact[]) => side.some(({ weight }) => weight > 0);
  return isWhole(one) && isWhole(other) ? one.reduce((sum, { weight, points }) => sum + weight * points, 0) : 0;
}

function liftOf(weighed: Weighed | undefined, level: number): number {
  return weighed === undefined ? 0 : weighed.weight * ((weighed.reading.points ?? 0) - level) * 10;
}

function aboveLevel(driver: Driver | undefined, level: number): number {
  return driver === undefined ? 0 : driver.weight * ((driver.points ?? 0) - level) * 10;
}

/** A cap or an override is a driver with a whole contribution of its own. */
function splitLimits(group: "override" | "cap", before: ScoreSide, after: ScoreSide): Cause {
  const [was, is] = [limitsByKey(group, before), limitsByKey(group, after)];
  const tenths = tenthsOf([...is.values()]) - tenthsOf([...was.values()]);
  const shares = bothKeys(was, is).map((key) => {
    const [one, other] = [was.get(key), is.get(key)];
    const points = tenthsOf(other === undefined ? [] : [other]) - tenthsOf(one === undefined ? [] : [one]);
    return { group, measure: (other ?? one)?.measure ?? "", points: points / 10, words: limitWords(one, other) };
  });
  return { tenths, shares: greatestFirst(shares) };
}

function limitsByKey(group: string, side: ScoreSide): ReadonlyMap<string, Driver> {
  return new Map(side.drivers.filter((driver) => driver.group === group).map((driver) => [driver.measure, driver]));
}

function driversByKey(side: ScoreSide): ReadonlyMap<string, Driver> {
  // What does not count contributes nothing, whatever its weight.
  const scale = isCounted(side) ? 1 : 0;
  return new Map(
    baseDrivers(side).map((driver) => [
      keyOf({ group: driver.group, id: driver.measure }),
      { ...driver, weight: driver.weight * scale },
    ]),
  );
}

function bothKeys(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])];
}

/** Rounds shares to tenths so that they add up to their part. */
function allotShares(tenths: number, sized: readonly Sized[]): readonly SplitShare[] {
  // Float noise is no share, unless rounding turned on nothing else.
  const moved = sized.filter(({ size }) => Math.abs(size) > 1e-6);
  const counting = moved.length > 0 ? moved : sized.slice(0, tenths === 0 ? 0 : 1);
  const allotted = allotTenths(
    tenths,
    counting.map(({ size }) => size),
  );
  return greatestFirst(
    counting.map(({ group, measure, words }, index) => {
      return { group, measure, points: (allotted[index] ?? 0) / 10, words: words() };
    }),
  );
}

function greatestFirst(shares: readonly SplitShare[]): readonly SplitShare[] {
  return shares
    .filter(({ points }) => points !== 0)
    .sort((one, other) => Math.abs(other.points) - Math.abs(one.points));
}

function ofProgram(tenths: number): SplitShare {
  const words = "another version of the program computed the stored score";
  return { group: "program", measure: "version", points: tenths / 10, words };
}

function partOf(cause: SplitCause, { tenths, shares }: Cause, after: ScoreSide): SplitPart {
  return { cause, points: tenths / 10, shares, words: `${signed(tenths / 10)} ${causeWords[cause](after)}` };
}

const causeWords: Readonly<Record<SplitCause, (after: ScoreSide) => string>> = {
  data: () => "by what was measured",
  missing: () => "by what came, went, grew stale or is held",
  configuration: ({ model }) => `by the health model, now ${model.id} revision ${model.revision}`,
  override: () => "by overrides",
  cap: () => "by caps",
};

const unread: Reading = {
  value: null,
  unit: "",
  ageDays: null,
  state: "no-data",
  points: null,
  reason: "not computed",
};

function orNothing(reading: Reading | null): Reading {
  return reading ?? unread;
}
