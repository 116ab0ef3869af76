import { sql } from "kysely";
import type { SourceKind } from "../../src/scoring/records.ts";
import type { Db } from "../../src/store/db.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a vendor has, as our tables are to have it at the end; what is deleted there is left out. */
export interface VendorTruth {
  /** By kind and by the vendor's id: fields as they stand at the end. Others may stand there as well; further ids may not. */
  readonly records: Readonly<Partial<Record<SourceKind, Readonly<Record<string, Fields>>>>>;
  /** Every value; accounts by the vendor's id. Left out where the vendor has no usage. */
  readonly usage?: readonly UsageTruth[];
}

interface UsageTruth {
  readonly account: string;
  readonly name: string;
  readonly day: string;
  readonly value: number;
}

/** What our tables have of a source, in the same form: all fields, `account` (the vendor's id) among them, and all usage. */
export async function readTables(db: Db, source: string): Promise<Required<VendorTruth>> {
  const { rows } = await sql<{ kind: SourceKind; id: string; account: string | null; set: Fields }>`
    select r.kind, r.external_id as id, i.external_id as account, c.set
    from records r
    join record_changes c on c.account_id = r.account_id and c.record_id = r.id
    left join lateral (
      select external_id from identities where account_id = r.account_id and source = r.source
      -- An account that took another one in has the other's name, too.
      order by ended_at is not null, external_id limit 1
    ) i on true
    where r.source = ${source}
    order by c.occurred_at, c.recorded_at`.execute(db);
  const records = new Map<SourceKind, Map<string, Fields>>();
  for (const { kind, id, account, set } of rows) {
    const ofKind = records.get(kind) ?? new Map<string, Fields>();
    records.set(kind, ofKind.set(id, { ...ofKind.get(id), ...(kind === "account" ? {} : { account }), ...set }));
  }
  const usage = await sql<UsageTruth>`
    select i.external_id as account, n.name, u.day, u.value
    from usage_daily u
    join usage_names n on n.id = u.name_id
    join identities i on i.account_id = u.account_id and i.source = ${source}
    order by 1, 2, 3`.execute(db);
  return {
    records: Object.fromEntries([...records].map(([kind, ofKind]) => [kind, Object.fromEntries(living(ofKind))])),
    usage: usage.rows,
  };
}

function living(records: ReadonlyMap<string, Fields>): [string, Fields][] {
  return [...records]
    .filter(([, fields]) => fields["deleted"] !== true)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}
