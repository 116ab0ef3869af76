/** How many of a group reached the goal. */
export interface Reached {
  readonly accounts: number;
  readonly reached: number;
}

/** A share with its 95 % interval, 0 to 1. */
export interface Share {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** What a playbook did, as far as the numbers can tell. */
export interface Effect {
  readonly treated: Share;
  readonly holdout: Share;
  /** Treated less held out, with its 95 % interval, -1 to 1. */
  readonly difference: Share;
  /** The interval lies on one side of nothing. */
  readonly isCertain: boolean;
  /**
   * Accounts of both groups together that are still needed, in the proportion there is, to see a difference as large as this one four times
   * out of five; 0 when it is certain, null when there is no difference to see.
   */
  readonly needed: number | null;
}

/** Of the normal distribution: two-sided 95 %, and one-sided 80 % (the power). */
const z95 = 1.959964;
const z80 = 0.841621;

/** The score interval of a share (Wilson 1927); of nobody it is everything. */
export function shareOf({ accounts, reached }: Reached): Share {
  if (accounts === 0) return { share: 0, low: 0, high: 1 };
  const share = reached / accounts;
  const spread = z95 ** 2 / accounts;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (z95 * Math.sqrt((share * (1 - share)) / accounts + spread / (4 * accounts))) / (1 + spread);
  return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * The difference of two shares with Newcombe's hybrid score interval (1998, method 10), and how many accounts are still needed by the usual
 * formula for two proportions (Fleiss, unequal groups).
 */
export function compareGroups(treated: Reached, holdout: Reached): Effect {
  const one = shareOf(treated);
  const other = shareOf(holdout);
  const share = one.share - other.share;
  const low = share - Math.hypot(one.share - one.low, other.high - other.share);
  const high = share + Math.hypot(one.high - one.share, other.share - other.low);
  const isCertain = treated.accounts > 0 && holdout.accounts > 0 && (low > 0 || high < 0);
  const needed = isCertain ? 0 : stillNeeded(treated, holdout);
  return { treated: one, holdout: other, difference: { share, low, high }, isCertain, needed };
}

function stillNeeded(treated: Reached, holdout: Reached): number | null {
  if (treated.accounts === 0 || holdout.accounts === 0) return null;
  const [one, other] = [treated.reached / treated.accounts, holdout.reached / holdout.accounts];
  if (one === other) return null;
  /** Treated accounts to one that is held out. */
  const ratio = treated.accounts / holdout.accounts;
  const pooled = (ratio * one + other) / (ratio + 1);
  const root =
    z95 * Math.sqrt((1 + 1 / ratio) * pooled * (1 - pooled)) +
    z80 * Math.sqrt((one * (1 - one)) / ratio + other * (1 - other));
  const heldOut = Math.ceil((root / (one - other)) ** 2);
  const wanted = heldOut + Math.ceil(heldOut * ratio);
  return Math.max(1, wanted - treated.accounts - holdout.accounts);
}
