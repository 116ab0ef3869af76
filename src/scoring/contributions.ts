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
  const remainders = exact.map((size, index) => size - (parts[index] ?? 0));
  for (; left > 0; left--) {
    const next = largest(remainders);
    parts[next] = (parts[next] ?? 0) + 1;
    remainders[next] = -1;
  }
  // Differences of rounded sizes may lack a tenth as well as have one to spare.
  if (left < 0 && parts.length > 0) parts[0] = (parts[0] ?? 0) + left;
  return parts;
}

/** The position of the largest; of those that are equal but for noise, the first. */
function largest(remainders: readonly number[]): number {
  let position = 0;
  for (let index = 1; index < remainders.length; index++) {
    if ((remainders[index] ?? 0) > (remainders[position] ?? 0) + noise) position = index;
  }
  return position;
}
