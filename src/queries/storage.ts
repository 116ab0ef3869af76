import { type Db, readNow } from "../store/db.ts";
import { readLastMaintenance } from "../store/retention.ts";
import { readSizes, type Sizes } from "../store/sizes.ts";
import type { Finding } from "./doctor.ts";

/** What the data takes up, and when maintenance was last at it. */
export interface Storage extends Sizes {
  /** Null without accounts. */
  readonly bytesPerAccount: number | null;
  /** Null when it never was. */
  readonly maintainedAt: Date | null;
  readonly now: Date;
}

/** Measures the data. */
export async function readStorage(db: Db): Promise<Storage> {
  const sizes = await readSizes(db);
  return {
    ...sizes,
    bytesPerAccount: sizes.accounts === 0 ? null : Math.round(sizes.bytes / sizes.accounts),
    maintainedAt: await readLastMaintenance(db),
    now: await readNow(db),
  };
}

/** A worker does it every day; one day it may have been off. */
const latestMaintenanceMs = 3 * 86_400_000;
const tablesShown = 3;

/** What an operator is told of it. */
export function checkStorage(storage: Storage): Finding[] {
  const { bytes, accounts, bytesPerAccount, tables, biggest, maintainedAt, now } = storage;
  const each = bytesPerAccount === null ? "" : `, ${sizeWords(bytesPerAccount)} for each of ${accounts} accounts`;
  const largest = tables.slice(0, tablesShown).map(({ table, bytes: own }) => `${table} ${sizeWords(own)}`);
  const isLate = maintainedAt !== null && now.getTime() - maintainedAt.getTime() > latestMaintenanceMs;
  const rows = biggest.map(({ account, rows: count }) => `${account} ${count}`).join(", ");
  return [
    { subject: "storage", state: "ok", detail: `${sizeWords(bytes)}${each}; largest: ${largest.join(", ")}` },
    ...(biggest.length === 0
      ? []
      : [{ subject: "largest accounts", state: "ok" as const, detail: `by rows, about: ${rows}` }]),
    {
      subject: "maintenance",
      state: isLate ? "warning" : "ok",
      detail: maintenanceWords(maintainedAt, isLate),
    },
  ];
}

function maintenanceWords(maintainedAt: Date | null, isLate: boolean): string {
  if (maintainedAt === null) return "not yet: a worker does it once a day";
  const when = `last done ${maintainedAt.toISOString()}`;
  return isLate ? `${when}: a worker does it every day, keepwell maintain does it now` : when;
}

function sizeWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
