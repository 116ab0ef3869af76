import { z } from "zod";
import { currencySchema, type FieldsOf, type RecordInput } from "../../../scoring/records.ts";
import type { MapContext, Mapped } from "../../mapped-port.ts";
import { minorUnitsOf } from "../../minor-units.ts";
import { labelOf } from "../../record-values.ts";
import type { SalesforceSettings } from "../settings.ts";
import { amount, dayOf, deletionOf, flag, ifSaid, moment, readRow, rowBase, words } from "./row.ts";

const opportunityRow = z.looseObject({
  ...rowBase,
  AccountId: words,
  Name: words,
  Type: words,
  Amount: amount,
  CurrencyIsoCode: words,
  CloseDate: words,
  IsClosed: flag,
  IsWon: flag,
  LastStageChangeDate: moment,
});
type OpportunityRow = z.infer<typeof opportunityRow>;
type OpportunitySettings = Pick<SalesforceSettings, "currency" | "opportunityTypes">;

/** An Opportunity: open when it was made, won or lost when its stage last changed, and as it is now. */
export function mapOpportunity(settings: OpportunitySettings, raw: unknown, { zone }: MapContext): Mapped {
  const read = readRow(opportunityRow, raw);
  if ("skipped" in read) return read;
  const { row } = read;
  const { Id: id, AccountId: account, SystemModstamp, CreatedDate, LastStageChangeDate: stagedAt } = row;
  if (row.IsDeleted === true) return deletionOf("opportunity", row);
  if (!account) return {};
  const change = (at: string, set: FieldsOf<"opportunity">): RecordInput => ({
    kind: "opportunity",
    id,
    account,
    at,
    set,
  });
  const now = stateOf(settings, row, zone);
  const { name, type, outcome } = now;
  const opened = CreatedDate ? [change(CreatedDate, { name, type, outcome: "open" })] : [];
  const closed = stagedAt && row.IsClosed === true ? [change(stagedAt, { outcome })] : [];
  return { inputs: [...opened, ...closed, change(SystemModstamp, now)] };
}

function stateOf(settings: OpportunitySettings, row: OpportunityRow, zone: string): FieldsOf<"opportunity"> {
  const stated = currencySchema.safeParse(row.CurrencyIsoCode);
  const currency = stated.success ? stated.data : settings.currency;
  return {
    name: ifSaid(row.Name, labelOf),
    type: typeOf(settings, row.Type),
    outcome: outcomeOf(row),
    amountMinor: row.Amount == null ? row.Amount : minorUnitsOf(row.Amount, currency),
    currency: row.Amount === undefined ? undefined : currency,
    closesOn: ifSaid(row.CloseDate, (day) => dayOf(day, zone)),
  };
}

function outcomeOf({ IsClosed, IsWon }: OpportunityRow): "open" | "won" | "lost" | undefined {
  if (IsClosed == null) return undefined;
  if (!IsClosed) return "open";
  return IsWon === true ? "won" : "lost";
}

const usualTypes = [
  [/renew/i, "renewal"],
  [/expan|upgrade|upsell|cross.?sell|add.?on|existing/i, "expansion"],
  [/new/i, "new"],
] as const;

/** By the settings' words first, then by what the word says. */
function typeOf({ opportunityTypes }: OpportunitySettings, type: string | null | undefined) {
  if (type == null) return type;
  return opportunityTypes[type] ?? usualTypes.find(([pattern]) => pattern.test(type))?.[1] ?? null;
}
