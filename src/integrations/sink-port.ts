import type { AccountSummary } from "../playbooks/account-summary.ts";
import type { Outcome } from "../playbooks/message.ts";
import type { Answer, CallRequest } from "./call-port.ts";

/** Where tasks and fields go back to. Both may be given the same thing again and change nothing then. */
export interface Sink {
  /** Makes or updates a task by our key; looks it up first where the vendor has no upsert. Receipt: `{ externalId, created }`. */
  putTask(task: CrmTask, context: SinkContext): Promise<Outcome>;
  /** At most this many accounts at once for `putFields`. */
  readonly fieldsAtOnce: number;
  /** Writes the fields of accounts; one outcome for each, in their order. Absent where sources.json names no fields. */
  putFields?(writes: readonly FieldWrite[], context: SinkContext): Promise<readonly Outcome[]>;
  /** Writes one field of one account, whichever it is. */
  putField(write: OwnFieldWrite, context: SinkContext): Promise<Outcome>;
}

export interface SinkContext {
  readonly now: Date;
  readonly signal: AbortSignal;
  /** As of a pull: under the same limits, it answers 2xx only and throws `SourceHalt` for everything else. */
  readonly call: (request: CallRequest) => Promise<Answer>;
}

/** A task for somebody in a CRM. */
export interface CrmTask {
  /** Ours, unique for ever: kept in an external-id field there. Letters, digits and hyphens. */
  readonly key: string;
  readonly title: string;
  readonly body: string;
  /** `YYYY-MM-DD`; null: none. */
  readonly dueOn: string | null;
  /** The vendor's id of the account; null where it is not known there. */
  readonly account: string | null;
  /** The vendor's id of who is to do it; null where it is not known there. */
  readonly owner: string | null;
}

/** A field of an account, as the vendor names it. */
export interface OwnFieldWrite {
  /** The vendor's id of the account. */
  readonly account: string;
  readonly field: string;
  /** Null empties it. */
  readonly value: string | number | boolean | null;
}

/** What stands in an account's fields there. */
export interface FieldWrite {
  /** The vendor's id of the account. */
  readonly account: string;
  /** Null: unknown; the field is emptied. */
  readonly values: AccountSummary;
}
