import { type AccountScore, type Scorer, scoreAccount } from "../account-score.ts";
import { dayOfInstant, startOfDay } from "../days.ts";
import type { AccountHistory, AccountMemory, ChildScore, DayNumber, Instant, StreamCoverage } from "../history.ts";
import { followSeries } from "../metrics/usage-series.ts";
import { accountAsOf, accountRecordAsOf, rememberFolds } from "../record-state.ts";

/** What every account of a replay is scored by. */
export interface ReplayGround {
  readonly scorer: Scorer;
  readonly coverage: StreamCoverage;
  readonly fromDay: DayNumber;
  readonly toDay: DayNumber;
  /** No moment beyond this one is replayed. */
  readonly now: Instant;
  /** Whole scores are kept; otherwise only their numbers are asked for. */
  readonly isRecording: boolean;
}

/** An account on its way through the days. */
export interface ReplayedAccount {
  readonly history: AccountHistory;
  readonly archivedAt: Instant | null;
  /** What the score before has left. */
  memory: AccountMemory | null;
}

/** An account at the beginning of a replay. Its history is from now on read at moments that move on. */
export function enterReplay<Account extends ReplayedAccount>(account: Account): Account {
  rememberFolds(account.history);
  for (const series of account.history.usage.values()) followSeries(series);
  return { ...account };
}

/** The last moment of each local day of the account on which it was known and not archived, not after now. */
export function momentsOf(ground: ReplayGround, { history, archivedAt }: ReplayedAccount): Instant[] {
  const { scorer, fromDay, toDay } = ground;
  const end = Math.min(ground.now, archivedAt ?? Infinity);
  const companyZone = scorer.company.zone;
  const moments: Instant[] = [];
  for (let day = fromDay; day <= toDay; day += 1) {
    const at = lastMomentOf(day, history, companyZone);
    if (at > end) break;
    const account = accountRecordAsOf(history, at);
    if (account === null) continue;
    // Where the zone changed within the day, that moment belongs to another local day, which has its own turn.
    if (dayOfInstant(account.fields.zone ?? companyZone, at) === day) moments.push(at);
  }
  return moments;
}

/** The score of that moment, by what the one before has left. */
export function scoreMoment(
  { scorer, coverage, isRecording }: ReplayGround,
  account: ReplayedAccount,
  children: readonly ChildScore[],
  at: Instant,
): AccountScore {
  const { history, memory } = account;
  const score = scoreAccount(scorer, { history, coverage, memory, children, isBrief: !isRecording }, at);
  account.memory = { band: score.health.bandMemory, lifecycle: score.lifecycle };
  return score;
}

/** The zone may itself have changed over time: the day's end is taken in the zone in force about then. */
function lastMomentOf(day: DayNumber, history: AccountHistory, companyZone: string): Instant {
  const zone = accountAsOf(history, startOfDay(companyZone, day + 1)).zone ?? companyZone;
  return startOfDay(zone, day + 1) - 1;
}
