import { DatabaseError } from "pg";
import { SourceHalt } from "../call-port.ts";
import { networkReason, redactor } from "../redact.ts";

type Halt = SourceHalt["verdict"];

/** What a failed query or connection means for the pull; in PostgreSQL's own words where it said something. */
export function haltOf(error: unknown, url: string): SourceHalt {
  if (error instanceof SourceHalt) return error;
  if (!(error instanceof DatabaseError)) return new SourceHalt(again(`the database: ${networkReason(error)}`));
  return new SourceHalt(verdictOf(error, redactor(secretsIn(url), 300)(error.message)));
}

function verdictOf({ code = "" }: DatabaseError, words: string): Halt {
  const reason = `the database says: ${words}`;
  if (code === "42501") return { kind: "forbidden", missing: words, reason };
  if (code === "28P01" || code === "28000") return { kind: "forbidden", missing: null, reason };
  // A replica that had to catch up, a deadlock, a lock, a restart, too many connections: none of it is the query's fault.
  if (/^(08|40|53|55|57P)/.test(code)) return again(reason);
  return { kind: "fatal", reason };
}

function again(reason: string): Halt {
  return { kind: "retry", scope: "call", afterMs: null, reason };
}

function secretsIn(url: string): string[] {
  if (!URL.canParse(url)) return [url];
  const { password } = new URL(url);
  return [url, password, decodeURIComponent(password)].filter((secret) => secret !== "");
}
