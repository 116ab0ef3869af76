import { weigh } from "../health/mean.ts";
import type { Reading } from "../health/reading.ts";
import { allotShares, type BaseCauses, type Sized, type SplitShare } from "./shares.ts";
import {
  baseDrivers,
  isCounted,
  keyOf,
  meanTenths,
  type ReadSide,
  readUnder,
  type ScoreSide,
  tenthsOf,
} from "./side.ts";
import { commonLevel, liftOf, type Weighed } from "./weighed.ts";
import { configurationWords, dataWords, missingWords } from "./words.ts";

/** Three steps from the readings before to those after, each by the model before, then to the model after. */
export function splitMeasures(before: ScoreSide, after: ScoreSide): BaseCauses {
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
  const level = commonLevel([...was.values()], [...is.values()]);
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
    const { points } = readings[index] ?? unread;
    return [keyOf(measure), { weight: weights[index] ?? 0, points }] as const;
  });
  return new Map(weighed);
}

function ofProgram(tenths: number): SplitShare {
  const words = "another version of the program computed the stored score";
  return { group: "program", measure: "version", points: tenths / 10, words };
}

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
