import { z } from "zod";
import { stormOf } from "../../playbooks/guards/storm-brake.ts";
import type { CompiledBrake } from "../../playbooks/playbook.ts";
import { formatDay } from "../../scoring/days.ts";
import type { DayNumber } from "../../scoring/history.ts";
import { countedShare } from "./counted-share.ts";
import { horizons, type Verdict, verdictOf } from "./verdict.ts";
import type { JudgedFire, Walked } from "./walked.ts";

const shareSchema = z.strictObject({
  of: z.number(),
  counted: z.number(),
  share: z.number().nullable(),
  /** Wilson's interval, 95 %. */
  low: z.number().nullable(),
  high: z.number().nullable(),
});

const verdictSchema = z.strictObject({
  days: z.number(),
  precision: shareSchema,
  recall: shareSchema,
  medianLeadDays: z.number().nullable(),
  falseAlarms: z.number(),
  csmWeeks: z.number(),
  falseAlarmsPerCsmWeek: z.number().nullable(),
  left: z.strictObject({ tooRecent: z.number(), noCustomer: z.number(), unknown: z.number() }),
});

/** What one version of the playbook would have done. */
export const versionSchema = z.strictObject({
  /** The number that is swept; null: nothing is. */
  value: z.number().nullable(),
  fires: z.number(),
  accounts: z.number(),
  perWeek: z.number(),
  /** Accounts that were taken silently on the first day, as when a playbook is activated. */
  baseline: z.number(),
  /** By Monday. */
  weeks: z.array(z.strictObject({ week: z.string(), fires: z.number(), owners: z.record(z.string(), z.number()) })),
  /** Null: nobody's accounts. */
  owners: z.array(
    z.strictObject({
      owner: z.string().nullable(),
      fires: z.number(),
      accounts: z.number(),
      perWeek: z.number(),
      mostInAWeek: z.number(),
    }),
  ),
  /** Playbooks in force that would have fired for the account within 7 days of a run. */
  overlap: z.array(z.strictObject({ playbook: z.string(), ...shareSchema.shape })),
  verdicts: z.array(verdictSchema),
  /** Days on which its storm brake would have been pulled. */
  stormDays: z.array(z.strictObject({ day: z.string(), fires: z.number(), audience: z.number() })),
});
export type VersionReport = z.infer<typeof versionSchema>;

/** A run that would have begun. */
export const firedSchema = z.strictObject({
  day: z.string(),
  account: z.string(),
  name: z.string(),
  owner: z.string().nullable(),
  priority: z.string(),
  reason: z.string(),
  churnedOn: z.string().nullable(),
});
export type FiredReport = z.infer<typeof firedSchema>;

/** Which days were judged. */
export interface ReportRange {
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
}

/** What one version came to. */
export function versionReport(
  walked: Walked,
  version: number,
  range: ReportRange,
  { value, brake }: { readonly value: number | null; readonly brake: CompiledBrake | null },
): VersionReport {
  const fires = firesOf(walked, version);
  const weeks = (range.toDay - range.fromDay + 1) / 7;
  return {
    value,
    fires: fires.length,
    accounts: accountsOf(fires),
    perWeek: fires.length / weeks,
    baseline: walked.baseline[version] ?? 0,
    weeks: weeksOf(fires, range),
    owners: ownersOf(fires, weeks),
    overlap: overlapOf(fires),
    verdicts: horizons.map((days): Verdict => verdictOf(walked, version, range, days)),
    stormDays: brake === null ? [] : stormDaysOf(fires, walked.audience[version] ?? [], range, brake),
  };
}

/** The newest runs of a version. */
export function firedReport(walked: Walked, version: number, limit: number): readonly FiredReport[] {
  return firesOf(walked, version)
    .sort((one, other) => other.at - one.at || (one.key < other.key ? -1 : 1))
    .slice(0, limit)
    .map(({ day, key, name, owner, priority, reason, churnedOn }) => ({
      day: formatDay(day),
      account: key,
      name,
      owner,
      priority,
      reason,
      churnedOn: churnedOn === null ? null : formatDay(churnedOn),
    }));
}

type AccountFire = JudgedFire & { readonly key: string; readonly name: string };

function firesOf({ notable }: Walked, version: number): AccountFire[] {
  return notable.flatMap(({ key, name, fires }) =>
    fires.filter(({ playbook }) => playbook === version).map((fire) => ({ ...fire, key, name })),
  );
}

function accountsOf(fires: readonly AccountFire[]): number {
  return new Set(fires.map(({ key }) => key)).size;
}

/** 1970-01-01 was a Thursday. */
function mondayOf(day: DayNumber): DayNumber {
  return day - ((day + 3) % 7);
}

function weeksOf(fires: readonly AccountFire[], { fromDay, toDay }: ReportRange): VersionReport["weeks"] {
  const weeks: VersionReport["weeks"] = [];
  for (let monday = mondayOf(fromDay); monday <= toDay; monday += 7) {
    const within = fires.filter(({ day }) => mondayOf(day) === monday);
    const owners = Object.fromEntries([...countBy(within, ({ owner }) => owner ?? "")].sort());
    weeks.push({ week: formatDay(monday), fires: within.length, owners });
  }
  return weeks;
}

function ownersOf(fires: readonly AccountFire[], weeks: number): VersionReport["owners"] {
  const owners = [...new Set(fires.map(({ owner }) => owner))];
  return owners
    .map((owner) => {
      const own = fires.filter((fire) => fire.owner === owner);
      const mostInAWeek = Math.max(...countBy(own, ({ day }) => mondayOf(day)).values());
      return { owner, fires: own.length, accounts: accountsOf(own), perWeek: own.length / weeks, mostInAWeek };
    })
    .sort((one, other) => other.fires - one.fires || ((one.owner ?? "") < (other.owner ?? "") ? -1 : 1));
}

function overlapOf(fires: readonly AccountFire[]): VersionReport["overlap"] {
  const near = countBy(
    fires.flatMap((fire) => fire.near),
    (playbook) => playbook,
  );
  return [...near]
    .sort(([one, times], [other, others]) => others - times || (one < other ? -1 : 1))
    .map(([playbook, times]) => ({ playbook, ...countedShare(times, fires.length) }));
}

/** All that begins at the ends of one day begins together. */
function stormDaysOf(
  fires: readonly AccountFire[],
  audience: readonly number[],
  { fromDay }: ReportRange,
  brake: CompiledBrake,
): VersionReport["stormDays"] {
  return [...countBy(fires, ({ day }) => day)]
    .sort(([one], [other]) => one - other)
    .map(([day, times]) => ({ day: formatDay(day), fires: times, audience: audience[day - fromDay] ?? 0 }))
    .filter((day) => stormOf(brake, { begun: 0, audience: day.audience, brake: null }, day.fires) !== null);
}

function countBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
