import { sql } from "kysely";
import { type RecordInput, recordFields } from "../scoring/records.ts";
import { writeAudit } from "./audit.ts";
import { type HeldAccount, handSource, holdAccount, readHandRecord } from "./by-hand.ts";
import type { Db, Tx } from "./db.ts";
import { applyInputs } from "./intake.ts";
import { notify } from "./notify.ts";

/** The source of what playbooks write of an account's own fields. */
const ownSource = "keepwell";

/** What a step writes of an account: a field, or its stage. */
export interface AccountWrite {
  readonly actionId: number;
  readonly accountId: number;
  readonly runId: number;
  readonly playbookId: string;
  readonly stepId: string;
  readonly attempt: number;
  readonly message:
    | { readonly kind: "field"; readonly field: string; readonly value: string | number | boolean | null }
    | { readonly kind: "stage"; readonly stage: string; readonly reason: string };
}

/** What became of a write. `taken`: another process, or whoever archived the account, was first. */
export type WriteResult =
  | { readonly kind: "written" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "taken" };

/** Writes that are due, the oldest first. */
export async function readDueWrites(db: Db, limit: number): Promise<readonly AccountWrite[]> {
  const { rows } = await sql<AccountWrite>`
    select id as action_id, account_id, run_id, playbook_id, step_id, attempt, message from actions
    where state in ('pending', 'retry') and due_at <= now() and kind in ('field', 'stage')
    order by due_at, id limit ${limit}`.execute(db);
  return rows;
}

/**
 * Writes the record and settles the action: neither is there without the other, so it is written once. The account is locked before the action, as
 * whoever archives it does.
 */
export async function applyWrite(tx: Tx, write: AccountWrite, author: string, now: Date): Promise<WriteResult> {
  const account = await holdAccount(tx, write.accountId);
  if (!(await isStillDue(tx, write.actionId))) return { kind: "taken" };
  const refusal = await keepRecord(tx, account, write, now);
  if (refusal === null) await audit(tx, account, write, now);
  const reason = refusal ?? wordsOf(write);
  await settle(tx, write, { state: refusal === null ? "sent" : "failed", reason, author });
  return refusal === null ? { kind: "written" } : { kind: "refused", reason };
}

/** After a surprise: tried again after a while. */
export async function deferWrite(db: Db, actionId: number, delaySeconds: number): Promise<void> {
  await sql`
    update actions set state = 'retry', attempt = attempt + 1, due_at = now() + make_interval(secs => ${delaySeconds})
    where id = ${actionId} and state in ('pending', 'retry')`.execute(db);
}

async function isStillDue(tx: Tx, actionId: number): Promise<boolean> {
  const row = await tx.selectFrom("actions").select("state").where("id", "=", actionId).forUpdate().executeTakeFirst();
  return row?.state === "pending" || row?.state === "retry";
}

/** Null once it is kept, else why it cannot be. */
async function keepRecord(tx: Tx, account: HeldAccount, write: AccountWrite, now: Date): Promise<string | null> {
  const record = await recordOf(tx, account, write, now);
  if ("refusal" in record) return record.refusal;
  const { rejected } = await applyInputs(tx, {
    source: record.source,
    inputs: [record.input],
    now,
    recordedAt: "now",
    unknownAccounts: "reject",
  });
  await notify(tx, "score");
  return rejected[0]?.reason ?? null;
}

type Kept = { readonly source: string; readonly input: RecordInput } | { readonly refusal: string };

async function recordOf(tx: Tx, account: HeldAccount, write: AccountWrite, now: Date): Promise<Kept> {
  const { message } = write;
  return message.kind === "stage" ? stageRecord(tx, account, write, message, now) : fieldRecord(account, message, now);
}

/** The stage that people set is this one, too: they can take it back. */
async function stageRecord(
  tx: Tx,
  { key }: HeldAccount,
  { playbookId, runId }: AccountWrite,
  { stage, reason }: Extract<AccountWrite["message"], { kind: "stage" }>,
  now: Date,
): Promise<Kept> {
  const id = `${key}/stage`;
  const newest = (await readHandRecord(tx, "stage", id))?.moments.at(-1);
  if (newest !== undefined && newest > now)
    return { refusal: `the stage was set as of ${newest.toISOString()} already` };
  const set = recordFields.stage.safeParse({ stage, reason, by: `playbook ${playbookId}, run ${runId}` });
  if (!set.success) return { refusal: `"${stage}" cannot be a stage` };
  return { source: handSource, input: { kind: "stage", id, account: key, at: now.toISOString(), set: set.data } };
}

function fieldRecord(
  { key }: HeldAccount,
  { field, value }: Extract<AccountWrite["message"], { kind: "field" }>,
  now: Date,
): Kept {
  const own = /^account\.fields\.(.+)$/.exec(field)?.[1];
  const set = recordFields.account.safeParse(own === undefined ? { [field]: value } : { fields: { [own]: value } });
  if (!set.success) return { refusal: `${JSON.stringify(value)} cannot stand in ${field}` };
  return { source: ownSource, input: { kind: "account", id: key, at: now.toISOString(), set: set.data } };
}

async function audit(tx: Tx, { accountId }: HeldAccount, write: AccountWrite, now: Date): Promise<void> {
  const { message, playbookId, runId, stepId } = write;
  const { kind, ...said } = message;
  const row = {
    author: `playbook ${playbookId}`,
    via: "keepwell",
    deed: `${kind}.set`,
    accountId,
    subject: `run-${runId}-${stepId}`,
    data: { ...said, run: runId, step: stepId },
  } as const;
  await writeAudit(tx, [row], now);
}

function wordsOf({ message }: AccountWrite): string {
  if (message.kind === "stage") return `the stage is ${message.stage}`;
  return message.value === null
    ? `${message.field} is emptied`
    : `${message.field} is ${JSON.stringify(message.value)}`;
}

async function settle(
  tx: Tx,
  { actionId, attempt }: AccountWrite,
  end: { readonly state: "sent" | "failed"; readonly reason: string; readonly author: string },
): Promise<void> {
  await sql`
    update actions set state = ${end.state}, reason = ${end.reason}, attempt = attempt + 1, settled_at = now(),
      first_attempt_at = coalesce(first_attempt_at, now())
    where id = ${actionId}`.execute(tx);
  await tx
    .insertInto("actionLog")
    .values({ actionId, attempt: attempt + 1, ...end })
    .execute();
}
