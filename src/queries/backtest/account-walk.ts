import type { AskGuards } from "../../playbooks/guard.ts";
import { type HeldFacts, heldFacts, withoutHeld } from "../../playbooks/held-facts.ts";
import { playbookFacts } from "../../playbooks/known-facts.ts";
import { ownerCalendar, ownerOf } from "../../playbooks/owners.ts";
import { type SnoozeNotice, snoozeNotice } from "../../playbooks/snooze.ts";
import type { Surroundings } from "../../playbooks/trigger/awaited.ts";
import type { TriggerState } from "../../playbooks/trigger/state.ts";
import { type Fire, judgeOccasions } from "../../playbooks/trigger.ts";
import { snoozeAsOf } from "../../scoring/by-hand.ts";
import type { MissingReason } from "../../scoring/conditions.ts";
import { dayOfInstant } from "../../scoring/days.ts";
import type { Facts } from "../../scoring/facts.ts";
import { failingMetrics } from "../../scoring/held-metrics.ts";
import type { AccountHistory, DayNumber, Instant } from "../../scoring/history.ts";
import { accountAsOf } from "../../scoring/record-state.ts";
import { accountGuards, type GuardedAccount } from "./account-guards.ts";
import type { DayScore } from "./day-score.ts";
import type { Judges } from "./judges.ts";
import { TrendMemory } from "./trend-memory.ts";

/** A run that would have begun. Plain data: it crosses threads. */
export interface WalkedFire {
  /** Its place among the judged playbooks. */
  readonly playbook: number;
  readonly at: Instant;
  /** The account's local day. */
  readonly day: DayNumber;
  /** Whose account it was that day; null: nobody's. */
  readonly owner: string | null;
  readonly priority: Fire["priority"];
  readonly reason: string;
}

interface Knowledge extends Surroundings {
  readonly facts: Facts;
  readonly missingReason: MissingReason;
  readonly held: HeldFacts | null;
  readonly snooze: SnoozeNotice | null;
  readonly zone: string;
  readonly ownerId: string | null;
}

/**
 * One account on its way through the days: the playbooks are judged at the end of each day, and within the day whenever one of them is
 * due or a record that they look at arrives. Between two ends of days the score is the one of the day before.
 */
export class AccountWalk {
  readonly fires: WalkedFire[] = [];
  /** Everyone who owned the account. */
  readonly owners = new Set<string>();
  readonly #judges: Judges;
  readonly #history: AccountHistory;
  readonly #arrivals: readonly Instant[];
  readonly #trends: TrendMemory;
  #states: readonly (TriggerState | null)[];
  #score: DayScore | null = null;
  #scoredAt: Instant = 0;
  #judgedAt: Instant | null = null;
  #snoozedUntil: Instant | null = null;

  constructor(judges: Judges, history: AccountHistory) {
    this.#judges = judges;
    this.#history = history;
    this.#arrivals = arrivalsOf(history, judges);
    this.#trends = new TrendMemory(judges.wanted);
    this.#states = judges.playbooks.map(() => null);
  }

  /** A day before the first that is judged: only rises and falls look back at it. */
  passDay(day: DayNumber, score: DayScore, at: Instant): void {
    this.#trends.keep(day, score);
    this.#score = score;
    this.#scoredAt = at;
  }

  /** A day that is judged, at its last moment `at`. The first one is the baseline, as when a playbook is activated. */
  judgeDay(day: DayNumber, score: DayScore, at: Instant): void {
    if (this.#judgedAt !== null) this.#judgeWithin(this.#judgedAt, at);
    this.passDay(day, score, at);
    this.#judge(at);
  }

  /** Whether the account was in the audience of a playbook when it was judged last. */
  isInAudience(playbook: number): boolean {
    return this.#states[playbook]?.inAudience === true;
  }

  /** Whether a playbook took the account silently as it was found. */
  isBaseline(playbook: number): boolean {
    const state = this.#states[playbook];
    return state?.state === "firing" && state.baseline;
  }

  #judgeWithin(from: Instant, end: Instant): void {
    let last = from;
    for (;;) {
      const next = this.#nextMoment(last);
      if (next >= end) return;
      this.#judge(next);
      last = next;
    }
  }

  /** When time alone changes a state, or something arrives, after a moment. */
  #nextMoment(after: Instant): Instant {
    let next = this.#arrivals.find((at) => at > after) ?? Infinity;
    for (const at of [this.#snoozedUntil, ...this.#states.map((state) => state?.dueAt ?? null)]) {
      if (at !== null && at > after && at < next) next = at;
    }
    return next;
  }

  #judge(now: Instant): void {
    const known = this.#knowledgeAt(now);
    const { facts, missingReason, held, snooze, zone, ownerId } = known;
    const truthOf = this.#judges.truthsOf(facts);
    this.#snoozedUntil = snooze?.until ?? null;
    this.#judgedAt = now;
    const owner = ownerOf(this.#judges.configuration.owners, ownerId)?.id ?? ownerId;
    if (owner !== null) this.owners.add(owner);
    this.#states = this.#judges.playbooks.map((playbook, index) => {
      const guards: AskGuards = (question) => accountGuards(this.#judges, this.#guarded(index, known), now)(question);
      const context = {
        now,
        firstSeen: false,
        missingReason,
        truthOf,
        guards,
        held,
        surroundings: known,
        isTerse: true,
      };
      const decisions = judgeOccasions(playbook, this.#states[index] ?? null, facts, context);
      for (const { fire, reason } of decisions) {
        if (fire === null) continue;
        const { priority } = fire;
        this.fires.push({ playbook: index, at: now, day: dayOfInstant(zone, now), owner, priority, reason });
      }
      return decisions.at(-1)?.state ?? null;
    });
  }

  /** A version of the playbook that is tried knows nothing of the runs of another. */
  #guarded(playbook: number, { zone, ownerId, snooze }: Knowledge): GuardedAccount {
    const { playbooks, candidates } = this.#judges;
    const begun = this.fires
      .filter((fire) => fire.playbook === playbook || fire.playbook >= candidates)
      .map((fire) => ({ playbookId: playbooks[fire.playbook]?.id ?? "", priority: fire.priority, startedAt: fire.at }));
    return { zone, ownerId, snooze, begun, rootId: this.#history.accountId };
  }

  #knowledgeAt(now: Instant): Knowledge {
    const { configuration, coverage, wanted } = this.#judges;
    const { company, plan, models } = configuration.scorer;
    const account = accountAsOf(this.#history, now);
    const zone = account.zone ?? company.zone;
    const ownerId = account.owner ?? null;
    const calendar = ownerCalendar(configuration.owners, ownerId, company.calendarOf);
    const metrics = this.#score?.metrics ?? noMetrics;
    const score = this.#score?.score ?? null;
    const spans = this.#trends.spansOn(dayOfInstant(zone, now));
    const history = this.#history;
    const known = playbookFacts({ history, metrics, score, spans, zone, calendar }, wanted, now);
    const failing = failingMetrics(plan, coverage, { scoredAt: this.#scoredAt, zone }, now);
    const model = models.find(({ id }) => id === score?.modelId);
    const held = heldFacts(failing, model);
    const snooze = snoozeNotice(snoozeAsOf(history, now), zone);
    // Field by field: a copy of an object with more fields costs as much as its judgement.
    const { facts, missingReason } = withoutHeld(known, held);
    return { facts, missingReason, held, snooze, history, zone, ownerId };
  }
}

const noMetrics: DayScore["metrics"] = new Map();

/** When records of the kinds that playbooks look at came to be known, in order. */
function arrivalsOf(history: AccountHistory, { kinds }: Judges): readonly Instant[] {
  const arrivals = history.changes
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ occurredAt, recordedAt }) => Math.max(occurredAt, recordedAt));
  return [...new Set(arrivals)].sort((one, other) => one - other);
}
