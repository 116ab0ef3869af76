import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import type { DayNumber, Instant } from "../../scoring/history.ts";
import { accountAsOf } from "../../scoring/record-state.ts";
import { enterReplay, momentsOf, type ReplayedAccount, type ReplayGround } from "../../scoring/replay/account-days.ts";
import { batchesOf, type Unit } from "../../scoring/replay/families.ts";
import type { Db } from "../../store/db.ts";
import { loadHistories, recordsOnly } from "../../store/histories.ts";
import { loadingAhead } from "../../store/loading-ahead.ts";
import { readStoredDays, type StoredDay } from "../../store/scores/stored-days.ts";
import type { DayScore } from "./day-score.ts";
import type { Judges } from "./judges.ts";

/** An account with the stored score of each of its days. */
export interface StoredWalk {
  readonly account: ReplayedAccount;
  readonly days: readonly { readonly day: DayNumber; readonly at: Instant; readonly score: DayScore }[];
}

const batchSize = 200;
/** Where none of so many batches could be used, the others are not looked at. */
const vainBatches = 2;

/** Units with what their stored scores say of each day; null where one is missing, of another revision of its model, or lacks what playbooks name. */
export async function* readStoredWalks(
  db: Db,
  judges: Judges,
  ground: ReplayGround,
  units: readonly Unit[],
): AsyncGenerator<{ readonly unit: Unit; readonly accounts: readonly StoredWalk[] | null }> {
  const { metrics } = judges;
  const batches = batchesOf(units, batchSize);
  const load = (batch: readonly Unit[]) => loadBatch(db, judges, ground, metrics, batch);
  let seen = 0;
  let used = 0;
  for await (const { batch, loaded } of loadingAhead(batches, load)) {
    for (const unit of batch) {
      const accounts = walksOf(loaded, unit, judges, ground, metrics);
      if (accounts !== null) used += 1;
      yield { unit, accounts };
    }
    seen += 1;
    if (used > 0 || seen < vainBatches) continue;
    for (const unit of batches.slice(seen).flat()) yield { unit, accounts: null };
    return;
  }
}

interface LoadedBatch {
  readonly accounts: ReadonlyMap<number, ReplayedAccount>;
  readonly days: ReadonlyMap<number, readonly StoredDay[]>;
}

async function loadBatch(
  db: Db,
  { kinds }: Judges,
  ground: ReplayGround,
  metrics: readonly string[],
  units: readonly Unit[],
): Promise<LoadedBatch> {
  const accounts = units.flat();
  const histories = await loadHistories(db, {
    accounts,
    ...recordsOnly([...new Set([...kinds, "subscription" as const])]),
  });
  const ids = accounts.map(({ accountId }) => accountId);
  const archived = new Map(accounts.map(({ accountId, archivedAt }) => [accountId, archivedAt]));
  const entered = histories.map((history) => {
    const archivedAt = archived.get(history.accountId) ?? null;
    return [history.accountId, enterReplay({ history, archivedAt, memory: null })] as const;
  });
  return { accounts: new Map(entered), days: await readStoredDays(db, ids, ground, metrics) };
}

function walksOf(
  { accounts, days }: LoadedBatch,
  unit: Unit,
  judges: Judges,
  ground: ReplayGround,
  metrics: readonly string[],
): readonly StoredWalk[] | null {
  const walks: StoredWalk[] = [];
  for (const { accountId } of unit) {
    const account = accounts.get(accountId);
    if (account === undefined) return null;
    const walk = walkOf(account, days.get(accountId) ?? [], judges, ground, metrics);
    if (walk === null) return null;
    walks.push(walk);
  }
  return walks;
}

function walkOf(
  account: ReplayedAccount,
  stored: readonly StoredDay[],
  { configuration }: Judges,
  ground: ReplayGround,
  metrics: readonly string[],
): StoredWalk | null {
  const byDay = new Map(stored.map((one) => [one.day, one]));
  const revisions = new Map(configuration.scorer.models.map(({ id, revision }) => [id, revision]));
  const companyZone = configuration.scorer.company.zone;
  const days = [];
  for (const at of momentsOf(ground, account)) {
    const day = dayOfInstant(accountAsOf(account.history, at).zone ?? companyZone, at);
    const found = byDay.get(day);
    if (found === undefined || revisions.get(found.modelId) !== found.modelRevision) return null;
    if (found.lifecycle === null || metrics.some((name) => found.metrics[name] === undefined)) return null;
    days.push({ day, at, score: dayScore(found) });
  }
  return { account, days };
}

function dayScore({ metrics, day, ...score }: StoredDay): DayScore {
  return { metrics: new Map(Object.entries(metrics)), score: { ...score, day: formatDay(day) } };
}
