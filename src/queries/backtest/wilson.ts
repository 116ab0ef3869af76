/** A share that was counted, and between which two it lies with 95 % probability (Wilson's interval, without correction for continuity). */
export interface Share {
  readonly of: number;
  readonly counted: number;
  /** Null where there is nothing to count among, as the next two. */
  readonly share: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** The 97.5 % quantile of the normal distribution. */
const z = 1.959963984540054;

/** E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927). */
export function shareOf(counted: number, of: number): Share {
  if (of === 0) return { of, counted, share: null, low: null, high: null };
  const share = counted / of;
  const middle = share + (z * z) / (2 * of);
  const reach = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const whole = 1 + (z * z) / of;
  // Of none, and of all, rounding would leave the range.
  return {
    of,
    counted,
    share,
    low: Math.max(0, (middle - reach) / whole),
    high: Math.min(1, (middle + reach) / whole),
  };
}
