import { durationWords } from "./duration.ts";
import type { BandMemory, Instant } from "./history.ts";

/** A band and the score at which it begins, in tenths of a point. */
export interface BandEdge {
  readonly id: string;
  readonly fromTenths: number;
}

/** When an account changes its band. */
export interface BandRules {
  /** From the worst, which begins at 0, to the best. */
  readonly bands: readonly BandEdge[];
  /** A better band is entered this far above its edge. */
  readonly hysteresisTenths: number;
  /** How long the score must have held beyond the edge before the band is entered. */
  readonly dwellMs: number;
}

/** What a score means for the band. */
export interface BandStep {
  /** Null while the score is unknown. */
  readonly band: string | null;
  readonly memory: BandMemory;
  /** When the next band is entered by time alone, should the score stay. */
  readonly dueAt: Instant | null;
  /** Why this band, in words. */
  readonly reason: string;
}

/** A band the score has reached and since when, by its position in the rules. */
interface Clock {
  readonly index: number;
  readonly since: Instant;
}

const nothing: BandMemory = { band: null, since: null, candidate: null, candidateSince: null };

/**
 * The band after a score (in tenths; null when unknown). Every edge the score is beyond has its own clock: a worse band's runs while
 * the score is below the edge of the band above it, a better band's while it is at or above its own edge plus the hysteresis. The
 * furthest band whose clock has run for the dwell time is entered. `ceilingTenths` is the limit of a cap that applies, null for none:
 * the band it allows is entered at once. The first known score gives the band by plain edges, and an unknown one stops the clocks and
 * leaves the last known band in memory.
 */
export function stepBand(
  rules: BandRules,
  memory: BandMemory | null,
  scoreTenths: number | null,
  ceilingTenths: number | null,
  now: Instant,
): BandStep {
  const last = memory ?? nothing;
  if (scoreTenths === null) return unknownScore(last);
  const present = rules.bands.findIndex((band) => band.id === last.band);
  if (present === -1) return firstBand(rules, plainBand(rules, scoreTenths), now);
  const forced = ceilingTenths === null ? present : Math.min(present, plainBand(rules, ceilingTenths));
  const reached = runningClocks(rules, last, forced, scoreTenths, now);
  const due = reached.findLastIndex((clock) => now - clock.since >= rules.dwellMs);
  const entered = reached[due]?.index ?? forced;
  const waiting = reached.slice(due + 1);
  const since = entered === present ? (last.since ?? now) : now;
  const words = moveWords(rules, { present, forced, entered });
  return settled(rules, entered, since, waiting, (band) => `${words(band)}${holdWords(rules, entered, scoreTenths)}`);
}

/** The band a score (in tenths) belongs to by edges alone, without memory. */
export function bandByEdges(rules: BandRules, scoreTenths: number): string | null {
  return rules.bands[plainBand(rules, scoreTenths)]?.id ?? null;
}

/** The position of the band a score belongs to by edges alone; an edge belongs to the band above it. */
function plainBand(rules: BandRules, scoreTenths: number): number {
  return rules.bands.findLastIndex((band) => band.fromTenths <= scoreTenths);
}

function unknownScore(last: BandMemory): BandStep {
  const memory = { ...nothing, band: last.band, since: last.since };
  const reason = last.band === null ? "band unknown" : `band unknown, last known ${last.band}`;
  return { band: null, memory, dueAt: null, reason };
}

function firstBand(rules: BandRules, index: number, now: Instant): BandStep {
  return settled(rules, index, now, [], (band) => `${band} by its first known score`);
}

/** The clocks of the bands the score has reached, from the nearest to the furthest; those that ran before go on. */
function runningClocks(
  rules: BandRules,
  last: BandMemory,
  present: number,
  scoreTenths: number,
  now: Instant,
): readonly Clock[] {
  const started = new Map((last.further ?? []).map(({ band, since }) => [band, since]));
  if (last.candidate !== null && last.candidateSince !== null) started.set(last.candidate, last.candidateSince);
  const isWorse = plainBand(rules, scoreTenths) < present;
  const step = isWorse ? -1 : 1;
  const clocks: Clock[] = [];
  for (let index = present + step; isReached(rules, index, isWorse, scoreTenths); index += step) {
    clocks.push({ index, since: started.get(rules.bands[index]?.id ?? "") ?? now });
  }
  return clocks;
}

function isReached(rules: BandRules, index: number, isWorse: boolean, scoreTenths: number): boolean {
  const edge = rules.bands[isWorse ? index + 1 : index];
  if (edge === undefined || index < 0) return false;
  return isWorse ? scoreTenths < edge.fromTenths : scoreTenths >= edge.fromTenths + rules.hysteresisTenths;
}

function settled(
  rules: BandRules,
  index: number,
  since: Instant,
  waiting: readonly Clock[],
  words: (band: string) => string,
): BandStep {
  const band = rules.bands[index]?.id ?? null;
  const [candidate, ...further] = waiting.map((clock) => ({
    band: rules.bands[clock.index]?.id ?? "",
    since: clock.since,
  }));
  const memory: BandMemory = {
    band,
    since,
    candidate: candidate?.band ?? null,
    candidateSince: candidate?.since ?? null,
    ...(further.length > 0 && { further }),
  };
  if (candidate === undefined) return { band, memory, dueAt: null, reason: words(band ?? "") };
  const reason = `${words(band ?? "")}, ${candidate.band} once it has held for ${durationWords(rules.dwellMs)}`;
  return { band, memory, dueAt: candidate.since + rules.dwellMs, reason };
}

function moveWords(
  rules: BandRules,
  move: { readonly present: number; readonly forced: number; readonly entered: number },
): (band: string) => string {
  const before = rules.bands[move.present]?.id ?? "";
  if (move.entered === move.present) return (band) => band;
  if (move.entered === move.forced) return (band) => `${band} at once by a cap, after ${before}`;
  return (band) => `${band} after ${before}`;
}

/** Why a score above the next band's edge is still in the band below it. */
function holdWords(rules: BandRules, index: number, scoreTenths: number): string {
  const next = rules.bands[index + 1];
  if (next === undefined || scoreTenths < next.fromTenths || scoreTenths >= next.fromTenths + rules.hysteresisTenths)
    return "";
  return `, as ${next.id} begins again only at ${(next.fromTenths + rules.hysteresisTenths) / 10}`;
}
