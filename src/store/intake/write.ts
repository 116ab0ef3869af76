import type { Tx } from "../db.ts";
import { lockAccounts, markDirty, refreshAccounts } from "./accounts.ts";
import type { PlacedInput, PlacedRecord, PlacedUsage, Written } from "./known-input.ts";
import { nameParents } from "./parent-names.ts";
import { refuseCycles } from "./parents.ts";
import { writeChanges } from "./record-changes.ts";
import { writeDays } from "./usage-days.ts";
import { writeEvents } from "./usage-events.ts";
import { ensureUsageNames } from "./usage-names.ts";

/** What a write without inputs does. */
export const nothingWritten: Written = { written: 0, unchanged: 0, rejected: [], accountIds: new Set() };

/** Writes inputs whose accounts are known, and makes these due for scoring. Behind the gate. */
export async function writeInputs(tx: Tx, inputs: readonly PlacedInput[], now: Date): Promise<Written> {
  if (inputs.length === 0) return nothingWritten;
  const named = await nameParents(tx, inputs);
  const { kept: records, rejected } = await refuseCycles(tx, named.filter(isRecord), now);
  const usage = inputs.filter(isUsage);
  // Names before accounts: whoever waits for a name of another writer holds no account that writer needs.
  const nameIds = await ensureUsageNames(tx, usage);
  await lockAccounts(tx, new Set(inputs.map((each) => each.accountId)));
  const daily = usage.filter(({ input }) => input.mode === "daily");
  const events = usage.filter(({ input }) => input.mode === "event");
  const written = sumWritten([
    { ...nothingWritten, rejected },
    await writeChanges(tx, records, now),
    await writeDays(tx, daily, nameIds),
    await writeEvents(tx, events, nameIds),
  ]);
  const accountRecords = records.filter(({ input }) => input.kind === "account");
  await refreshAccounts(tx, new Set(accountRecords.map((each) => each.accountId)), now);
  await markDirty(tx, written.accountIds);
  return written;
}

/** What several writes did together. */
export function sumWritten(parts: readonly Written[]): Written {
  return {
    written: parts.reduce((sum, part) => sum + part.written, 0),
    unchanged: parts.reduce((sum, part) => sum + part.unchanged, 0),
    rejected: parts.flatMap((part) => part.rejected),
    accountIds: new Set(parts.flatMap((part) => [...part.accountIds])),
  };
}

function isRecord(placed: PlacedInput): placed is PlacedRecord {
  return placed.input.kind !== "usage";
}

function isUsage(placed: PlacedInput): placed is PlacedUsage {
  return placed.input.kind === "usage";
}
