import type { DayNumber } from "../../scoring/history.ts";

/** The scores of one day, summed up. Plain data: it crosses threads. */
export interface DayTally {
  readonly day: DayNumber;
  readonly accounts: number;
  /** Accounts whose score is known. */
  readonly known: number;
  /** Sum of their scores in tenths, so that the order of adding does not matter. */
  readonly tenths: number;
  /** Accounts by band; `unknown` where there is none. */
  readonly bands: Readonly<Record<string, number>>;
}

/** Sums replayed scores up by day. */
export class TallyByDay {
  readonly #days = new Map<
    DayNumber,
    { accounts: number; known: number; tenths: number; bands: Map<string, number> }
  >();

  add(day: DayNumber, score: number | null, band: string | null): void {
    const entry = this.#entry(day);
    entry.accounts += 1;
    if (score !== null) {
      entry.known += 1;
      entry.tenths += Math.round(score * 10);
    }
    count(entry.bands, band ?? "unknown", 1);
  }

  addAll(days: readonly DayTally[]): void {
    for (const { day, accounts, known, tenths, bands } of days) {
      const entry = this.#entry(day);
      entry.accounts += accounts;
      entry.known += known;
      entry.tenths += tenths;
      for (const [band, times] of Object.entries(bands)) count(entry.bands, band, times);
    }
  }

  /** In order of day. */
  days(): DayTally[] {
    return [...this.#days]
      .sort(([one], [other]) => one - other)
      .map(([day, { bands, ...sums }]) => ({ day, ...sums, bands: Object.fromEntries([...bands].sort()) }));
  }

  #entry(day: DayNumber) {
    let entry = this.#days.get(day);
    if (entry === undefined) {
      entry = { accounts: 0, known: 0, tenths: 0, bands: new Map() };
      this.#days.set(day, entry);
    }
    return entry;
  }
}

function count(bands: Map<string, number>, band: string, times: number): void {
  bands.set(band, (bands.get(band) ?? 0) + times);
}
