import type { Driver } from "../history.ts";
import { allotShares, type BaseCauses, type Cause, type Sized } from "./shares.ts";
import { baseDrivers, bothKeys, isCounted, keyOf, type ScoreSide, tenthsOf } from "./side.ts";
import { commonLevel, liftOf } from "./weighed.ts";
import { childWords } from "./words.ts";

const nothing: Cause = { tenths: 0, shares: [] };

/** Of a parent everything that its children changed is data, unless the way they are rolled up has changed. */
export function splitChildren(before: ScoreSide, after: ScoreSide): BaseCauses {
  const tenths = tenthsOf(baseDrivers(after)) - tenthsOf(baseDrivers(before));
  const [was, is] = [driversByKey(before), driversByKey(after)];
  const level = commonLevel([...was.values()], [...is.values()]);
  const sized = bothKeys(was, is).map((key): Sized => {
    const [one, other] = [was.get(key), is.get(key)];
    const { group, measure } = other ?? one ?? { group: "", measure: "" };
    const size = liftOf(other, level) - liftOf(one, level);
    return { group, measure, size, words: () => childWords(one, other) };
  });
  const cause = { tenths, shares: allotShares(tenths, sized) };
  const isSameWay = JSON.stringify(before.model.rollUp) === JSON.stringify(after.model.rollUp);
  if (isSameWay) return { data: cause, missing: nothing, configuration: nothing };
  return { data: nothing, missing: nothing, configuration: cause };
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
