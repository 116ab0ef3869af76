import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

export const auditDoors = ["cli", "api", "keepwell"] as const;
/** Through which door a deed came; `keepwell` did it by itself. */
export type AuditDoor = (typeof auditDoors)[number];

/** One deed to be kept: who did what to which account and thing. */
export interface AuditRow {
  readonly author: string;
  readonly via: AuditDoor;
  /** Such as `override.set`. */
  readonly deed: string;
  /** Null for a deed that is about no account. */
  readonly accountId: number | null;
  /** The thing it was done to, such as a task's id. */
  readonly subject: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Keeps deeds, in the transaction that does them: neither is there without the other. */
export async function writeAudit(tx: Tx, rows: readonly AuditRow[], now: Date): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto("audit")
    .values(rows.map((row) => ({ ...row, at: now, data: JSON.stringify(row.data) })))
    .execute();
}

/** Which deeds to list; what is not given does not narrow. */
export interface AuditFilter {
  /** The account's key. */
  readonly account?: string | undefined;
  /** Also through a token, which stands behind the name. */
  readonly author?: string | undefined;
  /** Only deeds older than this one. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
}

/** A deed as people see it. */
export interface AuditEntry extends Omit<AuditRow, "accountId" | "data"> {
  readonly id: number;
  readonly at: Date;
  /** The account's key; null for a deed about none, or about one that is gone. */
  readonly account: string | null;
  readonly data: unknown;
}

/** Deeds, the newest first. */
export async function listAudit(db: Db, filter: AuditFilter): Promise<readonly AuditEntry[]> {
  let query = db
    .selectFrom("audit as d")
    .leftJoin("accounts as a", "a.id", "d.accountId")
    .select(["d.id", "d.at", "d.author", "d.via", "d.deed", "a.key as account", "d.subject", "d.data"])
    .orderBy("d.id", "desc")
    .limit(filter.limit);
  if (filter.account !== undefined) query = query.where("a.key", "=", filter.account);
  if (filter.author !== undefined) query = query.where(isBy(filter.author));
  if (filter.beforeId !== undefined) query = query.where("d.id", "<", filter.beforeId);
  return await query.execute();
}

/** Whose deeds these are, whether or not a token spoke for them. */
function isBy(author: string) {
  return sql<boolean>`(d.author = ${author} or starts_with(d.author, ${`${author} (via token `}))`;
}
