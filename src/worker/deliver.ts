import type { Channel } from "../integrations/ports.ts";
import type { Log } from "../log.ts";
import type { EmailMessage, Message, Outcome } from "../playbooks/message.ts";
import { settleAbandoned, settleAttempt } from "../playbooks/settle.ts";
import {
  type AbandonedAction,
  type ClaimedAction,
  claimDueActions,
  disableChannel,
  markSending,
  readDisabledChannels,
  releaseAction,
  reserveChannelSlot,
  settleAction,
  takeAbandonedActions,
} from "../store/actions.ts";
import { beginCustomerMail, type MailStart } from "../store/customer-mail.ts";
import type { Db } from "../store/db.ts";
import { suppress } from "../store/mail-suppressions.ts";

/** The boundaries of one delivery at which a process may die; tests make it die there. */
export type Boundary = "claimed" | "slot-reserved" | "sending" | "sent" | "settled";

export interface DeliverDeps {
  readonly db: Db;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly log: Log;
  /** 0–1: spreads retries; a function, as each action draws its own. */
  readonly jitter: () => number;
  /** Who is named in the action log. */
  readonly author: string;
  readonly atBoundary?: (boundary: Boundary, actionId: number) => void | Promise<void>;
}

export interface DeliverSummary {
  readonly sent: number;
  readonly retried: number;
  readonly failed: number;
  /** Perhaps delivered: an operator decides. */
  readonly unknown: number;
  /** Mails to people who want none. */
  readonly cancelled: number;
}

/** A crashed worker's claim is free again after this. */
const leaseSeconds = 60;
/** Shorter than the lease, so that an attempt has ended before another process may take the action over. */
const attemptDeadlineMs = 40_000;
/** Actions claimed at once: as many as can be sent within a lease on a channel of one a second. */
const batchSize = 20;
/** A slot further away than this is not waited for: the action is given back until then. */
const longestSlotWaitMs = 5_000;

/** Delivers every due action: claim, commit `sending`, call out with no transaction open, settle under the fence. */
export async function deliverDue(deps: DeliverDeps, now: Date): Promise<DeliverSummary> {
  const clock = clockFrom(now);
  const total = { sent: 0, retried: 0, failed: 0, unknown: 0, cancelled: 0 };
  const count = (state: SettledState | "cancelled" | null) => {
    if (state === "retry") total.retried += 1;
    else if (state !== null) total[state] += 1;
  };
  for (const action of await takeAbandonedActions(deps.db, batchSize, leaseSeconds)) {
    count(await settleLost(deps, action, clock()));
  }
  for (;;) {
    const disabled = await readDisabledChannels(deps.db);
    const actions = await claimDueActions(deps.db, batchSize, leaseSeconds);
    if (actions.length === 0) return total;
    for (const state of await Promise.all(actions.map((action) => deliverAction(deps, action, disabled, clock)))) {
      count(state);
    }
  }
}

/** The pass's moment, moved on as time passes: a long pass signs its last message with the time of that message. */
function clockFrom(now: Date): () => Date {
  const startedAt = performance.now();
  return () => new Date(now.getTime() + Math.round(performance.now() - startedAt));
}

type SettledState = "sent" | "retry" | "failed" | "unknown";

/** Commits that the sending begins; whoever wants no more mail is asked for in that moment, not before. */
async function begin({ db, author }: DeliverDeps, action: ClaimedAction): Promise<MailStart> {
  const { id, fence, message } = action;
  if (isForCustomer(message)) return beginCustomerMail(db, action, message.to, { leaseSeconds, author });
  return { kind: (await markSending(db, id, fence, leaseSeconds)) ? "sending" : "taken-over" };
}

async function deliverAction(
  deps: DeliverDeps,
  action: ClaimedAction,
  disabled: ReadonlyMap<string, string>,
  clock: () => Date,
): Promise<SettledState | "cancelled" | null> {
  await deps.atBoundary?.("claimed", action.id);
  const channel = deps.channels.get(action.channel);
  const refusal = refusalOf(action, channel, disabled);
  if (channel === undefined || refusal !== null) {
    return settle(deps, action, { kind: "failed", reason: refusal ?? "no channel" }, clock());
  }
  if (!(await waitForSlot(deps, action, channel))) return null;
  await deps.atBoundary?.("slot-reserved", action.id);
  const start = await begin(deps, action);
  if (start.kind !== "sending") return start.kind === "cancelled" ? "cancelled" : null;
  await deps.atBoundary?.("sending", action.id);
  const outcome = await attempt(channel, action, clock());
  await deps.atBoundary?.("sent", action.id);
  const state = await settle(deps, action, outcome, clock());
  await deps.atBoundary?.("settled", action.id);
  return state;
}

function refusalOf(
  action: ClaimedAction,
  channel: Channel | undefined,
  disabled: ReadonlyMap<string, string>,
): string | null {
  if (channel === undefined) return `the channel "${action.channel}" is not configured`;
  if (!carries(channel, action.kind))
    return `the channel "${channel.id}" is for ${channel.kind}, not for ${action.kind}`;
  const reason = disabled.get(channel.id);
  return reason === undefined ? null : `the channel "${channel.id}" is disabled: ${reason}`;
}

function carries({ kind }: Channel, message: ClaimedAction["kind"]): boolean {
  return kind === message || (kind === "crm" && (message === "crm-task" || message === "crm-field"));
}

/** False when the channel's next free slot is too far away: the action is given back until then. */
async function waitForSlot(deps: DeliverDeps, action: ClaimedAction, channel: Channel): Promise<boolean> {
  if (channel.minIntervalMs === 0) return true;
  const waitMs = await reserveChannelSlot(deps.db, channel.id, channel.minIntervalMs, longestSlotWaitMs);
  if (waitMs > longestSlotWaitMs) {
    await releaseAction(deps.db, action.id, action.fence, waitMs);
    return false;
  }
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  return true;
}

async function attempt(channel: Channel, action: ClaimedAction, now: Date): Promise<Outcome> {
  try {
    return await channel.send({
      actionId: action.id,
      message: action.message,
      attempt: action.attempt,
      mayRepeat: action.mayRepeat,
      signal: AbortSignal.timeout(attemptDeadlineMs),
      now,
    });
  } catch (error) {
    // An adapter that throws is a fault of ours: what was sent by then is not known.
    return { kind: "unknown", reason: `the adapter failed: ${error instanceof Error ? error.name : "no error given"}` };
  }
}

async function settle(
  deps: DeliverDeps,
  action: ClaimedAction,
  outcome: Outcome,
  now: Date,
): Promise<SettledState | null> {
  const decision = settleAttempt(subjectOf(action), outcome, deps.jitter(), now.getTime());
  if (decision.disableChannel) await disableChannel(deps.db, action.channel, outcome.reason);
  if (outcome.kind === "failed" && outcome.isUnknownMailbox === true && isForCustomer(action.message)) {
    const bounced = { address: action.message.to, reason: "bounced", detail: outcome.reason } as const;
    await deps.db.transaction().execute((tx) => suppress(tx, [bounced], now));
  }
  return write(deps, action, decision, outcome.kind === "sent" ? (outcome.receipt ?? null) : null, now);
}

async function settleLost(deps: DeliverDeps, action: AbandonedAction, now: Date): Promise<SettledState | null> {
  const decision = settleAbandoned({ ...subjectOf(action), state: action.state }, deps.jitter(), now.getTime());
  return write(deps, action, decision, null, now);
}

function subjectOf(action: ClaimedAction | AbandonedAction) {
  return {
    kind: action.kind,
    attempt: action.attempt,
    firstAttemptAt: action.firstAttemptAt,
    isCustomer: isForCustomer(action.message),
    mayRepeat: action.mayRepeat,
  };
}

function isForCustomer(message: Message): message is EmailMessage {
  return message.kind === "email" && message.audience === "customer";
}

async function write(
  deps: DeliverDeps,
  action: { readonly id: number; readonly fence: number; readonly attempt: number },
  decision: {
    readonly state: SettledState;
    readonly dueAt: number | null;
    readonly reason: string;
    readonly mayRepeat: boolean;
  },
  receipt: Readonly<Record<string, unknown>> | null,
  now: Date,
): Promise<SettledState | null> {
  const delayMs = decision.dueAt === null ? null : Math.max(0, decision.dueAt - now.getTime());
  const settlement = { ...decision, delayMs, receipt };
  const isOurs = await settleAction(deps.db, action, settlement, deps.author);
  if (!isOurs) deps.log.warn({ action: action.id }, "an action was taken over before it could be settled");
  return isOurs ? decision.state : null;
}
