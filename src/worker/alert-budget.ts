import { minuteOf } from "../playbooks/compile/compilation.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import { digestDueAt } from "../playbooks/digest/due.ts";
import { readerOf } from "../playbooks/digest/reader.ts";
import { estimateLoss } from "../playbooks/expected-loss.ts";
import { type AlertWeek, alertWeek } from "../playbooks/guards/budget/allowance.ts";
import { budgetKnowledge } from "../playbooks/guards/budget/knowledge.ts";
import { type RankedRequest, rankRequests } from "../playbooks/guards/budget/ranking.ts";
import type { BudgetKnowledge } from "../playbooks/guards/budget.ts";
import type { HouseGuards } from "../playbooks/guards-document.ts";
import type { Owner } from "../playbooks/owners.ts";
import type { Instant } from "../scoring/history.ts";
import {
  type AlertRequestRow,
  countAlerts,
  dropAlertRequests,
  type Grant,
  grantRequests,
  hasOpenRequests,
  lockGrants,
  type NewAlertRequest,
  noteStandings,
  type OpenAlertRequest,
  readAlertRequests,
  readOpenRequests,
  writeAlertRequests,
} from "../store/alert-requests.ts";
import type { Db, Tx } from "../store/db.ts";
import { addToDigests, type DigestEntry } from "../store/digests.ts";
import type { TriggerStateRow } from "../store/playbook-state.ts";
import { recipientIn } from "./digests.ts";
import type { Judgement } from "./judgement.ts";
import type { Situation } from "./situation.ts";

type AlertBudget = NonNullable<HouseGuards["alertBudget"]>;

/** The requests of a batch of accounts, by account; asks nothing where guards.json has no alert budget. */
export async function loadAlertRequests(
  tx: Tx,
  { guards }: Configuration,
  accountIds: readonly number[],
): Promise<ReadonlyMap<number, readonly AlertRequestRow[]>> {
  if (guards.alertBudget === undefined) return new Map();
  const requests = await readAlertRequests(tx, accountIds);
  return new Map(accountIds.map((id) => [id, requests.filter(({ accountId }) => accountId === id)]));
}

/** Keeps the requests of the runs that the alert budget lets wait, and takes back those that wait for it no longer. */
export async function keepAlertRequests(
  tx: Tx,
  configuration: Configuration,
  situations: readonly Situation[],
  judgements: readonly Judgement[],
  now: Date,
): Promise<void> {
  if (configuration.guards.alertBudget === undefined) return;
  const known = await loadAlertRequests(
    tx,
    configuration,
    situations.map(({ accountId }) => accountId),
  );
  const asked: NewAlertRequest[] = [];
  const dropped: AlertRequestRow[] = [];
  for (const [index, situation] of situations.entries()) {
    const { changedStates = [], fires = [] } = judgements[index] ?? {};
    const waiting = waitingPlaybooks(situation.states, changedStates);
    // A grant is for one run: where that has begun, whoever waits behind it asks anew.
    const begun = new Set(fires.map(({ playbook }) => playbook.id));
    const requests = known.get(situation.accountId) ?? [];
    const kept = requests.filter(({ playbookId }) => waiting.includes(playbookId) && !begun.has(playbookId));
    dropped.push(...requests.filter((request) => !kept.includes(request)));
    if (waiting.length === 0) continue;
    const knowledge = budgetKnowledge(configuration, situation.subject, kept, now.getTime());
    if (knowledge !== null) asked.push(...requestsOf(situation, waiting, knowledge));
  }
  await dropAlertRequests(tx, dropped);
  await writeAlertRequests(tx, asked, now);
}

function requestsOf(
  { accountId, subject }: Situation,
  waiting: readonly string[],
  { ownerId, week, requests }: BudgetKnowledge,
): readonly NewAlertRequest[] {
  const stake = estimateLoss(subject.facts);
  return waiting.flatMap((playbookId) => {
    const known = requests.get(playbookId);
    // Granted, but not asked: what the trigger goes by is not known just now. It keeps its place.
    const isGranted = known != null && known.grantedAt !== null && known.ownerId === ownerId && known.week === week;
    return isGranted ? [] : [{ accountId, playbookId, ownerId, week, ...stake }];
  });
}

function waitingPlaybooks(before: readonly TriggerStateRow[], changed: readonly TriggerStateRow[]): readonly string[] {
  const states = new Map([...before, ...changed].map((state) => [state.playbookId, state]));
  return [...states.values()].filter(isWaiting).map(({ playbookId }) => playbookId);
}

/** A playbook that is not enabled is not judged: its state may name a guard for ever. */
function isWaiting({ guard, triggerKey }: TriggerStateRow): boolean {
  return guard === "budget" && triggerKey !== "";
}

/**
 * Gives each owner's released allowance of the week to those who wait, the greatest expected loss first, and makes their accounts due at once; the others are
 * put into the owner's digest. Answers how many were granted. One process at a time: no week is ever given more than it has.
 */
export async function grantAlerts(
  { db, configuration }: { readonly db: Db; readonly configuration: Configuration },
  now: Date,
): Promise<number> {
  const { alertBudget } = configuration.guards;
  if (alertBudget === undefined || !(await hasOpenRequests(db))) return 0;
  return db.transaction().execute(async (tx) => {
    await lockGrants(tx);
    const weeks = weeksOf(configuration, alertBudget, await readOpenRequests(tx), now.getTime());
    const given = await countAlerts(
      tx,
      weeks.map(({ owner, week, beginsAt }) => ({ ownerId: owner.id, week, beginsAt })),
    );
    const currency = configuration.scorer.company.reportingCurrency;
    const ranked = weeks.flatMap((owners) => {
      const allowance = { released: owners.released, given: given.get(owners.owner.id) ?? 0, currency };
      return rankRequests(owners.requests, allowance).map((one) => ({ ...one, owners }));
    });
    const granted = await grantRequests(tx, ranked.filter(({ isGranted }) => isGranted).map(grantOf), now);
    const waiting = ranked.filter(({ isGranted }) => !isGranted);
    await noteStandings(tx, waiting.filter(({ request, reason }) => request.reason !== reason).map(grantOf));
    const entries = waiting.flatMap((one) => heldEntry(configuration, alertBudget, one, now.getTime()));
    await addToDigests(tx, entries, now);
    return granted;
  });
}

/** An owner's week, and who waits for it. */
interface OwnerRequests extends AlertWeek {
  readonly owner: Owner;
  readonly requests: readonly OpenAlertRequest[];
}

interface OwnersRequest extends RankedRequest<OpenAlertRequest> {
  readonly owners: OwnerRequests;
}

/** Owners who are no longer listed are left out: their accounts ask anew, for somebody else, when they are judged. */
function weeksOf(
  configuration: Configuration,
  { perWeek }: AlertBudget,
  open: readonly OpenAlertRequest[],
  now: Instant,
): readonly OwnerRequests[] {
  return configuration.owners.owners.flatMap((owner) => {
    const requests = open.filter(({ ownerId }) => ownerId === owner.id);
    if (requests.length === 0) return [];
    return [{ ...alertWeek(readerOf(configuration, owner), perWeek, now), owner, requests }];
  });
}

function grantOf({ request, reason, owners }: OwnersRequest): Grant {
  const { accountId, playbookId, ownerId } = request;
  return { accountId, playbookId, ownerId, week: owners.week, reason };
}

/** None where it stands there already, or no channel is named for it. */
function heldEntry(
  configuration: Configuration,
  { digest, digestAt }: AlertBudget,
  { request, owners: { owner } }: OwnersRequest,
  now: Instant,
): readonly DigestEntry[] {
  const channel = configuration.channels.find(({ id }) => id === digest);
  if (channel === undefined || request.isListed) return [];
  const { accountId, playbookId, revenue, danger } = request;
  return [
    {
      channel: channel.id,
      recipient: recipientIn(channel, owner),
      ownerId: owner.id,
      dueAt: digestDueAt({ atMinute: minuteOf(digestAt) }, readerOf(configuration, owner), now),
      accountId,
      playbookId,
      kind: "held",
      runId: null,
      reason: request.stateReason,
      expectedLoss: revenue === null ? null : revenue * danger,
    },
  ];
}
