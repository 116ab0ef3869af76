import type { Configuration } from "../playbooks/configuration.ts";
import { resolveOwner } from "../playbooks/owners.ts";
import type { Subject } from "../playbooks/subject.ts";
import { type Facts, factsOf, lifecycleFacts } from "../scoring/facts.ts";
import type { AccountHistory, Instant } from "../scoring/history.ts";
import { accountAsOf, recordsAsOf } from "../scoring/record-state.ts";
import { findAccountKeys } from "../store/account-list.ts";
import type { Tx } from "../store/db.ts";
import { loadHistories } from "../store/histories.ts";
import { type RunRow, readActiveRuns, readTriggerStates, type TriggerStateRow } from "../store/playbook-state.ts";
import { readScores, type StoredScore } from "../store/scores.ts";
import type { RespondClaim } from "../store/work.ts";

/** Everything respond looks at for one account. */
export interface Situation {
  readonly accountId: number;
  readonly factsSeq: number;
  readonly facts: Facts;
  /** Why a metric has no value. */
  readonly missingReason: (fact: string) => string | undefined;
  readonly subject: Subject;
  readonly states: readonly TriggerStateRow[];
  readonly runs: readonly RunRow[];
}

/** Beyond any day on which an account can have been scored. */
const farDay = 1_000_000;

/** Loads a batch of locked accounts: their newest score, own fields, primary contact, trigger states and runs under way. */
export async function loadSituations(
  tx: Tx,
  configuration: Configuration,
  claims: readonly RespondClaim[],
  now: Date,
): Promise<Situation[]> {
  const ids = claims.map((claim) => claim.accountId);
  const keys = await findAccountKeys(tx, ids);
  const histories = await loadHistories(tx, {
    accounts: ids.map((accountId) => ({ accountId, key: keys.get(accountId) ?? "" })),
    kinds: ["account", "contact"],
    usageNames: [],
    fromDay: 0,
    toDay: 0,
    forPast: false,
  });
  const scores = await readScores(tx, ids, farDay);
  const states = groupByAccount(await readTriggerStates(tx, ids));
  const runs = groupByAccount(await readActiveRuns(tx, ids));
  return histories.map((history, index) => {
    const score = scores.get(history.accountId) ?? null;
    const metrics = new Map(Object.entries(score?.metrics ?? {}));
    const account = { ...accountAsOf(history, now.getTime()), key: history.key };
    const facts = factsOf(account, metrics, score);
    if (score?.lifecycle != null) lifecycleFacts(facts, score.lifecycle, now.getTime());
    return {
      accountId: history.accountId,
      factsSeq: claims[index]?.factsSeq ?? 0,
      facts,
      missingReason: (fact: string) => metrics.get(fact)?.reason,
      subject: {
        facts,
        owner: resolveOwner(configuration.owners, account.owner ?? null),
        contact: primaryContact(history, now.getTime()),
        drivers: driversOf(score),
        zone: account.zone ?? configuration.scorer.company.zone,
      },
      states: states.get(history.accountId) ?? [],
      runs: runs.get(history.accountId) ?? [],
    };
  });
}

function driversOf(score: StoredScore | null): Subject["drivers"] {
  return score?.drivers ?? [];
}

/** The newest primary contact with an address who has not left; else the newest champion. */
function primaryContact(history: AccountHistory, now: Instant): Subject["contact"] {
  const today = new Date(now).toISOString().slice(0, 10);
  const present = recordsAsOf(history, "contact", now).filter(({ fields }) => {
    const hasLeft = fields.leftOn != null && fields.leftOn <= today;
    return fields.email != null && !hasLeft;
  });
  for (const role of ["primary", "champion"]) {
    const newest = present
      .filter(({ fields }) => fields.role === role)
      .sort((one, other) => other.firstAt - one.firstAt || other.recordId - one.recordId)[0];
    if (newest?.fields.email != null) return { name: newest.fields.name ?? null, email: newest.fields.email };
  }
  return null;
}

function groupByAccount<Row extends { readonly accountId: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.accountId);
    if (group === undefined) groups.set(row.accountId, [row]);
    else group.push(row);
  }
  return groups;
}
