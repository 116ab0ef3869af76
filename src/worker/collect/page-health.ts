import type { Deletion } from "../../integrations/mapped-port.ts";
import type { Page, SourceStream } from "../../integrations/source-port.ts";
import { formatDay, parseDay } from "../../scoring/days.ts";
import { type Input, sourceKinds } from "../../scoring/records.ts";
import type { Tx } from "../../store/db.ts";
import {
  endOutage,
  forgetAcceptance,
  openOutage,
  readStanding,
  type Standing,
  type Trouble,
} from "../../store/outages.ts";
import { addVolumes, type DayVolume, readVolumes } from "../../store/stream-volumes.ts";
import type { ClaimedStream } from "../../store/streams.ts";
import { countSweep, dropSweep, keepSightings, type Sighting, takeSweep } from "../../store/sweeps.ts";
import { habitDays, judgeSweep, judgeVolume } from "./health.ts";

/** A page whose cursor was moved, in the transaction that stores it. */
interface StoredPage {
  readonly stream: SourceStream;
  readonly claimed: ClaimedStream;
  readonly page: Page;
  readonly inputs: readonly Input[];
  readonly now: Date;
}

/** What a page says of its stream. */
interface PageHealth {
  /** Its coverage may be stated: there is nothing strange about what came. */
  readonly isWhole: boolean;
  /** What a sweep at its end did not come upon any more. */
  readonly gone: readonly Deletion[];
  /** It opened an outage. */
  readonly opened: boolean;
}

/** Counts what a page brought, judges a stream that came to its end by it, and opens or ends its outage. */
export async function settleHealth(tx: Tx, stored: StoredPage): Promise<PageHealth> {
  const { claimed, page, inputs, now } = stored;
  await addVolumes(tx, claimed.id, volumesOf(inputs, now));
  if (page.sweep !== undefined) await keepSightings(tx, claimed.id, page.sweep, sightingsOf(inputs));
  const standing = await readStanding(tx, claimed.id);
  if (!page.done) return { isWhole: !isOfVolume(standing.open), gone: [], opened: false };
  const isAccepted = isOfVolume(standing.accepted);
  const sweep = await endSweep(tx, stored, isAccepted);
  const trouble = sweep.trouble ?? (await judge(tx, stored, standing));
  const isStrange = trouble !== null && !isAccepted;
  if (!isStrange || !isOfVolume(standing.open)) await endOutage(tx, claimed.id, now);
  if (standing.accepted !== null && (trouble === null || !isAccepted)) await forgetAcceptance(tx, claimed.id);
  const opened = isStrange && (await openOutage(tx, claimed.id, trouble));
  return { isWhole: !isStrange, gone: sweep.gone, opened };
}

function isOfVolume(kind: Standing["open"]): boolean {
  return kind === "empty" || kind === "zero";
}

async function judge(tx: Tx, { stream, claimed, page, now }: StoredPage, standing: Standing): Promise<Trouble | null> {
  const through = page.coveredThrough ?? null;
  const newest = through ?? formatDay(Math.floor(now.getTime() / dayMs));
  const volumes = await readVolumes(tx, claimed.id, formatDay(parseDay(newest) - habitDays - 2));
  return judgeVolume(volumes, {
    feedsUsage: stream.feeds.includes("usage"),
    through,
    isKnown: isOfVolume(standing.open) || isOfVolume(standing.accepted),
    lastDoneAt: claimed.lastDoneAt,
    now,
  });
}

/** A sweep that shrank too much is forgotten, unless an operator said that it is so. */
async function endSweep(
  tx: Tx,
  { claimed, page: { sweep }, now }: StoredPage,
  isAccepted: boolean,
): Promise<{ readonly trouble: Trouble | null; readonly gone: readonly Deletion[] }> {
  if (sweep === undefined) return { trouble: null, gone: [] };
  const trouble = judgeSweep(await countSweep(tx, claimed.id, sweep), claimed.lastDoneAt, now);
  if (trouble !== null && !isAccepted) {
    await dropSweep(tx, claimed.id, sweep);
    return { trouble, gone: [] };
  }
  const gone = await takeSweep(tx, claimed.id, sweep);
  return { trouble: null, gone: gone.map(({ kind, id }) => ({ kind, id, at: now.toISOString() })) };
}

const dayMs = 86_400_000;

function volumesOf(inputs: readonly Input[], now: Date): DayVolume[] {
  const today = formatDay(Math.floor(now.getTime() / dayMs));
  const volumes = new Map([[today, { day: today, pages: 1, inputs: inputs.length, usageInputs: 0, usageNonzero: 0 }]]);
  for (const input of inputs) {
    if (input.kind !== "usage") continue;
    const { day } = input;
    const volume = volumes.get(day) ?? { day, pages: 0, inputs: 0, usageInputs: 0, usageNonzero: 0 };
    volume.usageInputs += 1;
    if (input.value !== 0) volume.usageNonzero += 1;
    volumes.set(day, volume);
  }
  return [...volumes.values()];
}

function sightingsOf(inputs: readonly Input[]): Sighting[] {
  return inputs.flatMap((input) => {
    if (input.kind === "usage") return [];
    const kind = sourceKinds.find((each) => each === input.kind);
    return kind === undefined ? [] : [{ kind, id: input.id }];
  });
}
