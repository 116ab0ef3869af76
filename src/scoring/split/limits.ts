import type { Driver } from "../history.ts";
import { type Cause, greatestFirst } from "./shares.ts";
import { bothKeys, type ScoreSide, tenthsOf } from "./side.ts";
import { limitWords } from "./words.ts";

/** A cap or an override is a driver with a whole contribution of its own. */
export function splitLimits(group: "override" | "cap", before: ScoreSide, after: ScoreSide): Cause {
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
