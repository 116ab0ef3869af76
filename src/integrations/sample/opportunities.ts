import type { FieldsOf, RecordInput } from "../../scoring/records.ts";
import type { SampleAccount } from "./accounts.ts";
import { momentText } from "./calendar.ts";
import { amountOf, type Period, periodsOf } from "./contracts.ts";
import { openRandom } from "./random.ts";
import { isWithin, type Span } from "./span.ts";

const expansionPurpose = 10;
/** A renewal is talked about this long before the period ends. */
const renewalLeadDays = 90;
const expansionDays = 45;

interface OpportunityChange {
  readonly at: number;
  readonly id: string;
  readonly set: FieldsOf<"opportunity">;
}

/** Of yearly contracts: each renewal, and the expansions of those who use more every year, as they were opened and closed. */
export function opportunityInputs(seed: number, account: SampleAccount, span: Span): RecordInput[] {
  if (account.interval !== "year") return [];
  return periodsOf(seed, account, span.to)
    .flatMap((period) => [...renewalOf(account, period), ...expansionOf(seed, account, period)])
    .filter(({ at }) => at >= span.historyFrom && isWithin(Math.floor(at), span))
    .map(({ at, id, set }) => ({ kind: "opportunity", id, account: account.key, at: momentText(at), set }));
}

function renewalOf(account: SampleAccount, period: Period): readonly OpportunityChange[] {
  const id = `${account.key}-renewal-${period.number + 1}`;
  const amount = { amountMinor: amountOf(account, period), currency: account.currency };
  const opened = { name: "Renewal", type: "renewal", outcome: "open", ...amount } as const;
  const office = (account.opensAt + 2) / 24;
  return [
    { at: period.endsOn - renewalLeadDays + office, id, set: opened },
    { at: period.endsOn + office, id, set: { outcome: "won" } },
  ];
}

function expansionOf(seed: number, account: SampleAccount, period: Period): readonly OpportunityChange[] {
  const random = openRandom(seed, expansionPurpose, account.index, period.number);
  if (account.story !== null || account.growth < 0.1 || !random.chance(0.6)) return [];
  const id = `${account.key}-expansion-${period.number + 1}`;
  const openedAt = period.startsOn + random.whole(60, 240) + (account.opensAt + random.between(1, 7)) / 24;
  const more = { ...period, seats: Math.max(1, Math.round(period.seats * random.between(0.15, 0.4))) };
  const amount = { amountMinor: amountOf(account, more), currency: account.currency };
  return [
    { at: openedAt, id, set: { name: "More seats", type: "expansion", outcome: "open", ...amount } },
    { at: openedAt + expansionDays, id, set: { outcome: random.chance(0.6) ? "won" : "lost" } },
  ];
}
