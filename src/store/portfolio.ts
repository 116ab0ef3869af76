import { sql } from "kysely";
import type { BandMemory, Confidence, LifecycleState, MetricValue } from "../scoring/history.ts";
import { idArray } from "./arrays.ts";
import type { Db, Tx } from "./db.ts";
import { type PackedMetrics, unpackMetrics } from "./scores/packing.ts";

/** One account of all, without its scores. */
export interface PortfolioAccount {
  readonly accountId: number;
  readonly key: string;
  readonly name: string;
  readonly owner: string | null;
  readonly parentId: number | null;
}

/** The newest score of an account: what it rests on, what it says, and what it remembers. */
export interface ScoreBasis {
  readonly accountId: number;
  readonly at: Date;
  readonly day: string;
  readonly modelId: string;
  readonly score: number | null;
  readonly band: string | null;
  readonly coverage: number;
  readonly computed: number | null;
  readonly confidence: Confidence | null;
  readonly bandMemory: BandMemory;
  readonly lifecycle: LifecycleState | null;
  readonly metrics: Readonly<Record<string, MetricValue>>;
}

/** Every account that is not archived, in order of ids. */
export async function readPortfolio(db: Db | Tx): Promise<readonly PortfolioAccount[]> {
  return await db
    .selectFrom("accounts")
    .select(["id as accountId", "key", "name", "owner", "parentId"])
    .where("archivedAt", "is", null)
    .orderBy("id")
    .execute();
}

/** Nearly every account was scored this lately; the few others cost a look into every partition. */
const recentDays = 35;

/** The bases of the newest scores of accounts; those that were never scored are left out. */
export async function readScoreBases(
  db: Db | Tx,
  accountIds: readonly number[],
  now: Date,
): Promise<Map<number, ScoreBasis>> {
  const from = new Date(now.getTime() - recentDays * 86_400_000).toISOString().slice(0, 10);
  const found = await readFrom(db, accountIds, from);
  const missing = accountIds.filter((id) => !found.has(id));
  return missing.length === 0 ? found : new Map([...found, ...(await readFrom(db, missing, null))]);
}

interface BasisRow extends Omit<ScoreBasis, "metrics"> {
  readonly metrics: PackedMetrics;
}

async function readFrom(db: Db | Tx, accountIds: readonly number[], fromDay: string | null) {
  const since = fromDay === null ? sql`` : sql`and day >= ${fromDay}::date`;
  const { rows } = await sql<BasisRow>`
    select s.account_id, s.at, s.day, s.model_id, s.score::float8 as score, s.band, s.coverage,
      s.computed::float8 as computed, s.confidence, s.band_memory, s.lifecycle, s.metrics
    from unnest(${idArray(accountIds)}::bigint[]) as a (id)
    cross join lateral (
      select * from scores
      where account_id = a.id ${since} order by day desc limit 1
    ) s`.execute(db);
  return new Map(rows.map((row) => [row.accountId, { ...row, metrics: unpackMetrics(row.metrics) }]));
}
