/** Float sums of weights and points miss exact halves by far less than this. */
const noise = 1e-9;

/** Points as whole tenths, half up: 34.25 becomes 343. */
export function toTenths(points: number): number {
  return Math.floor(points * 10 + 0.5 + noise);
}

/**
 * Splits `total` whole tenths among parts whose exact sizes (in tenths) add up to it but for rounding, so that the parts add up to
 * it exactly: each gets its whole part, and what is left goes by largest remainder, the earlier part first where two are equal.
 */
export function allotTenths(total: number, exact: readonly number[]): readonly number[] {
  const parts = exact.map((size) => Math.floor(size + noise));
  let left = total - parts.reduce((sum, part) => sum + part, 0);
  const byRemainder = exact.map((size, index) => ({ index, remainder: size - Math.floor(size + noise) }));
  byRemainder.sort((a, b) =>
    Math.abs(a.remainder - b.remainder) < noise ? a.index - b.index : b.remainder - a.remainder,
  );
  for (const { index } of byRemainder) {
    if (left <= 0) break;
    parts[index] = (parts[index] ?? 0) + 1;
    left -= 1;
  }
  return parts;
}
