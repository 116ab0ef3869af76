import { z } from "zod";

/** Milliseconds in one of each unit a duration may name. */
const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A day of 24 hours, in milliseconds: what `1d` means. */
export const dayMs = 86_400_000;

const pattern = /^(\d{1,5})([smhdw])$/;

/** A length of time as documents write it: a whole number and a unit, `30m`, `12h`, `7d` or `2w`. */
export const durationSchema = z.string().regex(pattern, 'expected a duration, such as "30m", "12h" or "7d"');

/** Milliseconds of a duration such as `7d`; null when the text is not one. */
export function parseDuration(text: string): number | null {
  const parts = pattern.exec(text);
  const unit = unitMs[parts?.[2] ?? ""];
  return unit === undefined ? null : Number(parts?.[1]) * unit;
}

/** Milliseconds in words, in the largest unit that keeps it short: `2 days`, `6 hours`, `30 minutes`. */
export function durationWords(milliseconds: number): string {
  const units = [
    ["day", dayMs],
    ["hour", 3_600_000],
    ["minute", 60_000],
  ] as const;
  for (const [name, size] of units) {
    const count = Math.round(milliseconds / size);
    if (milliseconds >= size) return count === 1 ? `1 ${name}` : `${count} ${name}s`;
  }
  return "less than a minute";
}
