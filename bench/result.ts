/** One line of the table. */
export interface BenchResult {
  readonly name: string;
  readonly ours: string;
  /** What it is held against: the floor, the peer, or nothing. */
  readonly against: string;
  readonly ratio: string;
  readonly target: string;
  readonly isMet: boolean;
  /** How it was measured, in a few words. */
  readonly note: string;
}

/** The value below which the given share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Milliseconds as seconds with two digits. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
