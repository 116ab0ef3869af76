import type { DayNumber, UsageSeries } from "../../scoring/history.ts";

const comma = 44;
const digitZero = 48;
const digitNine = 57;
const colon = 58;
const openBrace = 123;
const closeBrace = 125;

/**
 * Reads the daily totals of one account from `name:first:days{values};…`: the id of the usage name, the day number at which a stretch
 * of at most 31 days begins, a bit for each of its days that has a row, and those rows' values, as PostgreSQL prints an array. By
 * hand, because a string per value would cost several times the scoring.
 */
export function parseUsage(
  text: string,
  names: ReadonlyMap<number, string>,
  fromDay: DayNumber,
  toDay: DayNumber,
): Map<string, UsageSeries> {
  const series = new Map<string, UsageSeries & { readonly values: Float64Array }>();
  const cursor = { text, at: 0 };
  while (cursor.at < text.length) {
    const name = names.get(readNumber(cursor, colon)) ?? "";
    const first = readNumber(cursor, colon);
    const days = readNumber(cursor, openBrace);
    let values = series.get(name)?.values;
    if (values === undefined) {
      values = new Float64Array(toDay - fromDay + 1);
      series.set(name, { firstDay: fromDay, values });
    }
    readValues(cursor, days, values, first - fromDay);
    // The semicolon before the next stretch.
    cursor.at += 1;
  }
  return series;
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readValues(cursor: Cursor, days: number, values: Float64Array, offset: number): void {
  for (let bit = 0, left = days; left !== 0; bit += 1, left >>>= 1) {
    if ((left & 1) === 1) values[offset + bit] = readNumber(cursor, left === 1 ? closeBrace : comma);
  }
}

/** The number up to the given character, which is passed. Whole numbers, nearly all there are, need no string. */
function readNumber(cursor: Cursor, until: number): number {
  const { text, at: start } = cursor;
  let at = start;
  let whole = 0;
  let isWhole = true;
  for (let code = text.charCodeAt(at); code !== until; at += 1, code = text.charCodeAt(at)) {
    if (Number.isNaN(code))
      throw new RangeError(`Expected "${String.fromCharCode(until)}" in a series of usage, met its end.`);
    if (code >= digitZero && code <= digitNine) whole = whole * 10 + code - digitZero;
    else isWhole = false;
  }
  cursor.at = at + 1;
  // Beyond 15 digits the sum above is not exact.
  return isWhole && at - start <= 15 ? whole : Number(text.slice(start, at));
}
