import type { Configuration } from "../playbooks/configuration.ts";
import type { Origin } from "../playbooks/guards/loop.ts";
import type { AccountGuards } from "../playbooks/guards/round.ts";
import type { CompiledPlaybook } from "../playbooks/playbook.ts";
import { judgeOccasions, type TriggerDecision, type Fire as TriggerFire } from "../playbooks/trigger.ts";
import type { Instant } from "../scoring/history.ts";
import type { TriggerStateRow } from "../store/playbook-state.ts";
import type { Situation } from "./situation.ts";

/** A playbook that fires for an account. */
export interface Fire extends TriggerFire {
  readonly playbook: CompiledPlaybook;
  readonly reason: string;
  /** What brought it about. */
  readonly origin: Origin;
}

/** What all playbooks say of one account. */
export interface Judgement {
  readonly changedStates: readonly TriggerStateRow[];
  readonly fires: readonly Fire[];
  /** When time alone may change a state. */
  readonly nextDueAt: Instant | null;
}

/** Judges every playbook for one account. Pure: nothing is written here. */
export function judgeAccount(
  configuration: Configuration,
  situation: Situation,
  guards: AccountGuards,
  now: Instant,
): Judgement {
  const { accountId, facts, missingReason, snooze, held, isQuiet } = situation;
  const before = new Map(situation.states.map((state) => [state.playbookId, state]));
  const changedStates: TriggerStateRow[] = [];
  const fires: Fire[] = [];
  // What conditions say of a snooze changes with its end.
  let nextDueAt: Instant | null = snooze?.until ?? null;
  const truthOf = configuration.judgeConditions(facts);
  const surroundings = { history: situation.history, zone: situation.subject.zone };
  for (const playbook of configuration.playbooks.filter((one) => one.enabled)) {
    const state = before.get(playbook.id) ?? null;
    const decisions = judgeOccasions(playbook, state, facts, {
      now,
      firstSeen: isQuiet,
      missingReason,
      truthOf,
      guards: guards.ask,
      held,
      surroundings,
      isTerse: true,
    });
    fires.push(...firesOf(playbook, decisions, guards.originOf(playbook.id)));
    for (const { state: left, dueAt } of decisions.slice(-1)) {
      const after = { ...left, accountId, playbookId: playbook.id };
      if (state === null || !isSame(state, after)) changedStates.push(after);
      if (dueAt !== null) nextDueAt = Math.min(nextDueAt ?? dueAt, dueAt);
    }
  }
  return { changedStates: [...changedStates, ...putToRest(configuration, situation)], fires, nextDueAt };
}

function firesOf(playbook: CompiledPlaybook, decisions: readonly TriggerDecision[], origin: Origin): readonly Fire[] {
  return decisions.flatMap(({ fire, reason }) => (fire === null ? [] : [{ ...fire, playbook, reason, origin }]));
}

/** A playbook that is disabled or gone is not judged; when it comes back it starts from a baseline, as with an edited trigger. */
function putToRest(configuration: Configuration, situation: Situation): TriggerStateRow[] {
  const judged = new Set(configuration.playbooks.filter((one) => one.enabled).map((one) => one.id));
  return situation.states
    .filter((state) => !judged.has(state.playbookId) && state.triggerKey !== "")
    .map((state) => ({ ...state, triggerKey: "", dueAt: null, reason: "the playbook is not enabled" }));
}

function isSame(one: TriggerStateRow, other: TriggerStateRow): boolean {
  return (
    one.triggerKey === other.triggerKey &&
    one.state === other.state &&
    one.since === other.since &&
    one.dueAt === other.dueAt &&
    one.episode === other.episode &&
    one.lastFiredAt === other.lastFiredAt &&
    one.baseline === other.baseline &&
    one.held === other.held &&
    one.reason === other.reason &&
    one.occasion === other.occasion &&
    one.guard === other.guard &&
    one.inAudience === other.inAudience &&
    one.round === other.round &&
    one.priority === other.priority &&
    one.seen === other.seen
  );
}
