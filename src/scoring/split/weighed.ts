/** Points and the share of the score they had. */
export interface Weighed {
  readonly weight: number;
  readonly points: number | null;
}

/** The mean of the first, in points, to measure shares from; 0 where the weights of either do not add up to 1. */
export function commonLevel(one: readonly Weighed[], other: readonly Weighed[]): number {
  const isWhole = (side: readonly Weighed[]) => side.some(({ weight }) => weight > 0);
  return isWhole(one) && isWhole(other) ? one.reduce((sum, { weight, points }) => sum + weight * (points ?? 0), 0) : 0;
}

/** How far it lifts the score above a level, or draws it below, in tenths. */
export function liftOf(weighed: Weighed | undefined, level: number): number {
  return weighed === undefined ? 0 : weighed.weight * ((weighed.points ?? 0) - level) * 10;
}
