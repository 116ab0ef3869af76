import { z } from "zod";
import type { Configuration } from "../../playbooks/configuration.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { snoozeGuard, snoozeNotice } from "../../playbooks/snooze.ts";
import { answerOf } from "../../playbooks/trigger/answer.ts";
import { judgeOccasions } from "../../playbooks/trigger.ts";
import { snoozeAsOf } from "../../scoring/by-hand.ts";
import { dayOfInstant } from "../../scoring/days.ts";
import { derivedAmong } from "../../scoring/derived-facts.ts";
import type { StreamCoverage } from "../../scoring/history.ts";
import { accountAsOf } from "../../scoring/record-state.ts";
import type { TrendSpans } from "../../scoring/trend-spans.ts";
import type { Db, Tx } from "../../store/db.ts";
import { readTriggerStatesOf, type TriggerStateRow } from "../../store/playbook-state.ts";
import { type RunRow, readActiveRunsOf } from "../../store/runs.ts";
import { readTrendSpans } from "../../store/score-trends.ts";
import type { PlannedScore } from "./planned-scores.ts";
import { type Matches, matchPlaybooks } from "./playbook-matches.ts";
import { type Fate, type PlaybookMove, PlaybookTally, playbookPlanSchema } from "./playbook-tally.ts";
import { hasMovedFacts, type SideFacts, type SideFrame, sideFacts } from "./side-facts.ts";
import { givesTasks, TaskForecast } from "./task-forecast.ts";
import { touchedPlaybooks } from "./touched-playbooks.ts";

/** What a change would do to playbooks and to whoever they give work. */
export const playbooksPlanSchema = z.strictObject({
  playbooks: z.array(playbookPlanSchema),
  /** Tasks that runs give within a week, of those under way and those that begin. */
  tasks: z.array(z.strictObject({ owner: z.string(), before: z.int(), after: z.int() })),
});
export type PlaybooksPlan = z.infer<typeof playbooksPlanSchema>;

/** Two sides, and in which respects they differ. */
export interface PlaybooksQuestion {
  readonly before: Configuration;
  readonly after: Configuration;
  /** Playbooks whose documents differ. */
  readonly edited: ReadonlySet<string>;
  /** Scores and stages may move by the change alone: accounts that do are taken as they are. */
  readonly movesScores: boolean;
  /** Metrics may mean something else. */
  readonly movesMetrics: boolean;
  readonly listed: number;
  readonly coverage: StreamCoverage;
}

/** Which accounts playbooks gain and lose by a change, batch by batch. Writes nothing. */
export class PlannedPlaybooks {
  readonly #question: PlaybooksQuestion;
  readonly #now: Date;
  readonly #tallies: readonly PlaybookTally[];
  readonly #frames: { readonly before: SideFrame; readonly after: SideFrame };
  readonly #matchers: {
    readonly before: (known: SideFacts) => Matches;
    readonly after: (known: SideFacts) => Matches;
  };
  readonly #forecasts: { readonly before: TaskForecast; readonly after: TaskForecast };
  readonly #runsOf: readonly string[];

  constructor(question: PlaybooksQuestion, now: Date) {
    const { before, after, edited, movesScores, movesMetrics, coverage } = question;
    const touched = touchedPlaybooks(before, after, { edited, movesFacts: movesScores || movesMetrics });
    const working = [...before.playbooks, ...after.playbooks].filter((one) => one.enabled && givesTasks(one));
    const named = [...touched.flatMap((one) => [one.before, one.after]), ...working].filter((one) => one !== null);
    const wanted = derivedAmong([...new Set(named.flatMap(({ facts }) => facts))]);
    this.#question = question;
    this.#now = now;
    this.#tallies = touched.map((one) => new PlaybookTally(one, question.listed, after.guards));
    this.#frames = {
      before: { configuration: before, wanted, coverage },
      after: { configuration: after, wanted, coverage },
    };
    this.#matchers = {
      before: matchPlaybooks(touched.map((one) => one.before)),
      after: matchPlaybooks(touched.map((one) => one.after)),
    };
    this.#forecasts = {
      before: new TaskForecast(before, now.getTime()),
      after: new TaskForecast(after, now.getTime()),
    };
    const ending = touched.filter((one) => one.after === null).map(({ id }) => id);
    this.#runsOf = [...new Set([...working.map(({ id }) => id), ...ending])];
  }

  /** Looks at a batch of accounts. */
  async add(db: Db | Tx, scores: readonly PlannedScore[]): Promise<void> {
    const ids = scores.map(({ account }) => account.accountId);
    const spans = await this.#readSpans(db, scores);
    const runs = byAccount(await readActiveRunsOf(db, ids, this.#runsOf));
    const found = scores.flatMap((score) =>
      this.#compare(score, spans.get(score.account.accountId) ?? new Map(), runs.get(score.account.accountId) ?? []),
    );
    const states = await this.#readStates(db, found);
    for (const one of found) {
      const state = states.get(`${one.score.account.accountId} ${one.playbook.id}`) ?? null;
      this.#comeIn(one, state);
    }
  }

  /** What came of all batches. */
  plan(): PlaybooksPlan {
    const [before, after] = [this.#forecasts.before.tasks, this.#forecasts.after.tasks];
    const owners = [...new Set([...before.keys(), ...after.keys()])].sort();
    return {
      playbooks: this.#tallies
        .map((tally) => tally.plan())
        .filter(({ change, in: comes, out }) => change !== "facts" || comes + out > 0),
      tasks: owners.map((owner) => ({ owner, before: before.get(owner) ?? 0, after: after.get(owner) ?? 0 })),
    };
  }

  #readSpans(db: Db | Tx, scores: readonly PlannedScore[]): Promise<Map<number, TrendSpans>> {
    const { wanted, configuration } = this.#frames.after;
    const windows = wanted.filter((fact) => fact.kind === "trend");
    const accounts = scores.map(({ account, history }) => {
      const zone = accountAsOf(history, this.#now.getTime()).zone ?? configuration.scorer.company.zone;
      return { accountId: account.accountId, today: dayOfInstant(zone, this.#now.getTime()) };
    });
    return readTrendSpans(db, accounts, windows, this.#now);
  }

  async #readStates(db: Db | Tx, found: readonly ComingIn[]): Promise<ReadonlyMap<string, TriggerStateRow>> {
    const accounts = [...new Set(found.map(({ score }) => score.account.accountId))];
    const playbooks = [...new Set(found.map(({ playbook }) => playbook.id))];
    const rows = await readTriggerStatesOf(db, accounts, playbooks);
    return new Map(rows.map((row) => [`${row.accountId} ${row.playbookId}`, row]));
  }

  /** Counts who goes out, and the tasks of the runs under way; tells who comes in. */
  #compare(score: PlannedScore, spans: TrendSpans, runs: readonly RunRow[]): readonly ComingIn[] {
    const at = this.#now.getTime();
    const hasMoved = hasMovedFacts(score, this.#question.movesMetrics);
    const mayMove = this.#tallies.filter(({ touched }) => touched.change !== "facts" || hasMoved);
    if (mayMove.length === 0 && runs.length === 0) return [];
    const before = sideFacts(this.#frames.before, score, score.before, spans, at);
    const isSame = score.before === score.after && this.#isSameGround();
    const after = isSame ? before : sideFacts(this.#frames.after, score, score.after, spans, at);
    for (const run of runs) this.#addRun(run, before, after);
    const [was, is] = [this.#matchers.before(before), this.#matchers.after(after)];
    return mayMove.flatMap((tally): ComingIn[] => {
      const { touched } = tally;
      if ((touched.after ?? touched.before)?.trigger.awaits != null) return [];
      const audience = touched.after?.audience ?? null;
      if (audience === null || audience.truth(after.facts) === true) tally.reach();
      const [matched, matches] = [was(touched.before), is(touched.after)];
      if (matched === true && matches === false) tally.goOut(moveOf(score, null, whyOut(tally, after)));
      if (touched.after === null || matches !== true || matched === true) return [];
      return [{ tally, playbook: touched.after, score, known: after }];
    });
  }

  /** Both sides read the same score by the same company. */
  #isSameGround(): boolean {
    return !this.#question.movesScores && !this.#question.movesMetrics;
  }

  #addRun(run: RunRow, before: SideFacts, after: SideFacts): void {
    const position = { ...run, runId: run.id, stepId: run.stepId ?? "" };
    const from = Math.max(run.dueAt ?? 0, this.#now.getTime());
    const sides = [
      { forecast: this.#forecasts.before, known: before, configuration: this.#question.before },
      { forecast: this.#forecasts.after, known: after, configuration: this.#question.after },
    ];
    for (const { forecast, known, configuration } of sides) {
      const playbook = configuration.playbooks.find(({ id, enabled }) => enabled && id === run.playbookId);
      if (playbook !== undefined) forecast.goOn(playbook, position, known, from);
    }
    const tally = this.#tallies.find(({ touched }) => touched.id === run.playbookId);
    if (tally?.touched.after === null) tally.endRun();
  }

  #comeIn({ tally, playbook, score, known }: ComingIn, state: TriggerStateRow | null): void {
    const now = this.#now.getTime();
    const { facts, missingReason, held, zone } = known;
    const decisions = judgeOccasions(playbook, state, facts, {
      now,
      firstSeen: this.#question.movesScores,
      missingReason,
      guards: snoozeGuard(snoozeNotice(snoozeAsOf(score.history, now), zone)),
      held,
    });
    const last = decisions.at(-1);
    const fate = fateOf(
      decisions.some(({ fire }) => fire !== null),
      last?.state.state,
    );
    tally.comeIn({ ...moveOf(score, fate, last?.reason ?? ""), fate });
    const from = fate === "waits" ? (last?.dueAt ?? null) : now;
    if (fate === "silent" || from === null) return;
    this.#forecasts.after.begin(playbook, known, from);
  }
}

/** An account that comes to match a playbook. */
interface ComingIn {
  readonly tally: PlaybookTally;
  readonly playbook: CompiledPlaybook;
  readonly score: PlannedScore;
  readonly known: SideFacts;
}

function byAccount(runs: readonly RunRow[]): ReadonlyMap<number, readonly RunRow[]> {
  const groups = new Map<number, RunRow[]>();
  for (const run of runs) groups.set(run.accountId, [...(groups.get(run.accountId) ?? []), run]);
  return groups;
}

function fateOf(fires: boolean, state: string | undefined): Fate {
  if (fires) return "begins";
  return state === "pending" ? "waits" : "silent";
}

function whyOut({ touched }: PlaybookTally, { facts, missingReason }: SideFacts): string {
  if (touched.after === null)
    return touched.change === "removed" ? "the playbook is removed" : "the playbook is disabled";
  return answerOf(touched.after, facts, (condition) => condition.truth(facts), missingReason).why;
}

function moveOf<Whither extends Fate | null>(
  { account, mrr }: PlannedScore,
  fate: Whither,
  reason: string,
): PlaybookMove & { readonly fate: Whither } {
  return { account: account.key, name: account.name, owner: account.owner, mrr, fate, reason };
}
