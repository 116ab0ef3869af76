import type { Source } from "../integrations/source-port.ts";
import type { Db } from "../store/db.ts";
import { notify } from "../store/notify.ts";
import { openOutage } from "../store/outages.ts";
import { claimDueStream, keepStream, readStreamClocks, type StreamClock } from "../store/streams.ts";
import type { CollectDeps } from "./collect/deps.ts";
import { judgeLateness } from "./collect/health.ts";
import { leaseSeconds } from "./collect/page.ts";
import { type TurnSummary, takeTurn } from "./collect/stream-turn.ts";

export interface CollectSummary {
  readonly pages: number;
  readonly written: number;
  readonly rejected: number;
  /** Streams that failed, with why. */
  readonly failed: readonly string[];
}

/** Sources that are pulled side by side: a slow vendor keeps no other waiting. */
const sourcesAtOnce = 4;

/** Pulls every stream that is due, and notes those that are late. Sources go side by side, the streams of one in their order. */
export async function collectDue(deps: CollectDeps, now: Date): Promise<CollectSummary> {
  const clocks = await readClocks(deps);
  const isDue = (source: Source) => source.streams.some(({ name }) => clocks.get(source.id, name)?.isDue);
  const waiting = deps.sources.filter(isDue);
  const turns: Turn[] = [];
  const lane = async () => {
    for (let source = waiting.shift(); source !== undefined; source = waiting.shift()) {
      turns.push(...(await pullSource(deps, source, now)));
    }
  };
  await Promise.all(Array.from({ length: sourcesAtOnce }, lane));
  // After the pulls: what was not pulled while nothing ran is pulled first, and late only if it could not be.
  const hasLate = await noteLateness(deps, now);
  const total = summarise(turns);
  // A failure may have opened an outage, which is seen in scores.
  if (hasLate || total.pages > 0 || total.failed.length > 0) await notify(deps.db, "score");
  // The operator is told of outages where actions are delivered.
  if (hasLate || turns.some(({ opened }) => opened)) await notify(deps.db, "deliver");
  return total;
}

interface Turn extends TurnSummary {
  readonly of: string;
}

async function pullSource(deps: CollectDeps, source: Source, now: Date): Promise<Turn[]> {
  const turns: Turn[] = [];
  for (const stream of source.streams) {
    if (deps.stopping.aborted) break;
    const claimed = await claimDueStream(deps.db, source.id, stream.name, leaseSeconds);
    if (claimed === null) continue;
    turns.push({ of: `${source.id} ${stream.name}`, ...(await takeTurn(deps, { source, stream, claimed }, now)) });
  }
  return turns;
}

function summarise(turns: readonly Turn[]): CollectSummary {
  const sum = (of: (turn: Turn) => number) => turns.reduce((total, turn) => total + of(turn), 0);
  return {
    pages: sum(({ pages }) => pages),
    written: sum(({ written }) => written),
    rejected: sum(({ rejected }) => rejected),
    failed: turns.flatMap(({ of, failure }) => (failure === null ? [] : [`${of}: ${failure}`])),
  };
}

interface Clocks {
  get(source: string, stream: string): StreamClock | undefined;
}

/** The clocks of all streams; such as are new, or deliver other kinds than before, are noted first. */
async function readClocks({ db, sources }: CollectDeps): Promise<Clocks> {
  const ids = sources.map(({ id }) => id);
  const known = clocksOf(await readStreamClocks(db, ids));
  const changed = sources.flatMap((source) =>
    source.streams
      .filter(({ name, feeds }) => !isSame(known.get(source.id, name)?.feeds, feeds))
      .map((stream) => ({ source, stream })),
  );
  if (changed.length === 0) return known;
  for (const { source, stream } of changed) await keepStream(db, source.id, stream.name, stream.feeds);
  return clocksOf(await readStreamClocks(db, ids));
}

function clocksOf(rows: readonly StreamClock[]): Clocks {
  const clocks = new Map(rows.map((row) => [`${row.source} ${row.name}`, row]));
  return { get: (source, stream) => clocks.get(`${source} ${stream}`) };
}

function isSame(one: readonly string[] | undefined, other: readonly string[]): boolean {
  return one !== undefined && one.length === other.length && one.every((each, index) => each === other[index]);
}

/** Opens an outage for every stream that is late, whoever should have pulled it; true when there is a new one. */
async function noteLateness({ db, sources }: CollectDeps, now: Date): Promise<boolean> {
  const ids = sources.map(({ id }) => id);
  const clocks = clocksOf(await readStreamClocks(db, ids));
  let hasOpened = false;
  for (const source of sources) {
    for (const { name, everyMs } of source.streams) {
      const clock = clocks.get(source.id, name);
      if (clock === undefined || clock.isInTrouble) continue;
      const late = judgeLateness({ ...clock, everyMs }, now);
      if (late !== null) hasOpened = (await openLate(db, clock.id, late)) || hasOpened;
    }
  }
  return hasOpened;
}

function openLate(db: Db, streamId: number, late: Parameters<typeof openOutage>[2]): Promise<boolean> {
  return db.transaction().execute((tx) => openOutage(tx, streamId, late));
}
