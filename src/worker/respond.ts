import type { Log } from "../log.ts";
import { accountSummary } from "../playbooks/account-summary.ts";
import { wantFields } from "../store/crm-fields.ts";
import type { Db, Tx } from "../store/db.ts";
import { addToDigests } from "../store/digests.ts";
import { wakeMuted } from "../store/guards/waiting.ts";
import { notify } from "../store/notify.ts";
import { writeTriggerStates } from "../store/playbook-state.ts";
import { claimDueResponses, markFailed, markResponded, type RespondClaim } from "../store/work.ts";
import { grantAlerts, keepAlertRequests } from "./alert-budget.ts";
import { openAssignments } from "./assignments.ts";
import { sendDigests } from "./digests.ts";
import { askOfBrakes } from "./guards/brake-notice.ts";
import { type CountedAudiences, judgeBatch } from "./guards.ts";
import type { Judgement } from "./judgement.ts";
import { followOwners } from "./owner-change.ts";
import { advanceRuns } from "./runs.ts";
import { loadSituations, type Situation, type SituationDeps } from "./situation.ts";

export interface RespondDeps extends SituationDeps {
  readonly db: Db;
  /** The ids of the sources into which scores are written back; none unless given. */
  readonly fieldSources?: readonly string[] | undefined;
  readonly log: Log;
}

export interface RespondSummary {
  readonly judged: number;
  /** Runs started. */
  readonly fired: number;
  /** Actions and tasks made, and accounts whose fields in a CRM are to change. */
  readonly actions: number;
  readonly failed: number;
}

/** Small: the rows of a batch are locked while its playbooks are judged. */
const batchSize = 200;

/**
 * Looks at every account with new facts, or whose trigger state or run is due: states, runs, actions and tasks in one transaction a batch. Then grants what
 * the alert budgets allow, whose runs begin at once, and tells the digests that are due.
 */
export async function respondDue(deps: RespondDeps, now: Date): Promise<RespondSummary> {
  const total = await respondToDue(deps, now);
  if ((await grantAlerts(deps, now)) > 0) addUp(total, await respondToDue(deps, now));
  total.actions += await sendDigests(deps, now);
  if (total.actions > 0) await notify(deps.db, "deliver");
  return total;
}

interface Tally {
  judged: number;
  fired: number;
  actions: number;
  failed: number;
}

function addUp(total: Tally, more: Tally): void {
  total.judged += more.judged;
  total.fired += more.fired;
  total.actions += more.actions;
  total.failed += more.failed;
}

async function respondToDue(deps: RespondDeps, now: Date): Promise<Tally> {
  const pass: Pass = { ...deps, audiences: new Map() };
  const total = { judged: 0, fired: 0, actions: 0, failed: 0 };
  let afterId = 0;
  for (;;) {
    const batch = await respondBatch(pass, afterId, batchSize, now).catch((error: unknown) => {
      deps.log.warn({ err: error }, "a batch of accounts failed; its accounts are tried one by one");
      return null;
    });
    const done = batch ?? (await respondOneByOne(pass, afterId, now));
    addUp(total, { ...done, judged: done.claims.length });
    const last = done.claims.at(-1);
    if (last === undefined || done.claims.length < batchSize) break;
    afterId = last.accountId;
  }
  return total;
}

/** What is kept from batch to batch of one pass. */
interface Pass extends RespondDeps {
  readonly audiences: CountedAudiences;
}

interface BatchResult {
  readonly claims: readonly RespondClaim[];
  readonly fired: number;
  readonly actions: number;
  readonly failed: number;
}

async function respondBatch(deps: Pass, afterId: number, limit: number, now: Date): Promise<BatchResult> {
  return deps.db.transaction().execute(async (tx) => {
    const claims = await claimDueResponses(tx, afterId, limit, now);
    if (claims.length === 0) return { claims, fired: 0, actions: 0, failed: 0 };
    return { claims, ...(await respondTo(tx, deps, claims, now)) };
  });
}

/** One account that cannot be judged must not hold up the others: it is put aside, and the rest of the batch goes through. */
async function respondOneByOne(deps: Pass, afterId: number, now: Date): Promise<BatchResult> {
  const claims = await deps.db.transaction().execute((tx) => claimDueResponses(tx, afterId, batchSize, now));
  const total = { fired: 0, actions: 0, failed: 0 };
  for (const claim of claims) {
    try {
      const one = await respondBatch(deps, claim.accountId - 1, 1, now);
      total.fired += one.fired;
      total.actions += one.actions;
    } catch (error) {
      deps.log.error({ accountId: claim.accountId, err: error }, "playbooks could not be judged for an account");
      await markFailed(deps.db, claim.accountId, error instanceof Error ? error.message : String(error), now);
      total.failed += 1;
    }
  }
  return { claims, ...total };
}

async function respondTo(
  tx: Tx,
  deps: Pass,
  claims: readonly RespondClaim[],
  now: Date,
): Promise<{ fired: number; actions: number; failed: number }> {
  const { configuration, audiences, fieldSources = [] } = deps;
  const situations = await loadSituations(tx, deps, claims, now);
  const { judgements, ...storms } = await judgeBatch(tx, configuration, situations, audiences, now);
  await writeTriggerStates(
    tx,
    judgements.flatMap((judgement) => judgement.changedStates),
  );
  await askOfBrakes(tx, deps, storms, now);
  await keepAlertRequests(tx, configuration, situations, judgements, now);
  await followOwners(tx, configuration, situations, now);
  const total = { fired: 0, actions: 0, failed: 0 };
  const batch = { assignments: openAssignments(tx, configuration), digestEntries: [] };
  const settled = [];
  for (const [index, situation] of situations.entries()) {
    const judgement = judgements[index];
    if (judgement === undefined) continue;
    const runs = await advanceRuns(tx, { configuration, situation, judgement, batch }, now);
    total.fired += runs.started;
    total.actions += runs.actions;
    const dueAts = [judgement.nextDueAt, runs.nextDueAt].filter((dueAt) => dueAt !== null);
    settled.push({
      accountId: situation.accountId,
      factsSeq: situation.factsSeq,
      nextRespondAt: dueAts.length === 0 ? null : Math.min(...dueAts),
    });
  }
  await markResponded(tx, settled);
  await wakeMuted(tx, mutedAccounts(situations, judgements), now);
  await addToDigests(tx, batch.digestEntries, now);
  if (fieldSources.length > 0) {
    const summaries = situations.map(({ accountId, subject }) => ({ accountId, wanted: accountSummary(subject) }));
    total.actions += await wantFields(tx, fieldSources, summaries, now);
  }
  return total;
}

/** Accounts with a playbook that waits for a run of another one to end. */
function mutedAccounts(situations: readonly Situation[], judgements: readonly Judgement[]): readonly number[] {
  const isMuted = ({ guard }: { readonly guard: string | null }) => guard === "inhibition";
  return situations
    .filter(({ states }, index) => states.some(isMuted) || judgements[index]?.changedStates.some(isMuted) === true)
    .map(({ accountId }) => accountId);
}
