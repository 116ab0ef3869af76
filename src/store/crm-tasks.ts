import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { writeAudit } from "./audit.ts";
import type { Db, Tx } from "./db.ts";
import { keepFirstFact, readFact } from "./installation.ts";

/** What tells the tasks of this installation from those of any other that writes to the same CRM. */
export async function installationId(db: Db | Tx): Promise<string> {
  return String((await readFact(db, "id")) ?? (await keepFirstFact(db, "id", randomBytes(4).toString("hex"))));
}

/** A source's own ids for the account of an action, and for one of its users by their address; null where it has none. */
export interface CrmNames {
  readonly account: string | null;
  readonly owner: string | null;
}

/** Finds what a CRM calls the account of an action and the person with this address. */
export async function findCrmNames(
  db: Db,
  source: string,
  actionId: number,
  ownerEmail: string | null,
): Promise<CrmNames> {
  const { rows } = await sql<CrmNames>`
    select
      (select i.external_id from actions n join identities i on i.account_id = n.account_id
       where n.id = ${actionId} and i.source = ${source} and i.ended_at is null
       order by i.made_at, i.external_id limit 1) as account,
      (select o.external_id from source_owners o
       where o.source = ${source} and lower(o.email) = lower(${ownerEmail}::text) order by o.external_id limit 1) as owner`.execute(
    db,
  );
  return rows[0] ?? { account: null, owner: null };
}

/** Notes on the task behind a CRM action where it now stands, too. */
export async function noteSynced(db: Db, actionId: number, externalId: string): Promise<void> {
  await sql`
    update tasks t set synced_to = c.channel, synced_id = ${externalId}
    from actions c join actions a on a.run_id = c.run_id and a.step_id = c.step_id and a.visit = c.visit and a.kind = 'task'
    where c.id = ${actionId} and c.kind = 'crm-task' and t.action_id = a.id`.execute(db);
}

/** How a task of ours stands in a CRM. */
export interface ReportedTask {
  /** With this installation's id before it, as the CRM was given it. */
  readonly key: string;
  readonly state: "open" | "done";
  readonly at: string;
  /** In the vendor's words. */
  readonly outcome: string | null;
}

interface MovedTask {
  readonly id: number;
  readonly accountId: number;
}

/**
 * Closes the open tasks that were completed in a CRM, and opens again what was closed there by mistake; answers how many moved. Tasks of
 * other installations and those closed by a person here are left alone.
 */
export async function applyTaskReports(
  tx: Tx,
  source: string,
  reports: readonly ReportedTask[],
  now: Date,
): Promise<number> {
  if (reports.length === 0) return 0;
  const own = `${await installationId(tx)}-`;
  const mine = reports.filter(({ key }) => key.startsWith(own));
  const done = await closeReported(
    tx,
    source,
    own,
    mine.filter(({ state }) => state === "done"),
  );
  const reopened = await reopenReported(
    tx,
    source,
    own,
    mine.filter(({ state }) => state === "open"),
  );
  const deeds = [
    ...done.map((task) => ({ ...task, deed: "task.done" })),
    ...reopened.map((task) => ({ ...task, deed: "task.reopen" })),
  ];
  await writeAudit(
    tx,
    deeds.map(({ id, accountId, deed }) => ({
      author: source,
      via: "keepwell" as const,
      deed,
      accountId,
      subject: String(id),
      data: { in: source },
    })),
    now,
  );
  return deeds.length;
}

async function closeReported(
  tx: Tx,
  source: string,
  own: string,
  reports: readonly ReportedTask[],
): Promise<readonly MovedTask[]> {
  if (reports.length === 0) return [];
  const { rows } = await sql<MovedTask>`
    update tasks t set state = 'done', outcome = coalesce(r.outcome, 'done'), settled_at = r.at, settled_by = ${source}
    from ${reported(own, reports)}
    where t.action_id = a.id and t.state = 'open'
    returning t.id, t.account_id`.execute(tx);
  return rows;
}

async function reopenReported(
  tx: Tx,
  source: string,
  own: string,
  reports: readonly ReportedTask[],
): Promise<readonly MovedTask[]> {
  if (reports.length === 0) return [];
  const { rows } = await sql<MovedTask>`
    update tasks t set state = 'open', outcome = null, settled_at = null, settled_by = null
    from ${reported(own, reports)}
    where t.action_id = a.id and t.state = 'done' and t.settled_by = ${source} and r.at > t.settled_at
    returning t.id, t.account_id`.execute(tx);
  return rows;
}

/** The reports with the action that made each task: the key is run, visit and step. */
function reported(own: string, reports: readonly ReportedTask[]) {
  return sql`unnest(
      ${reports.map(({ key }) => key.slice(own.length))}::text[],
      ${reports.map(({ at }) => new Date(at))}::timestamptz[],
      ${reports.map(({ outcome }) => outcome)}::text[]
    ) as r (key, at, outcome)
    join actions a on a.kind = 'task' and r.key = concat_ws('-', a.run_id, a.visit, a.step_id)
      and a.run_id = (substring(r.key from '^([0-9]{1,18})-'))::bigint`;
}
