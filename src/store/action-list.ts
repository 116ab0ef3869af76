import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { notify } from "./notify.ts";
import type { ActionKind, ActionState } from "./schema.ts";

export const actionKinds = [
  "email",
  "slack",
  "task",
  "webhook",
  "crm-task",
  "crm-field",
  "field",
  "stage",
  "call",
  "wait",
  "branch",
  "stop",
] as const satisfies readonly ActionKind[];

export const actionStates = [
  "pending",
  "claimed",
  "sending",
  "sent",
  "retry",
  "failed",
  "unknown",
  "cancelled",
  "skipped",
] as const satisfies readonly ActionState[];

/** Which actions to list; what is not given does not narrow. */
export interface ActionFilter {
  readonly state?: ActionState | undefined;
  readonly channel?: string | undefined;
  /** The account's key. */
  readonly account?: string | undefined;
  readonly limit: number;
}

/** One line of a list. */
export interface ActionSummary {
  readonly id: number;
  readonly kind: ActionKind;
  readonly channel: string | null;
  /** Null: a message that no single run sends, such as a digest. */
  readonly account: string | null;
  readonly accountName: string | null;
  readonly playbook: string | null;
  readonly step: string;
  readonly recipient: string;
  readonly state: ActionState;
  readonly reason: string;
  readonly attempt: number;
  readonly dueAt: Date;
  readonly createdAt: Date;
  readonly settledAt: Date | null;
}

/** An action with what it says, and all that was ever done with it. */
export interface ActionDetail extends ActionSummary {
  readonly revision: number;
  readonly message: unknown;
  readonly receipt: unknown;
  readonly log: readonly ActionLogEntry[];
}

export interface ActionLogEntry {
  readonly at: Date;
  readonly attempt: number;
  readonly state: string;
  readonly author: string;
  readonly reason: string;
}

/** What a hand on an action came to. */
export type ActionChange =
  | { readonly kind: "changed"; readonly from: ActionState; readonly to: ActionState }
  | { readonly kind: "not-found" }
  | { readonly kind: "refused"; readonly state: ActionState };

/** Who touches an action, and when. */
interface Hand {
  readonly author: string;
  readonly now: Date;
}

/** The newest actions first. */
export async function listActions(db: Db, filter: ActionFilter): Promise<readonly ActionSummary[]> {
  let query = summaries(db).orderBy("n.id", "desc").limit(filter.limit);
  if (filter.state !== undefined) query = query.where("n.state", "=", filter.state);
  if (filter.channel !== undefined) query = query.where("n.channel", "=", filter.channel);
  if (filter.account !== undefined) query = query.where("a.key", "=", filter.account);
  return await query.execute();
}

/** One action with its message and its log; null when there is none of that id. */
export async function readAction(db: Db, id: number): Promise<ActionDetail | null> {
  const action = await summaries(db)
    .select(["n.revision", "n.message", "n.receipt"])
    .where("n.id", "=", id)
    .executeTakeFirst();
  if (action === undefined) return null;
  const log = await db
    .selectFrom("actionLog")
    .select(["at", "attempt", "state", "author", "reason"])
    .where("actionId", "=", id)
    .orderBy("id")
    .execute();
  return { ...action, log };
}

/**
 * Makes a failed action due at once, with a fresh schedule of attempts; one that waits for its next attempt is only brought forward. One in
 * doubt is refused: somebody must first resolve it, because it may have arrived.
 */
export async function retryAction(tx: Tx, id: number, hand: Hand): Promise<ActionChange> {
  const reason = "to be sent again, by hand";
  const { rows } = await sql<{ before: ActionState; attempt: number }>`
    with before as (select id, state from actions where id = ${id} and kind <> 'task' for update)
    update actions n
    set state = 'retry', reason = ${reason}, due_at = least(now(), ${hand.now}), settled_at = null, lease_until = null,
      attempt = case when before.state = 'failed' then 0 else n.attempt end,
      first_attempt_at = case when before.state = 'failed' then null else n.first_attempt_at end
    from before
    where n.id = before.id and before.state in ('failed', 'retry')
    returning before.state as before, n.attempt`.execute(tx);
  const [row] = rows;
  if (row === undefined) return refusal(tx, id);
  await logHand(tx, { id, attempt: row.attempt, state: "retry", reason }, hand);
  await notify(tx, "deliver");
  return { kind: "changed", from: row.before, to: "retry" };
}

/** Settles an action in doubt by what somebody has found out: it did arrive, or it surely did not. */
export async function resolveAction(tx: Tx, id: number, as: "sent" | "failed", hand: Hand): Promise<ActionChange> {
  const reason = as === "sent" ? "found to have arrived, by hand" : "found not to have arrived, by hand";
  const { rows } = await sql<{ attempt: number }>`
    update actions set state = ${as}, reason = ${reason}, settled_at = ${hand.now}
    where id = ${id} and state in ('unknown')
    returning attempt`.execute(tx);
  const [row] = rows;
  if (row === undefined) return refusal(tx, id);
  await logHand(tx, { id, attempt: row.attempt, state: as, reason }, hand);
  return { kind: "changed", from: "unknown", to: as };
}

function summaries(db: Db) {
  return db
    .selectFrom("actions as n")
    .leftJoin("accounts as a", "a.id", "n.accountId")
    .select([
      "n.id",
      "n.kind",
      "n.channel",
      "a.key as account",
      "a.name as accountName",
      "n.playbookId as playbook",
      "n.stepId as step",
      "n.recipient",
      "n.state",
      "n.reason",
      "n.attempt",
      "n.dueAt",
      "n.createdAt",
      "n.settledAt",
    ]);
}

async function refusal(tx: Tx, id: number): Promise<ActionChange> {
  const row = await tx.selectFrom("actions").select("state").where("id", "=", id).executeTakeFirst();
  return row === undefined ? { kind: "not-found" } : { kind: "refused", state: row.state };
}

async function logHand(
  tx: Tx,
  entry: { readonly id: number; readonly attempt: number; readonly state: ActionState; readonly reason: string },
  hand: Hand,
): Promise<void> {
  const { id, ...rest } = entry;
  await tx
    .insertInto("actionLog")
    .values({ actionId: id, ...rest, author: hand.author, at: hand.now })
    .execute();
}
