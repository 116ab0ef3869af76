import { dayOfInstant, formatDay } from "../../scoring/days.ts";
import type { Bound, Check } from "./mapping.ts";
import type { FileRow } from "./row-reader.ts";
import { columnsOf, type Habits, type ValueReader, valueReader, type Wanted } from "./value.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What is known beside the row: the record the file is joined by, and the account. */
export interface Surroundings {
  readonly record: Fields;
  readonly account: Fields;
}

/** A check of the mapping, compiled: what it says of a row, or null when all is well or one side is not known. */
export interface RowCheck {
  readonly severity: "warn" | "reject";
  of(row: FileRow, around: Surroundings): string | null;
}

const aDay: Wanted = { type: "day", empty: "omit" };

/** Compiles a check. Throws `MappingError`. */
export function rowCheck(check: Check, habits: Habits): RowCheck {
  const read = dayOf(valueReader(check.value, aDay, habits), habits.zone);
  const bound = check.before ?? check.after;
  const limit = bound === undefined ? () => null : boundOf(bound, habits);
  const words = check.warn ?? check.reject ?? "";
  return {
    severity: check.warn === undefined ? "reject" : "warn",
    of(row, around) {
      const value = read(row);
      const against = limit(row, around);
      if (value === null || against === null) return null;
      const isHit = check.before === undefined ? value > against : value < against;
      return isHit ? words : null;
    },
  };
}

/** The names of all columns a check looks at. A bound that is a text names a field, not a column. */
export function checkColumns({ value, before, after }: Check): string[] {
  const bounds = [before, after].flatMap((bound) => (typeof bound === "object" ? columnsOf(bound) : []));
  return [...columnsOf(value), ...bounds];
}

/** Whether checks need the fields of the joined record, and of the account. */
export function checkNeeds(checks: readonly Check[]): { readonly record: boolean; readonly account: boolean } {
  const references = checks.flatMap(({ before, after }) => [before, after]).filter((each) => typeof each === "string");
  return {
    record: references.some((each) => !each.startsWith("account.")),
    account: references.some((each) => each.startsWith("account.")),
  };
}

function boundOf(bound: Bound, habits: Habits): (row: FileRow, around: Surroundings) => string | null {
  if (typeof bound !== "string") return dayOf(valueReader(bound, aDay, habits), habits.zone);
  const [kind, field = ""] = bound.split(".");
  return (_row, around) => asDay(kind === "account" ? around.account[field] : around.record[field], habits.zone);
}

function dayOf(read: ValueReader, zone: string): (row: FileRow) => string | null {
  return (row) => {
    const found = read(row);
    return found.kind === "value" ? asDay(found.value, zone) : null;
  };
}

/** A day as it stands; of a moment the day in the file's zone. */
function asDay(value: unknown, zone: string): string | null {
  if (typeof value !== "string" || value === "") return null;
  return value.length === 10 ? value : formatDay(dayOfInstant(zone, Date.parse(value)));
}
