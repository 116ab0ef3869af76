/** An exact number: prices have up to twelve digits after the point, and a week is no whole part of a year. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

export const zero: Fraction = { over: 0n, under: 1n };

export function whole(count: number | bigint): Fraction {
  return { over: BigInt(count), under: 1n };
}

/** A decimal as Stripe writes it, `"0.05"`, or as JSON gives it, `25.5`; null when it is none. */
export function decimal(value: string | number): Fraction | null {
  const parts = /^(-?)(\d{1,30})(?:\.(\d{1,20}))?$/.exec(String(value));
  if (parts === null) return null;
  const [, sign = "", digits = "", rest = ""] = parts;
  const over = BigInt(digits + rest);
  return { over: sign === "-" ? -over : over, under: 10n ** BigInt(rest.length) };
}

export function sum(one: Fraction, other: Fraction): Fraction {
  return { over: one.over * other.under + other.over * one.under, under: one.under * other.under };
}

export function product(one: Fraction, other: Fraction): Fraction {
  return { over: one.over * other.over, under: one.under * other.under };
}

export function minus(one: Fraction, other: Fraction): Fraction {
  return sum(one, { over: -other.over, under: other.under });
}

/** The nearest whole number, a half upwards; null when it is larger than a number can hold exactly. */
export function rounded({ over, under }: Fraction): number | null {
  const doubled = 2n * over + under;
  const divisor = 2n * under;
  const floor = doubled / divisor - (doubled % divisor < 0n ? 1n : 0n);
  const count = Number(floor);
  return Number.isSafeInteger(count) ? count : null;
}
