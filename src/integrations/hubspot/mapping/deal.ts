import { currencySchema, type FieldsOf } from "../../../scoring/records.ts";
import type { MapContext, Mapped } from "../../mapped-port.ts";
import { minorUnitsOf } from "../../minor-units.ts";
import { labelOf } from "../../record-values.ts";
import { mergedInto } from "../objects.ts";
import type { Stage } from "../pipelines.ts";
import type { HubSpotSettings } from "../settings.ts";
import type { RawThing } from "../surroundings.ts";
import { day, inOrder, moment, timesOf } from "./reading.ts";

const ownTypes = { newbusiness: "new", existingbusiness: "expansion" } as const;

/** A deal is an opportunity: open from its beginning, won or lost at its close date. */
export function mapDeal(raw: RawThing, settings: HubSpotSettings, { zone }: MapContext): Mapped {
  const { thing, company, stage } = raw;
  const { id, properties } = thing;
  if (company === null) return { skipped: `deal ${id} belongs to no company` };
  const times = timesOf(thing);
  if (times === null) return { skipped: `deal ${id} has no time of its last change` };
  const outcome = outcomeOf(stage);
  const set: FieldsOf<"opportunity"> = {
    name: labelOf(properties["dealname"]),
    type: typeOf(properties["dealtype"] ?? "", settings),
    outcome,
    ...moneyOf(properties, settings),
    closesOn: day(properties["closedate"], zone),
    deleted: false,
  };
  const before = [
    { at: times.from, set: { outcome: "open" as const } },
    // Of an open deal the date is a hope, and no change of anything.
    { at: outcome === "open" ? null : closedAt(properties["closedate"], times.from), set: { outcome } },
  ];
  return {
    inputs: inOrder<FieldsOf<"opportunity">>(before, { at: times.now, set }).map((each) => ({
      kind: "opportunity" as const,
      id,
      account: company,
      ...each,
    })),
    deleted: mergedInto(thing).map((gone) => ({ kind: "opportunity" as const, id: gone, at: times.now })),
  };
}

function outcomeOf(stage: Stage | null): "open" | "won" | "lost" {
  if (stage === null || !stage.isClosed) return "open";
  return stage.isWon ? "won" : "lost";
}

/** People enter close dates by hand: one before the deal's beginning is no time of anything. */
function closedAt(text: string | null | undefined, from: string): string | null {
  const at = moment(text);
  return at !== null && at > from ? at : null;
}

function typeOf(value: string, { dealTypes }: HubSpotSettings): "new" | "expansion" | "renewal" | null {
  const types: Readonly<Record<string, "new" | "expansion" | "renewal">> = { ...ownTypes, ...dealTypes };
  return Object.hasOwn(types, value) ? (types[value] ?? null) : null;
}

function moneyOf(properties: Readonly<Record<string, string | null>>, settings: HubSpotSettings) {
  const stated = currencySchema.safeParse(properties["deal_currency_code"]);
  const currency = stated.success ? stated.data : (settings.currency ?? null);
  const amount = properties["amount"] ?? null;
  // Without a currency an amount says nothing.
  if (currency === null || amount === null) return { amountMinor: null, currency: null };
  return { amountMinor: minorUnitsOf(amount, currency), currency };
}
