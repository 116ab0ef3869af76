import type { Facts, FactValue } from "../../scoring/facts.ts";
import type { AccountHistory, Instant, RecordChange } from "../../scoring/history.ts";
import { byTime, type ChangeOf } from "../../scoring/record-state.ts";
import type { AwaitedRecord } from "../playbook.ts";
import type { ArrivalKind } from "../schema/triggers.ts";
import type { Seen } from "./state.ts";

/** A record that has come to be as asked. */
export interface Arrival {
  /** When that was known. */
  readonly at: Instant;
  /** Tells it from the others. */
  readonly id: string;
  readonly facts: Facts;
}

type Change = ChangeOf<ArrivalKind>;

/**
 * The first record, in the order in which it was learnt, that has come to be as asked and is not taken yet. Of a record that changes each time
 * counts at which it was not as asked before. What was learnt together counts as it stood at the end.
 */
export function nextArrival(rule: AwaitedRecord, seen: Seen, history: AccountHistory, now: Instant): Arrival | null {
  let first: Arrival | null = null;
  for (const changes of recordsSince(rule.record, seen.floor, history, now)) {
    for (const arrival of arrivalsOf(rule, seen.floor, changes)) {
      if (!seen.taken.includes(arrival.id) && (first === null || isBefore(arrival, first))) first = arrival;
    }
  }
  return first;
}

/** The changes of each record of which something was learnt after `floor`, by record in the order of their ids. */
function recordsSince(kind: ArrivalKind, floor: Instant, history: AccountHistory, now: Instant): Iterable<Change[]> {
  const records = new Map<number, Change[]>();
  const known: Change[] = [];
  for (const change of history.changes) {
    if (!isOf(change, kind) || knownAt(change) > now) continue;
    known.push(change);
    if (knownAt(change) > floor) records.set(change.recordId, []);
  }
  for (const change of known) records.get(change.recordId)?.push(change);
  return [...records].sort(([one], [other]) => one - other).map(([, changes]) => changes.sort(byTime));
}

function isOf(change: RecordChange, kind: ArrivalKind): change is RecordChange & Change {
  return change.kind === kind;
}

function arrivalsOf(rule: AwaitedRecord, floor: Instant, changes: readonly Change[]): readonly Arrival[] {
  const moments = [...new Set(changes.map(knownAt))].filter((moment) => moment > floor).sort((a, b) => a - b);
  const arrivals: Arrival[] = [];
  let before = asAsked(rule, changes, floor);
  for (const at of moments) {
    const present = asAsked(rule, changes, at);
    const isNews = present !== null && before === null && at - present.since <= rule.withinMs;
    if (isNews) arrivals.push({ at, id: `${changes[0]?.recordId ?? 0}@${at}`, facts: present.facts });
    before = present;
  }
  return arrivals;
}

/** Since when the record is as asked, by what was known at a moment; null when it is not. */
function asAsked(
  { where }: AwaitedRecord,
  changes: readonly Change[],
  moment: Instant,
): { readonly since: Instant; readonly facts: Facts } | null {
  let fields: Readonly<Record<string, unknown>> = {};
  let since: Instant | null = null;
  for (const change of changes) {
    if (knownAt(change) > moment) continue;
    fields = { ...fields, ...change.set };
    const isAsked =
      fields["deleted"] !== true && (where === null || where.truth(factsOf(where.facts, fields)) === true);
    since = isAsked ? (since ?? change.occurredAt) : null;
  }
  return since === null ? null : { since, facts: factsOf(where?.facts ?? [], fields) };
}

/** The fields that are asked for; `payload.plan.name` is looked up key by key. */
function factsOf(names: readonly string[], fields: object): Facts {
  const facts = new Map<string, FactValue>();
  for (const name of names) {
    const value = name.split(".").reduce(member, fields);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") facts.set(name, value);
  }
  return facts;
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function knownAt({ occurredAt, recordedAt }: Change): Instant {
  return Math.max(occurredAt, recordedAt);
}

/** Those learnt at one moment in the order of their ids. */
function isBefore(one: Arrival, other: Arrival): boolean {
  return one.at !== other.at ? one.at < other.at : Number.parseInt(one.id, 10) < Number.parseInt(other.id, 10);
}
