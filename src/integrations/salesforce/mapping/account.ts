import { z } from "zod";
import type { FieldsOf } from "../../../scoring/records.ts";
import type { MapContext, Mapped } from "../../mapped-port.ts";
import { labelOf, textOf } from "../../record-values.ts";
import { domainOfWebsite } from "../../website-domain.ts";
import type { SalesforceSettings } from "../settings.ts";
import { dayOf, deletionOf, ifSaid, readRow, rowBase, words } from "./row.ts";

const accountRow = z.looseObject({
  ...rowBase,
  Name: words,
  OwnerId: words,
  ParentId: words,
  MasterRecordId: words,
  Website: words,
  Industry: words,
  BillingCountry: words,
});
type AccountRow = z.infer<typeof accountRow>;
type AccountSettings = Pick<SalesforceSettings, "account" | "onlyAccounts">;

/** An Account as it is now; one that was merged away names the one that is left. */
export function mapAccount(settings: AccountSettings, raw: unknown, context: MapContext): Mapped {
  const read = readRow(accountRow, raw);
  if ("skipped" in read) return read;
  const { row } = read;
  const { Id: id, SystemModstamp: at, CreatedDate: createdAt } = row;
  if (row.IsDeleted === true) {
    return row.MasterRecordId ? { merged: [{ from: id, into: row.MasterRecordId, at }] } : deletionOf("account", row);
  }
  if (!isWanted(settings, row)) return {};
  const set = stateOf(settings, row, context);
  const name = set.name ?? null;
  // It has been an account since then; what it was called then nobody says.
  const beginning = createdAt && name !== null ? [{ kind: "account" as const, id, at: createdAt, set: { name } }] : [];
  const ourKey = labelOf(customText(row, settings.account.key));
  return {
    inputs: [...beginning, { kind: "account", id, at, set }],
    claims: [{ externalId: id, name, ourKey, domains: set.domain ? [set.domain] : [] }],
  };
}

function isWanted({ onlyAccounts }: AccountSettings, row: AccountRow): boolean {
  if (onlyAccounts === undefined) return true;
  const value = customText(row, onlyAccounts.field);
  return value != null && onlyAccounts.in.includes(value);
}

function stateOf({ account }: AccountSettings, row: AccountRow, { ownerOf, zone }: MapContext): FieldsOf<"account"> {
  const { Website: website, OwnerId: owner } = row;
  return {
    name: labelOf(row.Name) ?? undefined,
    owner: ifSaid(owner, (id) => (id ? ownerOf(id) : null)),
    parent: ifSaid(row.ParentId, labelOf),
    domain: ifSaid(website, (text) => (text ? domainOfWebsite(text) : null)),
    industry: ifSaid(row.Industry, labelOf),
    country: ifSaid(row.BillingCountry, labelOf),
    segment: ifSaid(customText(row, account.segment), labelOf),
    stage: ifSaid(customText(row, account.stage), labelOf),
    beganOn: ifSaid(customText(row, account.beganOn), (day) => dayOf(day, zone)),
    fields: ownFields(account.fields, row),
  };
}

/** What is neither text, number nor truth, such as an address, is left out. */
function ownFields(names: AccountSettings["account"]["fields"], row: AccountRow): FieldsOf<"account">["fields"] {
  const fields: Record<string, string | number | boolean | null> = {};
  for (const [name, field] of Object.entries(names)) {
    const value = row[field];
    if (typeof value === "string") fields[name] = textOf(value);
    else if (typeof value === "number" || typeof value === "boolean" || value === null) fields[name] = value;
  }
  return Object.keys(fields).length === 0 ? undefined : fields;
}

function customText(row: AccountRow, field: string | undefined): string | null | undefined {
  const value = field === undefined ? undefined : row[field];
  return value === undefined || value === null ? value : String(value);
}
