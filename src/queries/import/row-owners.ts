import { findAccountFields, findAccountIds, findRecords } from "../../store/accounts-directory.ts";
import type { Db, Tx } from "../../store/db.ts";
import type { ImportFile, ImportRow } from "./import-file.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Whose a row is, with what its file's checks look at; or why nobody can say. */
export type Owner =
  | {
      readonly kind: "owner";
      readonly account: string;
      readonly around: { readonly record: Fields; readonly account: Fields };
    }
  | { readonly kind: "unknown"; readonly reason: string; readonly cause: string };

const nothing: Fields = {};

/** Finds the owners of a batch of rows: by the account they name, or through the record they name. */
export async function findOwners<Row extends ImportRow>(
  db: Db | Tx,
  source: string,
  file: ImportFile<Row>,
  rows: readonly Row[],
): Promise<Owner[]> {
  const named = rows.map((row) => file.ownerOf(row));
  const names = [...new Set(named.flatMap((each) => (each.kind === "named" ? [each.name] : [])))];
  const find = await ownersByName(db, source, file, names);
  return named.map((each) => {
    if (each.kind === "unreadable") return { kind: "unknown", reason: each.reason, cause: each.cause };
    return find(each.kind === "named" ? each.name : "");
  });
}

async function ownersByName<Row extends ImportRow>(
  db: Db | Tx,
  source: string,
  file: ImportFile<Row>,
  names: readonly string[],
): Promise<(name: string) => Owner> {
  const { via, needs } = file;
  if (via === null) {
    const ids = needs.account ? await findAccountIds(db, source, names) : new Map<string, number>();
    const fields = await findAccountFields(db, [...new Set(ids.values())]);
    const accountOf = (name: string): Fields => fields.get(ids.get(name) ?? -1) ?? nothing;
    return (name) => ({ kind: "owner", account: name, around: { record: nothing, account: accountOf(name) } });
  }
  const records = await findRecords(db, source, via, names, needs.record);
  const ids = [...new Set([...records.values()].map((record) => record.accountId))];
  const fields = needs.account ? await findAccountFields(db, ids) : new Map<number, Fields>();
  return (name) => {
    const record = records.get(name);
    if (record === undefined) return { kind: "unknown", reason: `no ${via} ${name}`, cause: `unknown ${via}` };
    const around = { record: record.fields, account: fields.get(record.accountId) ?? nothing };
    return { kind: "owner", account: record.accountKey, around };
  };
}
