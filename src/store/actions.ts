import { sql } from "kysely";
import type { Message } from "../playbooks/message.ts";
import type { NoMessage } from "../playbooks/plan/action.ts";
import type { Db, Tx } from "./db.ts";
import type { ActionKind, ActionState } from "./schema.ts";

/** A step's effect, made once per (run, step, visit, recipient). */
export interface NewAction {
  readonly runId: number;
  readonly accountId: number;
  readonly playbookId: string;
  readonly revision: number;
  readonly stepId: string;
  readonly visit: number;
  readonly recipient: string;
  readonly kind: ActionKind;
  readonly channel: string | null;
  readonly message: Message | Readonly<Record<string, unknown>>;
  readonly state: "pending" | "sent" | "skipped";
  readonly reason: string;
}

/** Keeps an action; null when its effect key has one already. */
export async function insertAction(tx: Tx, action: NewAction, now: Date): Promise<number | null> {
  const row = await tx
    .insertInto("actions")
    .values({
      ...action,
      message: JSON.stringify(action.message),
      dueAt: now,
      createdAt: now,
      settledAt: action.state === "pending" ? null : now,
    })
    .onConflict((conflict) => conflict.columns(["runId", "stepId", "visit", "recipient"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id ?? null;
}

/** A message that no single run sends, made once per notice key. */
export interface NewNotice {
  /** What makes it one of its kind: `digest:12`. */
  readonly noticeKey: string;
  readonly kind: "email" | "slack";
  readonly channel: string;
  /** An e-mail address, or the id of the channel. */
  readonly recipient: string;
  readonly message: Message | NoMessage;
  readonly state: "pending" | "skipped";
  readonly reason: string;
}

/** Keeps a notice; null when its key has one already. */
export async function insertNotice(tx: Tx, notice: NewNotice, now: Date): Promise<number | null> {
  const row = await tx
    .insertInto("actions")
    .values({
      ...notice,
      runId: null,
      accountId: null,
      playbookId: null,
      revision: 0,
      stepId: "notice",
      visit: 1,
      message: JSON.stringify(notice.message),
      dueAt: now,
      createdAt: now,
      settledAt: notice.state === "pending" ? null : now,
    })
    .onConflict((conflict) => conflict.column("noticeKey").doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Keeps a notice that goes out at `dueAt`, in place of the one of its key that is still to go out. */
export async function keepOpenNotice(tx: Tx, notice: NewNotice, dueAt: Date, now: Date): Promise<void> {
  const id = await insertNotice(tx, notice, now);
  const message = JSON.stringify(notice.message);
  await tx
    .updateTable("actions")
    .set(id === null ? { message } : { dueAt })
    .where("noticeKey", "=", notice.noticeKey)
    .where("state", "=", "pending")
    .execute();
}

export interface NewTask {
  readonly accountId: number;
  readonly actionId: number | null;
  readonly title: string;
  readonly body: string;
  readonly assignee: string | null;
  readonly dueOn: string | null;
  /** It moves when the account's owner changes. */
  readonly asOwner?: boolean | undefined;
}

/** Keeps a task as an open row of ours. */
export async function insertTask(tx: Tx, task: NewTask, now: Date): Promise<number> {
  const row = await tx
    .insertInto("tasks")
    .values({ ...task, state: "open", createdAt: now })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** An action that this process may send, as long as its fence stands. */
export interface ClaimedAction {
  readonly id: number;
  readonly kind: Message["kind"];
  readonly channel: string;
  readonly message: Message;
  readonly attempt: number;
  readonly fence: number;
  /** Milliseconds since 1970. */
  readonly firstAttemptAt: number;
  /** An earlier attempt ended in doubt. */
  readonly mayRepeat: boolean;
}

/**
 * Claims due actions by the database's clock. The attempt is counted here, before anything is done, so that an action that kills
 * its process still runs out of attempts.
 */
export async function claimDueActions(db: Db, limit: number, leaseSeconds: number): Promise<ClaimedAction[]> {
  const { rows } = await sql<Omit<ClaimedAction, "firstAttemptAt"> & { firstAttemptAt: Date }>`
    update actions set state = 'claimed', fence = fence + 1, attempt = attempt + 1,
      lease_until = now() + make_interval(secs => ${leaseSeconds}), first_attempt_at = coalesce(first_attempt_at, now())
    where id in (
      select id from actions
      where state in ('pending', 'retry') and due_at <= now() and kind not in ('field', 'stage')
      order by due_at, id limit ${limit}
      for update skip locked
    )
    returning id, kind, channel, message, attempt, fence, first_attempt_at, may_repeat`.execute(db);
  return rows.map((row) => ({ ...row, firstAttemptAt: row.firstAttemptAt.getTime() }));
}

/** Commits that the sending begins now; false when another process has taken the action over. */
export async function markSending(db: Db | Tx, id: number, fence: number, leaseSeconds: number): Promise<boolean> {
  const result = await sql`
    update actions set state = 'sending', lease_until = now() + make_interval(secs => ${leaseSeconds})
    where id = ${id} and fence = ${fence} and state = 'claimed' and lease_until > now()`.execute(db);
  return Number(result.numAffectedRows ?? 0) === 1;
}

/** Gives a claimed action back unsent, due again after `delayMs`; the attempt does not count. */
export async function releaseAction(db: Db, id: number, fence: number, delayMs: number): Promise<void> {
  await sql`
    update actions set state = case when attempt > 1 then 'retry' else 'pending' end, attempt = attempt - 1,
      due_at = now() + make_interval(secs => ${delayMs / 1000}::float8), lease_until = null
    where id = ${id} and fence = ${fence} and state = 'claimed'`.execute(db);
}

/** How an attempt ended. */
export interface Settlement {
  readonly state: Extract<ActionState, "sent" | "retry" | "failed" | "unknown">;
  /** Set for `retry`; by the database's clock, as a delay from its now. */
  readonly delayMs: number | null;
  readonly reason: string;
  readonly mayRepeat: boolean;
  readonly receipt: Readonly<Record<string, unknown>> | null;
}

/** Settles an attempt under its fence and logs it; false when the action is no longer this process's. */
export async function settleAction(
  db: Db,
  action: { readonly id: number; readonly fence: number; readonly attempt: number },
  settlement: Settlement,
  author: string,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const result = await sql`
      update actions set state = ${settlement.state}, reason = ${settlement.reason}, lease_until = null,
        may_repeat = ${settlement.mayRepeat},
        receipt = coalesce(${settlement.receipt === null ? null : JSON.stringify(settlement.receipt)}::jsonb, receipt),
        due_at = case when ${settlement.state} = 'retry'
          then now() + make_interval(secs => ${(settlement.delayMs ?? 0) / 1000}::float8) else due_at end,
        settled_at = case when ${settlement.state} = 'retry' then null else now() end
      where id = ${action.id} and fence = ${action.fence} and state in ('claimed', 'sending')`.execute(tx);
    if (Number(result.numAffectedRows ?? 0) !== 1) return false;
    await tx
      .insertInto("actionLog")
      .values({
        actionId: action.id,
        attempt: action.attempt,
        state: settlement.state,
        author,
        reason: settlement.reason,
      })
      .execute();
    return true;
  });
}

/** Sends nothing of these accounts that still waits to be sent, and logs why. What a worker has in hand goes on. */
export async function cancelWaitingActions(
  tx: Tx,
  accountIds: readonly number[],
  reason: string,
  author: string,
  now: Date,
): Promise<void> {
  await sql`
    with cancelled as (
      update actions set state = 'cancelled', reason = ${reason}, settled_at = ${now}
      where account_id = any(${accountIds}::bigint[]) and state in ('pending', 'retry')
      returning id, attempt
    )
    insert into action_log (action_id, at, attempt, state, author, reason)
    select id, ${now}::timestamptz, attempt, 'cancelled', ${author}::text, ${reason}::text from cancelled order by id`.execute(
    tx,
  );
}

/** An action whose process went away in the middle of it. */
export interface AbandonedAction {
  readonly id: number;
  readonly kind: Message["kind"];
  readonly state: "claimed" | "sending";
  readonly message: Message;
  readonly attempt: number;
  readonly fence: number;
  readonly firstAttemptAt: number;
  readonly mayRepeat: boolean;
}

/** Takes over actions whose lease has run out, under a new fence, so that a late answer of the old process changes nothing. */
export async function takeAbandonedActions(db: Db, limit: number, leaseSeconds: number): Promise<AbandonedAction[]> {
  const { rows } = await sql<Omit<AbandonedAction, "firstAttemptAt"> & { firstAttemptAt: Date }>`
    update actions set fence = fence + 1, lease_until = now() + make_interval(secs => ${leaseSeconds})
    where id in (
      select id from actions where state in ('claimed', 'sending') and lease_until < now()
      order by lease_until limit ${limit}
      for update skip locked
    )
    returning id, kind, state, message, attempt, fence, first_attempt_at, may_repeat`.execute(db);
  return rows.map((row) => ({ ...row, firstAttemptAt: row.firstAttemptAt.getTime() }));
}

/**
 * Takes the channel's next free slot, shared by all processes: how many milliseconds to wait for it. A slot further away than
 * `longestWaitMs` is not taken, only told.
 */
export async function reserveChannelSlot(
  db: Db,
  channel: string,
  minIntervalMs: number,
  longestWaitMs: number,
): Promise<number> {
  const interval = minIntervalMs / 1000;
  const { rows } = await sql<{ waitMs: number }>`
    insert into channel_states as c (channel, next_free_at)
    values (${channel}, clock_timestamp() + make_interval(secs => ${interval}::float8))
    on conflict (channel) do update
      set next_free_at = greatest(c.next_free_at, clock_timestamp()) + make_interval(secs => ${interval}::float8)
      where c.next_free_at is null or c.next_free_at <= clock_timestamp() + make_interval(secs => ${longestWaitMs / 1000}::float8)
    returning greatest(0, extract(epoch from next_free_at - clock_timestamp())::float8 - ${interval}::float8) * 1000 as wait_ms`.execute(
    db,
  );
  if (rows[0] !== undefined) return rows[0].waitMs;
  const busy = await db
    .selectFrom("channelStates")
    .select(sql<number>`extract(epoch from next_free_at - clock_timestamp())::float8 * 1000`.as("waitMs"))
    .where("channel", "=", channel)
    .executeTakeFirst();
  return Math.max(longestWaitMs + 1, busy?.waitMs ?? 0);
}

/** Channels whose receiver told us to stop, with the reason. */
export async function readDisabledChannels(db: Db): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom("channelStates")
    .select(["channel", "disabledReason"])
    .where("disabledAt", "is not", null)
    .execute();
  return new Map(rows.map((row) => [row.channel, row.disabledReason ?? "disabled"]));
}

/** Stops a channel until an operator enables it again. */
export async function disableChannel(db: Db, channel: string, reason: string): Promise<void> {
  await sql`
    insert into channel_states (channel, disabled_at, disabled_reason) values (${channel}, now(), ${reason})
    on conflict (channel) do update set disabled_at = now(), disabled_reason = excluded.disabled_reason`.execute(db);
}

/** Lets a channel be used again whose receiver had told us to stop; false when it was not disabled. */
export async function enableChannel(db: Db, channel: string): Promise<boolean> {
  const result = await db
    .updateTable("channelStates")
    .set({ disabledAt: null, disabledReason: null })
    .where("channel", "=", channel)
    .where("disabledAt", "is not", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
