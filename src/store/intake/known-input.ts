import type { Input, RecordInput, UsageInput } from "../../scoring/records.ts";

/** An input on its way into the tables, with when it counts as known. */
export interface KnownInput<I extends Input = Input> {
  /** Its place in the batch; -1 for one that was held before. */
  readonly index: number;
  readonly source: string;
  /** The stream that delivers it; null: the one named `usage`. */
  readonly stream: string | null;
  /** Its account, and a parent it names, may be named by our key. */
  readonly idsAreKeys: boolean;
  readonly input: I;
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
  /** Part of a history that was known as it happened. */
  readonly backfilled: boolean;
  /** The same without an erased person, for what is kept as text; `input` is only hashed then, so that it counts once. Usage events only. */
  readonly keptAs?: I;
}

/** A known input whose account was found. */
export interface PlacedInput<I extends Input = Input> extends KnownInput<I> {
  readonly accountId: number;
}

export type PlacedRecord = PlacedInput<RecordInput>;
export type PlacedUsage = PlacedInput<UsageInput>;

/** Why an input was not applied. */
export interface Rejection {
  /** Its place in the batch; -1 for one that was held before. */
  readonly index: number;
  readonly reason: string;
  /** The reason without names and ids, for counting. */
  readonly cause: string;
}

/** What one kind of write did. */
export interface Written {
  readonly written: number;
  readonly unchanged: number;
  readonly rejected: readonly Rejection[];
  readonly accountIds: ReadonlySet<number>;
}

/** When an input became true: of a day's usage, the end of that day (UTC), when its total was known. */
export function occurredAt(input: Input): number {
  if (input.kind !== "usage") return Date.parse(input.at);
  return Date.parse(`${input.day}T00:00:00Z`) + 86_400_000;
}

/** The name an input gives its account. */
export function accountNameOf(input: Input): string | undefined {
  return input.kind === "account" ? input.id : input.account;
}

/** Why PostgreSQL could not keep this input, or null: a NUL or half of a surrogate pair in a text, a year it does not know. */
export function unstorable(input: Input): string | null {
  if (holdsUnstorableText(JSON.stringify(input))) return "a text holds a NUL or a broken character";
  const moment = occurredAt(input);
  if (!(moment >= earliest && moment < latest)) return "its date lies outside the years 1 to 9998";
  return null;
}

const earliest = Date.parse("0001-01-02T00:00:00Z");
const latest = Date.parse("9999-01-01T00:00:00Z");

/** JSON escapes both as \uXXXX with a single backslash; an escaped backslash before "u" is ordinary text. */
function holdsUnstorableText(json: string): boolean {
  return json.includes("\\u") && /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json);
}
