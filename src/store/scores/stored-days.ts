import { sql } from "kysely";
import type { Confidence, DayNumber, LifecycleState, MetricValue } from "../../scoring/history.ts";
import { idArray } from "../arrays.ts";
import type { Db } from "../db.ts";
import { type PackedMetrics, unpackMetrics } from "./packing.ts";

/** As much of a stored score as playbooks may go by. */
export interface StoredDay {
  readonly day: DayNumber;
  readonly modelId: string;
  readonly modelRevision: number;
  readonly score: number | null;
  readonly band: string | null;
  readonly computed: number | null;
  readonly coverage: number;
  readonly confidence: Confidence | null;
  readonly lifecycle: LifecycleState | null;
  /** Those asked for that it has kept. */
  readonly metrics: Readonly<Record<string, MetricValue>>;
}

/** As the statement below spells a day; the names of metrics and days are told once. */
type DayText = readonly [
  day: DayNumber,
  modelId: string,
  modelRevision: number,
  score: number | null,
  band: string | null,
  computed: number | null,
  coverage: number,
  confidence: Confidence | null,
  lifecycle: LifecycleState | null,
  metrics: readonly (PackedMetrics[string] | null)[],
];

/** The stored scores of a range of days, by account and in order of day. */
export async function readStoredDays(
  db: Db,
  accountIds: readonly number[],
  days: { readonly fromDay: DayNumber; readonly toDay: DayNumber },
  metrics: readonly string[],
): Promise<ReadonlyMap<number, readonly StoredDay[]>> {
  const kept = metrics.map((name) => sql`coalesce((metrics->${name}::text)::text, 'null')`);
  const list = kept.length === 0 ? sql`''` : sql.join(kept, sql` || ',' || `);
  // One text per account: the driver would take longer with each row than the judging does.
  const { rows } = await sql<{ a: number; d: string }>`
    select account_id as a, '[' || string_agg('[' || (day - date '1970-01-01') || ',' || to_json(model_id) || ',' || model_revision
      || ',' || coalesce(score::text, 'null') || ',' || coalesce(to_json(band)::text, 'null') || ',' || coalesce(computed::text, 'null')
      || ',' || coverage || ',' || coalesce(confidence::text, 'null') || ',' || coalesce(lifecycle::text, 'null')
      || ',[' || ${list} || ']]', ',' order by day) || ']' as d
    from scores
    where account_id = any(${idArray(accountIds)}::bigint[])
      and day between date '1970-01-01' + ${days.fromDay}::integer and date '1970-01-01' + ${days.toDay}::integer
    group by account_id`.execute(db.withoutPlugins());
  return new Map(
    rows.map(({ a, d }) => {
      const texts: readonly DayText[] = JSON.parse(d);
      return [a, texts.map((text) => storedDay(text, metrics))];
    }),
  );
}

function storedDay(text: DayText, names: readonly string[]): StoredDay {
  const [day, modelId, modelRevision, score, band, computed, coverage, confidence, lifecycle, packed] = text;
  const kept = names.flatMap((name, index) => {
    const metric = packed[index];
    return metric == null ? [] : [[name, metric] as const];
  });
  const metrics = unpackMetrics(Object.fromEntries(kept));
  return { day, modelId, modelRevision, score, band, computed, coverage, confidence, lifecycle, metrics };
}
