import { sql } from "kysely";
import type { Input } from "../../../src/scoring/records.ts";
import type { Db } from "../../../src/store/db.ts";
import type { AccountClaim } from "../../../src/store/identity/claim.ts";
import { applyInputs, type IntakeBatch, type IntakeSummary } from "../../../src/store/intake.ts";

export const now = new Date("2026-03-10T12:00:00Z");
export const later = (days: number) => new Date(now.getTime() + days * 86_400_000);

/** What a source says of one of its accounts. */
export interface Said {
  readonly id: string;
  readonly key?: string;
  readonly domains?: readonly string[];
  readonly at?: string;
  readonly set?: Readonly<Record<string, unknown>>;
}

/** A page of account records of a vendor, with its claims. */
export function say(
  db: Db,
  source: string,
  accounts: readonly Said[],
  batch: Partial<IntakeBatch> = {},
): Promise<IntakeSummary> {
  const claims = accounts.map(
    ({ id, key = null, domains = [] }): AccountClaim => ({ externalId: id, name: id, ourKey: key, domains }),
  );
  return take(db, source, accounts.map(accountInput), { claims, ...batch });
}

export function accountInput({ id, at = "2026-01-01T00:00:00Z", set = {} }: Said): Input {
  return { kind: "account", id, at, set: { name: `${id} Ltd`, ...set } };
}

/** Any page of a vendor whose ids are its own. */
export function take(
  db: Db,
  source: string,
  inputs: readonly Input[],
  batch: Partial<IntakeBatch> = {},
): Promise<IntakeSummary> {
  return db.transaction().execute((tx) =>
    applyInputs(tx, {
      ...{ source, inputs, now, recordedAt: "now", unknownAccounts: "hold" },
      ...{ accounts: "create", idsAreKeys: false, claims: [], ...batch },
    }),
  );
}

export function ticket(id: string, account: string, set: object = {}, at = "2026-02-01T00:00:00Z"): Input {
  return { kind: "ticket", id, account, at, set: { status: "open", ...set } };
}

/** Which account each source means by its ids: `crm 1` → `acme`. */
export async function identities(db: Db): Promise<Record<string, string>> {
  const { rows } = await sql<{ id: string; key: string }>`
    select i.source || ' ' || i.external_id || case when i.ended_at is null then '' else ' (ended)' end as id, a.key
    from identities i join accounts a on a.id = i.account_id order by 1`.execute(db);
  return Object.fromEntries(rows.map(({ id, key }) => [id, key]));
}

/** What nobody could place, with why: `crm 1` → the reason. */
export async function unmatched(db: Db): Promise<Record<string, string>> {
  const { rows } = await sql<{ id: string; reason: string }>`
    select source || ' ' || external_id as id, reason from unmatched_accounts order by 1`.execute(db);
  return Object.fromEntries(rows.map(({ id, reason }) => [id, reason]));
}

/** Records by account: `acme` → `crm ticket t1`. */
export async function records(db: Db): Promise<Record<string, string[]>> {
  const { rows } = await sql<{ key: string; records: string[] }>`
    select a.key, array_agg(r.source || ' ' || r.kind || ' ' || r.external_id order by 1) as records
    from records r join accounts a on a.id = r.account_id group by a.key order by a.key`.execute(db);
  return Object.fromEntries(rows.map(({ key, records: names }) => [key, names.sort()]));
}
