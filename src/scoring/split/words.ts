import type { Reading } from "../health/reading.ts";
import type { Driver } from "../history.ts";
import type { Weighed } from "./weighed.ts";

/** A changed value: `12 → 4 logins, 80 → 20 points`. */
export function dataWords(before: Reading, after: Reading): string {
  const values = `${shownValue(before)} → ${shownValue(after)}${unitOf(after)}`;
  return `${values}, ${shownPoints(before)} → ${shownPoints(after)} points`;
}

/** A value that came, went, grew stale or is held. */
export function missingWords(before: Reading, after: Reading): string {
  const [was, is] = [stateWords(before), stateWords(after)];
  const why = after.state === "value" || after.reason === undefined ? "" : ` (${after.reason})`;
  return was === is ? `${is}${why}` : `${was} → ${is}${why}`;
}

/** What another model makes of the same data. */
export function configurationWords(before: Weighed | undefined, after: Weighed | undefined): string {
  if (before === undefined) return "new in the model";
  if (after === undefined) return "no longer in the model";
  const points = [shownPoints(before), shownPoints(after)];
  const weights = [percent(before.weight), percent(after.weight)];
  const words = [
    ...(points[0] === points[1] ? [] : [`${points[0]} → ${points[1]} points`]),
    ...(weights[0] === weights[1] ? [] : [`weight ${weights[0]} → ${weights[1]}`]),
  ];
  return words.length === 0 ? "weighs as before" : words.join(", ");
}

/** A child's score, or its weight. */
export function childWords(before: Driver | undefined, after: Driver | undefined): string {
  if (before === undefined) return `new, ${after?.points ?? "no score"}`;
  if (after === undefined) return "no longer counted here";
  const scores = `${before.points ?? "no score"} → ${after.points ?? "no score"}`;
  const weights = [percent(before.weight), percent(after.weight)];
  return weights[0] === weights[1] ? scores : `${scores}, weight ${weights[0]} → ${weights[1]}`;
}

/** A cap or an override that began, ended, or takes away more or less than before. */
export function limitWords(before: Driver | undefined, after: Driver | undefined): string {
  if (before === undefined) return `began: ${after?.reason ?? ""}`;
  if (after === undefined) return `ended: ${before.reason ?? ""}`;
  return `${signed(before.contribution)} → ${signed(after.contribution)}: ${after.reason ?? ""}`;
}

/** Points with their sign. */
export function signed(points: number): string {
  return `${points > 0 ? "+" : ""}${points.toFixed(1)}`;
}

function stateWords({ state, points }: Reading): string {
  if (state === "value") return "a value";
  if (state === "not-applicable") return "not applicable";
  if (state === "held") return "held";
  const what = state === "stale" ? "stale" : "no data";
  return points === null ? what : `${what}, counted with ${shown(points)} points`;
}

function shownValue({ value, unit }: Reading): string {
  if (value === null) return "nothing";
  if (typeof value === "string") return value;
  return unit === "ratio" ? `${Math.round(value * 100)} %` : shown(value);
}

function unitOf({ unit, value }: Reading): string {
  if (typeof value === "string" || unit === "" || unit === "ratio") return "";
  // A scale is no unit: 4 on 1-5.
  const scale = /^\d+-(\d+)$/.exec(unit);
  return scale === null ? ` ${unit}` : ` of ${scale[1]}`;
}

function shownPoints({ points }: { readonly points: number | null }): string {
  return points === null ? "no" : shown(Math.round(points * 10) / 10);
}

function shown(number: number): string {
  return String(Number(number.toFixed(Math.abs(number) < 10 ? 2 : 1)));
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
