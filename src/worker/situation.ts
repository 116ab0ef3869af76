import type { Configuration } from "../playbooks/configuration.ts";
import type { CustomerLinks } from "../playbooks/customer-links.ts";
import { type HeldFacts, heldFacts, withoutHeld } from "../playbooks/held-facts.ts";
import { playbookFacts } from "../playbooks/known-facts.ts";
import type { PauseOf } from "../playbooks/mail/customer-mail.ts";
import { ownerCalendar, resolveOwner } from "../playbooks/owners.ts";
import { type SnoozeNotice, snoozeNotice } from "../playbooks/snooze.ts";
import type { Subject } from "../playbooks/subject.ts";
import type { AskedPeople } from "../playbooks/survey/asked-people.ts";
import { awaitedKinds } from "../playbooks/trigger/awaited.ts";
import { snoozeAsOf } from "../scoring/by-hand.ts";
import type { MissingReason } from "../scoring/conditions.ts";
import { dayOfInstant, formatDay } from "../scoring/days.ts";
import { type DerivedFact, derivedAmong } from "../scoring/derived-facts.ts";
import type { Facts } from "../scoring/facts.ts";
import { failingMetrics } from "../scoring/held-metrics.ts";
import type { AccountHistory, Instant, Outages } from "../scoring/history.ts";
import { accountAsOf, recordsAsOf } from "../scoring/record-state.ts";
import type { TrendSpans } from "../scoring/trend-spans.ts";
import { findAccountKeys } from "../store/account-list.ts";
import { readOutages } from "../store/coverage.ts";
import type { Tx } from "../store/db.ts";
import { loadHistories, recordsOnly } from "../store/histories.ts";
import { readTriggerStates, type TriggerStateRow } from "../store/playbook-state.ts";
import { type RunRow, readOpenRuns } from "../store/runs.ts";
import { readTrendSpans } from "../store/score-trends.ts";
import { readScores, type StoredScore } from "../store/scores.ts";
import type { RespondClaim } from "../store/work.ts";
import { loadAskedPeople } from "./asked-people.ts";
import { loadMailedPeople } from "./mailed-people.ts";

/** Everything respond looks at for one account. */
export interface Situation {
  readonly accountId: number;
  readonly factsSeq: number;
  /** Nothing but an edit of documents has moved it. */
  readonly isQuiet: boolean;
  readonly facts: Facts;
  /** Why a fact is missing, where that is known. */
  readonly missingReason: MissingReason;
  /** What triggers would go by rests on sources that fail; null where none of it does. Steps and messages go by what was known last. */
  readonly held: HeldFacts | null;
  /** Null while the account is not snoozed. */
  readonly snooze: SnoozeNotice | null;
  readonly subject: Subject;
  /** The account's own fields, its contacts, what people said of it, and the records that playbooks wait for. */
  readonly history: AccountHistory;
  /** As the account names it, whether or not there is such an owner. */
  readonly ownerId: string | null;
  readonly states: readonly TriggerStateRow[];
  /** The runs under way. */
  readonly runs: readonly RunRow[];
  /** Those that ended, or in which nothing is done, and whose goal may still be reached. */
  readonly endedRuns: readonly RunRow[];
}

/** What situations are judged by, beside the accounts themselves. */
export interface SituationDeps {
  readonly configuration: Configuration;
  /** For mail to customers; none unless given. */
  readonly links?: CustomerLinks | null | undefined;
  /** In place of the newest scores: those of another moment. */
  readonly scores?: ReadonlyMap<number, StoredScore> | undefined;
}

/** An account is scored again long before this when a source of it is whole again. */
const longestUnscoredMs = 7 * 86_400_000;

/** What a person has said of an account counts beside its fields and contacts. */
const kinds = ["account", "contact", "override", "snooze"] as const;

/** Loads a batch of locked accounts: their newest score, own fields, primary contact, trigger states and runs under way. */
export async function loadSituations(
  tx: Tx,
  { configuration, links = null, scores: given }: SituationDeps,
  claims: readonly RespondClaim[],
  now: Date,
): Promise<Situation[]> {
  const ids = claims.map((claim) => claim.accountId);
  const keys = await findAccountKeys(tx, ids);
  const stateRows = await readTriggerStates(tx, ids);
  const histories = await loadHistories(tx, {
    accounts: ids.map((accountId) => ({ accountId, key: keys.get(accountId) ?? "" })),
    ...recordsOnly(kinds),
    recent: { kinds: awaitedKinds(configuration.playbooks), since: openSince(stateRows, now) },
  });
  const wanted = derivedAmong(configuration.playbooks.flatMap(({ facts }) => facts));
  const spans = await readSpans(tx, configuration, histories, wanted, now);
  const scores = given ?? (await readScores(tx, ids));
  const outages = await readOutages(tx, new Date(now.getTime() - longestUnscoredMs));
  const contacts = histories.map((history) => primaryContact(history, now.getTime()));
  const surveys = await loadAskedPeople(tx, configuration, contacts, now);
  const pauseOf = await loadMailedPeople(tx, configuration, contacts, now);
  const states = groupByAccount(stateRows);
  const runs = groupByAccount(await readOpenRuns(tx, ids, now));
  return histories.map((history, index) => {
    const { accountId } = history;
    const open = runs.get(accountId) ?? [];
    const found = {
      score: scores.get(accountId) ?? null,
      spans: spans.get(accountId) ?? new Map(),
      wanted,
      outages,
      links,
      contact: contacts[index] ?? null,
      surveys,
      pauseOf,
    };
    return {
      accountId,
      factsSeq: claims[index]?.factsSeq ?? 0,
      isQuiet: claims[index]?.isQuiet ?? false,
      history,
      ...knowledgeOf(configuration, history, found, now.getTime()),
      states: states.get(accountId) ?? [],
      runs: open.filter(({ state }) => state === "active"),
      endedRuns: open.filter(({ state }) => state !== "active"),
    };
  });
}

/** Since when records have come that a trigger may still wait for. */
function openSince(states: readonly TriggerStateRow[], now: Date): Date {
  const floors = states.flatMap(({ seen }) => (seen === null ? [] : [seen.floor]));
  return new Date(floors.reduce((earliest, floor) => Math.min(earliest, floor), now.getTime()));
}

function readSpans(
  tx: Tx,
  configuration: Configuration,
  histories: readonly AccountHistory[],
  wanted: readonly DerivedFact[],
  now: Date,
): Promise<Map<number, TrendSpans>> {
  const accounts = histories.map((history) => {
    const zone = accountAsOf(history, now.getTime()).zone ?? configuration.scorer.company.zone;
    return { accountId: history.accountId, today: dayOfInstant(zone, now.getTime()) };
  });
  return readTrendSpans(
    tx,
    accounts,
    wanted.filter((fact) => fact.kind === "trend"),
    now,
  );
}

interface Found {
  readonly score: StoredScore | null;
  readonly spans: TrendSpans;
  readonly wanted: readonly DerivedFact[];
  readonly outages: Outages;
  readonly links: CustomerLinks | null;
  readonly contact: Subject["contact"];
  readonly surveys: AskedPeople;
  readonly pauseOf: PauseOf;
}

function knowledgeOf(
  configuration: Configuration,
  history: AccountHistory,
  { score, spans, wanted, outages, links, contact, surveys, pauseOf }: Found,
  now: Instant,
): Pick<Situation, "facts" | "missingReason" | "held" | "snooze" | "subject" | "ownerId"> {
  const { company, plan, models } = configuration.scorer;
  const account = accountAsOf(history, now);
  const zone = account.zone ?? company.zone;
  const metrics = new Map(Object.entries(score?.metrics ?? {}));
  const calendar = ownerCalendar(configuration.owners, account.owner ?? null, company.calendarOf);
  const known = playbookFacts({ history, metrics, score, spans, zone, calendar }, wanted, now);
  const today = formatDay(dayOfInstant(zone, now));
  const onDuty = (id: string | null) => resolveOwner(configuration.owners, id, today);
  const ownerId = account.owner ?? null;
  const duty = onDuty(ownerId);
  const subject = {
    facts: known.facts,
    ...duty,
    ownerZone: duty.owner?.zone ?? company.zone,
    onDuty,
    calendarOf: company.calendarOf,
    contact,
    drivers: driversOf(score),
    zone,
    links,
    pauseOf,
    surveys,
  };
  const failing = failingMetrics(plan, outages, { scoredAt: score?.at.getTime() ?? now, zone }, now);
  const held = heldFacts(
    failing,
    models.find(({ id }) => id === score?.modelId),
  );
  return { ...withoutHeld(known, held), held, snooze: snoozeNotice(snoozeAsOf(history, now), zone), subject, ownerId };
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
