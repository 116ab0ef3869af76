import { sql } from "kysely";
import { idArray } from "../arrays.ts";
import type { Tx } from "../db.ts";

/** Makes accounts due whose playbooks wait for the end of another one's run, where a run of theirs has ended just now. */
export async function wakeMuted(tx: Tx, accountIds: readonly number[], now: Date): Promise<void> {
  if (accountIds.length === 0) return;
  await sql`
    update account_work w set next_respond_at = ${now}
    where w.account_id = any(${idArray(accountIds)}::bigint[])
      and exists (select from trigger_states t where t.account_id = w.account_id and t.guard = 'inhibition')
      and exists (select from runs r where r.account_id = w.account_id and r.finished_at = ${now} and r.state <> 'holdout')`.execute(
    tx,
  );
}

/** Makes the accounts due that a guard keeps waiting with a playbook: one of them, or all. */
export async function wakeWaiting(
  tx: Tx,
  {
    guard,
    playbookId,
    accountId,
  }: { readonly guard: string; readonly playbookId: string; readonly accountId: number | null },
  now: Date,
): Promise<void> {
  await sql`
    with due as (
      select w.account_id from account_work w join trigger_states t on t.account_id = w.account_id
      where t.playbook_id = ${playbookId} and t.guard = ${guard}
        and (${accountId}::bigint is null or w.account_id = ${accountId})
      order by w.account_id for update of w
    )
    update account_work w set next_respond_at = ${now} from due where w.account_id = due.account_id`.execute(tx);
}
