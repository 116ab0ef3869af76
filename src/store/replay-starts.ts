import type { Instant, StreamCoverage } from "../scoring/history.ts";
import type { RecordKind } from "../scoring/records.ts";
import type { ReplayGround } from "../scoring/replay/account-days.ts";
import { batchesOf, type Unit } from "../scoring/replay/families.ts";
import type { FamilyMember } from "../scoring/replay/family-days.ts";
import { scoringScope } from "../scoring/scoring-scope.ts";
import type { Db } from "./db.ts";
import { loadHistories } from "./histories.ts";
import { loadingAhead } from "./loading-ahead.ts";
import { readNewestScores } from "./scores/children.ts";
import { memoryOf, readPreviousScores } from "./scores.ts";

/** Their usage fits into what a connection holds back, so that the server reads on while scores are computed. */
const batchSize = 100;
const dayMs = 86_400_000;

/**
 * What is stored of accounts that are to be replayed, some units at a time; the next ones are loaded while these are at hand. `kinds` of
 * record are loaded beside those that are scored by.
 */
export async function* readReplayStarts(
  db: Db,
  ground: ReplayGround,
  units: readonly Unit[],
  kinds: readonly RecordKind[] = [],
): AsyncGenerator<readonly (readonly FamilyMember[])[]> {
  const scope = scopeOf(ground, kinds);
  const load = (batch: readonly Unit[]) => loadBatch(db, ground, scope, batch);
  for await (const { loaded } of loadingAhead(batchesOf(units, batchSize), load)) yield loaded;
}

type Scope = ReturnType<typeof scopeOf>;

async function loadBatch(
  db: Db,
  { fromDay }: ReplayGround,
  scope: Scope,
  units: readonly Unit[],
): Promise<FamilyMember[][]> {
  const accounts = units.flat();
  const histories = await loadHistories(db, { ...scope, accounts });
  const ids = accounts.map(({ accountId }) => accountId);
  const memories = await readPreviousScores(db, ids, fromDay - 1);
  const related = units.filter((unit) => unit.length > 1).flatMap((unit) => unit.map(({ accountId }) => accountId));
  const newest = related.length === 0 ? null : await readNewestScores(db, related, fromDay - 1);
  const byId = new Map(histories.map((history) => [history.accountId, history]));
  return units.map((unit) =>
    unit.flatMap(({ accountId, archivedAt }) => {
      const history = byId.get(accountId);
      if (history === undefined) return [];
      const memory = memoryOf(memories.get(accountId));
      return [{ history, archivedAt, memory, newest: newest?.get(accountId) ?? null }];
    }),
  );
}

/** All that any of the days looks at, and those moments at which values are held while a source fails. */
function scopeOf({ scorer, coverage, fromDay, toDay }: ReplayGround, kinds: readonly RecordKind[]) {
  // No local day ends sooner.
  const scope = scoringScope(scorer, coverage, (fromDay - 1) * dayMs);
  const everyKind = [...new Set([...scope.kinds, ...kinds])];
  return { ...scope, kinds: everyKind, toDay, forPast: { dayEndsAnd: outageMoments(coverage) } };
}

function outageMoments({ kindOutages, usageOutages }: StreamCoverage): readonly Instant[] {
  const outages = [...kindOutages.values(), ...usageOutages.values()].flat();
  return [...new Set(outages.map(({ beganAt }) => beganAt))];
}
