import { sql } from "kysely";
import type {
  AccountMemory,
  BandMemory,
  Confidence,
  DayNumber,
  Driver,
  LifecycleState,
  MetricValue,
} from "../scoring/history.ts";
import { idArray, lines } from "./arrays.ts";
import type { Db, Tx } from "./db.ts";
import {
  type PackedDriver,
  type PackedMetrics,
  packDrivers,
  packMetrics,
  unpackDrivers,
  unpackMetrics,
} from "./scores/packing.ts";

/** A score as it is kept: the last one of its local day. */
export interface StoredScore {
  readonly accountId: number;
  readonly day: string;
  readonly at: Date;
  readonly origin: "live" | "replayed";
  readonly modelId: string;
  readonly modelRevision: number;
  /** Null in rows of an older version of the program, as the next four. */
  readonly modelReason: string | null;
  readonly computed: number | null;
  readonly suggestedBand: string | null;
  readonly confidence: Confidence | null;
  readonly lifecycle: LifecycleState | null;
  readonly score: number | null;
  readonly band: string | null;
  readonly coverage: number;
  readonly reason: string;
  readonly bandMemory: BandMemory;
  readonly drivers: readonly Driver[];
  readonly metrics: Readonly<Record<string, MetricValue>>;
}

/** What scoring needs of the score before: the band's memory, and what to compare with. */
export interface PreviousScore {
  readonly accountId: number;
  readonly score: number | null;
  readonly band: string | null;
  readonly bandMemory: BandMemory;
  readonly lifecycle: LifecycleState | null;
  readonly modelId: string;
}

/** Nearly every account was scored this lately; one that was not costs a second look. */
const recentDays = 35;

/** The newest score of each account up to and including `throughDay` (days since 1970). */
export async function readPreviousScores(
  db: Db | Tx,
  accountIds: readonly number[],
  throughDay: DayNumber,
): Promise<Map<number, PreviousScore>> {
  // Two partitions are looked into instead of all of them.
  const found = await readNewest(db, accountIds, throughDay - recentDays, throughDay);
  const missing = accountIds.filter((id) => !found.has(id));
  if (missing.length === 0) return found;
  return new Map([...found, ...(await readNewest(db, missing, 0, throughDay - recentDays - 1))]);
}

async function readNewest(
  db: Db | Tx,
  accountIds: readonly number[],
  fromDay: DayNumber,
  throughDay: DayNumber,
): Promise<Map<number, PreviousScore>> {
  const { rows } = await sql<PreviousScore>`
    select s.account_id, s.score::float8 as score, s.band, s.band_memory, s.lifecycle, s.model_id
    from unnest(${idArray(accountIds)}::bigint[]) as a (id)
    cross join lateral (
      select account_id, score, band, band_memory, lifecycle, model_id from scores
      where account_id = a.id
        and day between date '1970-01-01' + ${fromDay}::integer and date '1970-01-01' + ${throughDay}::integer
      order by day desc limit 1
    ) s`.execute(db);
  return new Map(rows.map((row) => [row.accountId, row]));
}

/** Writes scores; the last one of a day wins, and a replayed one never replaces a live one unless told to. */
export async function writeScores(db: Db | Tx, scores: readonly StoredScore[], replaceLive: boolean): Promise<number> {
  const result = await sql`
    insert into scores (account_id, day, at, origin, model_id, model_revision, score, band, coverage, reason,
      band_memory, drivers, metrics, model_reason, computed, suggested_band, confidence, lifecycle)
    select * from unnest(
      string_to_array(${lines(scores.map((s) => s.accountId))}, E'\n')::bigint[],
      string_to_array(${lines(scores.map((s) => s.day))}, E'\n')::date[],
      string_to_array(${lines(scores.map((s) => s.at.toISOString()))}, E'\n')::timestamptz[],
      string_to_array(${lines(scores.map((s) => s.origin))}, E'\n'),
      string_to_array(${lines(scores.map((s) => s.modelId))}, E'\n'),
      string_to_array(${lines(scores.map((s) => s.modelRevision))}, E'\n')::integer[],
      string_to_array(${lines(scores.map((s) => s.score))}, E'\n', '')::numeric[],
      string_to_array(${lines(scores.map((s) => s.band))}, E'\n', ''),
      string_to_array(${lines(scores.map((s) => s.coverage))}, E'\n')::real[],
      ${scores.map((s) => s.reason)}::text[],
      string_to_array(${lines(scores.map((s) => JSON.stringify(s.bandMemory)))}, E'\n')::json[],
      string_to_array(${lines(scores.map((s) => packDrivers(s.drivers, s.metrics)))}, E'\n')::json[],
      string_to_array(${lines(scores.map((s) => packMetrics(s.metrics)))}, E'\n')::json[],
      ${scores.map((s) => s.modelReason)}::text[],
      string_to_array(${lines(scores.map((s) => s.computed))}, E'\n', '')::numeric[],
      string_to_array(${lines(scores.map((s) => s.suggestedBand))}, E'\n', ''),
      string_to_array(${lines(scores.map((s) => JSON.stringify(s.confidence)))}, E'\n')::json[],
      string_to_array(${lines(scores.map((s) => JSON.stringify(s.lifecycle)))}, E'\n')::json[]
    )
    on conflict (account_id, day) do update set
      at = excluded.at, origin = excluded.origin, model_id = excluded.model_id,
      model_revision = excluded.model_revision, score = excluded.score, band = excluded.band,
      coverage = excluded.coverage, reason = excluded.reason, band_memory = excluded.band_memory,
      drivers = excluded.drivers, metrics = excluded.metrics,
      model_reason = excluded.model_reason, computed = excluded.computed, suggested_band = excluded.suggested_band,
      confidence = excluded.confidence, lifecycle = excluded.lifecycle
    where ${replaceLive} or scores.origin = 'replayed'`.execute(db);
  return Number(result.numAffectedRows ?? 0);
}

interface StoredRow extends Omit<StoredScore, "drivers" | "metrics"> {
  readonly drivers: readonly PackedDriver[];
  readonly metrics: PackedMetrics;
}

/** What an account's next score remembers of a stored one; null where there was none. */
export function memoryOf(
  stored: Pick<StoredScore, "bandMemory" | "lifecycle"> | null | undefined,
): AccountMemory | null {
  return stored == null ? null : { band: stored.bandMemory, lifecycle: stored.lifecycle };
}

/** The newest score of each account, whole; with `throughDay` as of the end of that day. */
export async function readScores(
  db: Db | Tx,
  accountIds: readonly number[],
  throughDay: DayNumber | null = null,
): Promise<Map<number, StoredScore>> {
  const until = throughDay === null ? sql`` : sql`and day <= date '1970-01-01' + ${throughDay}::integer`;
  const { rows } = await sql<StoredRow>`
    select s.account_id, s.day, s.at, s.origin, s.model_id, s.model_revision, s.score::float8 as score, s.band,
      s.coverage, s.reason, s.band_memory, s.drivers, s.metrics, s.model_reason, s.computed::float8 as computed,
      s.suggested_band, s.confidence, s.lifecycle
    from unnest(${accountIds}::bigint[]) as a (id)
    cross join lateral (
      select * from scores where account_id = a.id ${until}
      order by day desc limit 1
    ) s`.execute(db);
  return new Map(
    rows.map((row) => {
      const [drivers, metrics] = [unpackDrivers(row.drivers, row.metrics), unpackMetrics(row.metrics)];
      return [row.accountId, { ...row, drivers, metrics }];
    }),
  );
}

/** True when some live score stands in the given days, which a replay must not overwrite unasked. */
export async function hasLiveScores(db: Db, fromDay: string, toDay: string): Promise<boolean> {
  const row = await db
    .selectFrom("scores")
    .select("accountId")
    .where("day", ">=", fromDay)
    .where("day", "<=", toDay)
    .where("origin", "=", "live")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** True when any score stands in the given days. */
export async function hasScoresWithin(db: Db, fromDay: string, toDay: string): Promise<boolean> {
  const row = await db
    .selectFrom("scores")
    .select("accountId")
    .where("day", ">=", fromDay)
    .where("day", "<=", toDay)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** A fact about an account that came to be. */
export interface AccountChange {
  readonly accountId: number;
  readonly at: Date;
  readonly kind: "score" | "band" | "stage" | "milestone" | "model";
  readonly data: Readonly<Record<string, unknown>>;
}

/** Notes changes, for the account's story. */
export async function writeChanges(tx: Tx, changes: readonly AccountChange[]): Promise<void> {
  if (changes.length === 0) return;
  await sql`
    insert into changes (account_id, at, kind, data)
    select * from unnest(
      ${changes.map((c) => c.accountId)}::bigint[],
      ${changes.map((c) => c.at.toISOString())}::timestamptz[],
      ${changes.map((c) => c.kind)}::text[],
      ${changes.map((c) => JSON.stringify(c.data))}::jsonb[]
    )`.execute(tx);
}

/** True when any account was ever scored. */
export async function hasScores(db: Db): Promise<boolean> {
  const row = await db.selectFrom("scores").select("accountId").limit(1).executeTakeFirst();
  return row !== undefined;
}
