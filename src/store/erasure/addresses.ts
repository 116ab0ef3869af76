/** Where the two halves of an e-mail address meet, also in a URL. */
const middle = /@|%40/g;
const localCharacter = /[\p{L}\p{N}_.%+'-]/u;
/** Ends in letters, as the address of every contact does: in `kim@example.com-7` it ends before the dash. */
const domain = /^(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(?![\p{L}\p{N}])/u;
/** No address is longer; a text of a megabyte without a space is read in no time. */
const longestHalf = 260;

/** What may stand right before an address and look like its beginning: a quote, a list's dash, `%3C`. */
const lead = /^(?:%[0-9a-f]{2}|[.'%+-])+/i;
/** The same after a backslash, in JSON inside of a text. */
const escapedLead = /^(?:[bfnrt]|u[0-9a-f]{4})/i;
/** Words before an address in a URL. */
const encodedLead = /^.*%[0-9a-f]{2}/i;

/** An address as it is compared and hashed: capitals do not matter. */
export function plainAddress(text: string): string {
  return text.trim().toLowerCase();
}

/** True when a text may hold an address: cheap, for the many that hold none. */
export function mayHoldAddress(text: string): boolean {
  return text.includes("@") || text.includes("%40");
}

/** Every address that a text may be read to hold, plain. */
export function addressesIn(text: string): string[] {
  return findAll(text).flatMap(({ readings }) => readings.map(({ plain }) => plain));
}

/** Puts something else where an address stands; null leaves it. A longer address that begins or ends with a shorter one is another one. */
export function replaceAddresses(text: string, instead: (plain: string) => string | null): string {
  let done = "";
  let rest = 0;
  for (const { readings, end } of findAll(text)) {
    for (const { start, plain } of readings) {
      const replaced = start < rest ? null : instead(plain);
      if (replaced === null) continue;
      done += text.slice(rest, start) + replaced;
      rest = end;
    }
  }
  return done + text.slice(rest);
}

/** A stretch of a text that may be read as an address, from one start or from a later one. */
interface Found {
  readonly readings: readonly { readonly start: number; readonly plain: string }[];
  readonly end: number;
}

function findAll(text: string): Found[] {
  if (!mayHoldAddress(text)) return [];
  const found: Found[] = [];
  for (const { 0: sign, index } of text.matchAll(middle)) {
    const from = index + sign.length;
    const host = domain.exec(text.slice(from, from + longestHalf))?.[0];
    const start = startOf(text, index);
    if (host === undefined || start === index) continue;
    const readings = startsOf(text, start, index).map((at) => ({
      start: at,
      plain: plainAddress(`${text.slice(at, index)}@${host}`),
    }));
    found.push({ readings, end: from + host.length });
  }
  return found;
}

function startOf(text: string, index: number): number {
  let start = index;
  while (start > 0 && index - start < longestHalf && localCharacter.test(text.charAt(start - 1))) start -= 1;
  return start;
}

function startsOf(text: string, start: number, index: number): number[] {
  const escaped = text.charAt(start - 1) === "\\" ? lengthOf(escapedLead, text.slice(start, index)) : 0;
  const marks = lengthOf(lead, text.slice(start + escaped, index));
  const inUrl = lengthOf(encodedLead, text.slice(start, index));
  const lengths = new Set([0, escaped, escaped + marks, inUrl]);
  return [...lengths].map((length) => start + length).filter((at) => at < index);
}

function lengthOf(pattern: RegExp, text: string): number {
  return pattern.exec(text)?.[0].length ?? 0;
}
