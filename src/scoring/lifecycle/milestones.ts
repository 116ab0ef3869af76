import type { CompiledCondition } from "../conditions.ts";
import { parseDay, startOfDay } from "../days.ts";
import type { FactValue } from "../facts.ts";
import type {
  AccountHistory,
  DayNumber,
  Instant,
  LifecycleState,
  MilestoneState,
  MilestoneStatus,
} from "../history.ts";
import { type RecordState, recordsAsOf } from "../record-state.ts";
import type { FieldsOf } from "../records.ts";

/** From when on a milestone's time is counted. */
export type MilestoneStart =
  | { readonly kind: "began" }
  | { readonly kind: "stage"; readonly id: string }
  | { readonly kind: "milestone"; readonly id: string };

/** A milestone and what reaches it. */
export interface MilestoneRule {
  readonly id: string;
  readonly name: string;
  /** The stage it belongs to, for those who read the journey. */
  readonly stage: string | null;
  readonly when: CompiledCondition | null;
  readonly event: { readonly name: string; readonly where: readonly (readonly [string, FactValue])[] } | null;
  readonly anniversaryYears: number | null;
  readonly byHand: boolean;
  readonly expected: { readonly withinMs: number; readonly from: MilestoneStart } | null;
  readonly stuckAfterMs: number;
  /** `milestone.<id>` and `milestone.<id>.days`, where a condition names them. */
  readonly facts: { readonly reached: string | null; readonly days: string | null };
}

/** What milestones are judged by. */
export interface MilestoneInput {
  readonly history: AccountHistory;
  readonly account: FieldsOf<"account">;
  /** The zone of the account's days. */
  readonly zone: string;
  /** Those that conditions name; the milestones' come in as they are judged. */
  readonly facts: Map<string, FactValue>;
  readonly memory: LifecycleState | null;
}

/** When and how a milestone was reached. */
export interface Reached {
  readonly at: Instant;
  readonly by: "condition" | "event" | "hand";
}

/** Where an account stands in its stages, as far as milestones are expected from there. */
export interface StageStanding {
  readonly stage: string | null;
  readonly since: Instant | null;
  /** Stages that it has gone through at this very moment. */
  readonly entered: readonly string[];
}

const dayMs = 86_400_000;

/**
 * Which milestones are reached; adds to the facts what conditions of later milestones and of stages name of them. What was reached
 * before stays reached, unless a person takes back what a person has said.
 */
export function reachMilestones(
  rules: readonly MilestoneRule[],
  input: MilestoneInput,
  now: Instant,
): ReadonlyMap<string, Reached> {
  const reached = new Map<string, Reached>();
  const hands = handRecords(input.history, now);
  let events: readonly RecordState<"event">[] | null = null;
  for (const rule of rules) {
    const known = remembered(rule, input.memory, hands.get(rule.id));
    if (known === null && rule.event !== null) events ??= recordsAsOf(input.history, "event", now);
    const found = known ?? findReached(rule, input, { hand: hands.get(rule.id), events: events ?? [] }, now);
    if (rule.facts.reached !== null) input.facts.set(rule.facts.reached, found !== null);
    if (found === null) continue;
    reached.set(rule.id, found);
    if (rule.facts.days !== null) input.facts.set(rule.facts.days, Math.floor((now - found.at) / dayMs));
  }
  return reached;
}

/** How each milestone stands in time, in the order of the rules, and when time alone changes that next. */
export function standMilestones(
  rules: readonly MilestoneRule[],
  reached: ReadonlyMap<string, Reached>,
  standing: StageStanding,
  input: MilestoneInput,
  now: Instant,
): { readonly milestones: readonly MilestoneState[]; readonly dueAt: Instant | null } {
  let dueAt = Number.POSITIVE_INFINITY;
  const milestones = rules.map((rule): MilestoneState => {
    const found = reached.get(rule.id) ?? null;
    const expectedAt = expectedMoment(rule, reached, standing, input, now);
    if (found === null) dueAt = Math.min(dueAt, nextTurn(rule, expectedAt, input, now));
    const status = found === null ? statusAt(expectedAt, rule.stuckAfterMs, now) : "reached";
    return { id: rule.id, status, reachedAt: found?.at ?? null, by: found?.by ?? null, expectedAt };
  });
  return { milestones, dueAt: Number.isFinite(dueAt) ? dueAt : null };
}

function statusAt(expectedAt: Instant | null, stuckAfterMs: number, now: Instant): MilestoneStatus {
  if (expectedAt === null) return "open";
  if (now < expectedAt) return "on-track";
  return now < expectedAt + stuckAfterMs ? "behind" : "stuck";
}

/** When time alone changes the status next; infinity where it never does. */
function nextTurn(rule: MilestoneRule, expectedAt: Instant | null, input: MilestoneInput, now: Instant): Instant {
  const late = expectedAt ?? Number.POSITIVE_INFINITY;
  const anniversary = anniversaryOf(rule, input) ?? Number.POSITIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  for (const at of [late, late + rule.stuckAfterMs, anniversary]) if (at > now && at < next) next = at;
  return next;
}

const nothingSaid: ReadonlyMap<string, RecordState<"milestone">> = new Map();

/** What a hand has said of each milestone; should there be several records of one, the one that changed last counts. */
function handRecords(history: AccountHistory, now: Instant): ReadonlyMap<string, RecordState<"milestone">> {
  const said = recordsAsOf(history, "milestone", now);
  if (said.length === 0) return nothingSaid;
  const records = new Map<string, RecordState<"milestone">>();
  for (const record of said) {
    const { milestone } = record.fields;
    if (milestone === undefined) continue;
    const before = records.get(milestone);
    if (before === undefined || record.lastAt >= before.lastAt) records.set(milestone, record);
  }
  return records;
}

function remembered(
  rule: MilestoneRule,
  memory: LifecycleState | null,
  hand: RecordState<"milestone"> | undefined,
): Reached | null {
  const before = memory?.milestones.find(({ id }) => id === rule.id);
  if (before?.reachedAt == null || before.by === null) return null;
  if (before.by === "hand" && hand?.fields.reached === false) return null;
  return { at: before.reachedAt, by: before.by };
}

interface Findings {
  readonly hand: RecordState<"milestone"> | undefined;
  readonly events: readonly RecordState<"event">[];
}

/** A person's word first, then the earlier of event and anniversary, then the condition, which is true from now on. */
function findReached(
  rule: MilestoneRule,
  input: MilestoneInput,
  { hand, events }: Findings,
  now: Instant,
): Reached | null {
  if (rule.byHand && hand?.fields.reached === true) return { at: saidAt(hand), by: "hand" };
  const event = firstEvent(rule, events);
  const anniversary = anniversaryOf(rule, input);
  const isDue = anniversary !== null && anniversary <= now;
  if (event !== null && (!isDue || event <= anniversary)) return { at: event, by: "event" };
  if (isDue) return { at: anniversary, by: "condition" };
  return rule.when?.truth(input.facts) === true ? { at: now, by: "condition" } : null;
}

/** When the milestone was last set to reached, whatever was noted of it after. */
function saidAt({ changes, lastAt }: RecordState<"milestone">): Instant {
  let at: Instant | null = null;
  // Of one moment the last word counts: taken back and said again, it never was otherwise.
  const words = new Map(
    changes.flatMap(({ set, occurredAt }) => (set.reached === undefined ? [] : [[occurredAt, set.reached]])),
  );
  for (const [occurredAt, isReached] of words) {
    if (isReached === false) at = null;
    else if (isReached === true) at ??= occurredAt;
  }
  return at ?? lastAt;
}

function firstEvent({ event }: MilestoneRule, events: readonly RecordState<"event">[]): Instant | null {
  if (event === null) return null;
  let first = Number.POSITIVE_INFINITY;
  for (const { fields, firstAt } of events) {
    if (fields.name !== event.name || firstAt >= first) continue;
    const payload = fields.payload ?? {};
    if (event.where.every(([key, value]) => Object.hasOwn(payload, key) && payload[key] === value)) first = firstAt;
  }
  return Number.isFinite(first) ? first : null;
}

/** The beginning of the local day on which the account has its years; null where it has no such milestone or no first day. */
function anniversaryOf({ anniversaryYears }: MilestoneRule, { account, zone }: MilestoneInput): Instant | null {
  if (anniversaryYears === null || account.beganOn == null) return null;
  return startOfDay(zone, yearsAfter(account.beganOn, anniversaryYears));
}

/** The same day of a later year; of 29 February in a year without one, the day before. */
function yearsAfter(day: string, years: number): DayNumber {
  const date = new Date(parseDay(day) * dayMs);
  const [year, month] = [date.getUTCFullYear() + years, date.getUTCMonth()];
  const lastOfMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastOfMonth)) / dayMs;
}

/** By when a milestone is expected; null while what it is counted from has not come. */
function expectedMoment(
  { id, expected }: MilestoneRule,
  reached: ReadonlyMap<string, Reached>,
  standing: StageStanding,
  { account, zone, memory }: MilestoneInput,
  now: Instant,
): Instant | null {
  if (expected === null) return null;
  const { from, withinMs } = expected;
  switch (from.kind) {
    case "began":
      return account.beganOn == null ? null : startOfDay(zone, parseDay(account.beganOn)) + withinMs;
    case "milestone": {
      const start = reached.get(from.id);
      return start === undefined ? null : start.at + withinMs;
    }
    case "stage": {
      if (standing.stage === from.id && standing.since !== null) return standing.since + withinMs;
      if (standing.entered.includes(from.id)) return now + withinMs;
      // A stage that was left: the time that was set on entering it still holds.
      return memory?.milestones.find((one) => one.id === id)?.expectedAt ?? null;
    }
    default:
      return from satisfies never;
  }
}
