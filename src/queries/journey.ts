import { z } from "zod";
import type { Configuration } from "../playbooks/configuration.ts";
import { scoreAccount } from "../scoring/account-score.ts";
import { dayOfInstant, formatDay } from "../scoring/days.ts";
import { journeyStatus } from "../scoring/facts.ts";
import type { Instant, LifecycleState, MilestoneState } from "../scoring/history.ts";
import type { Lifecycle } from "../scoring/lifecycle.ts";
import { accountAsOf } from "../scoring/record-state.ts";
import { scoringScope } from "../scoring/scoring-scope.ts";
import { findAccountByKey } from "../store/account-list.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Db } from "../store/db.ts";
import { loadHistory, recordsOnly } from "../store/histories.ts";
import { readStageChanges, type StageChange } from "../store/milestones.ts";
import { readScores } from "../store/scores.ts";
import { archivalSchema, readArchival } from "./archival.ts";

const momentSchema = z.iso.datetime().nullable();
/** A local day of the account. */
const daySchema = z.string().nullable();
const statusSchema = z.enum(["reached", "on-track", "behind", "stuck", "open"]);

/** What `journey --json` and `GET /api/v1/accounts/:id/journey` answer. */
export const journeySchema = z.strictObject({
  /** The account's key. */
  account: z.string(),
  name: z.string(),
  archived: archivalSchema,
  /** The zone of the days. */
  zone: z.string(),
  /** The moment the stage and the milestones were judged. */
  asOf: z.iso.datetime(),
  stage: z.strictObject({
    /** Null where nothing names one. */
    id: z.string().nullable(),
    name: z.string().nullable(),
    decidedBy: z.enum(["hand", "crm", "conditions"]).nullable(),
    since: momentSchema,
    sinceDay: daySchema,
    reason: z.string(),
  }),
  /** The worst status of the milestones that are still to come; null where there are no milestones. */
  status: statusSchema.nullable(),
  /** The stages so far, the oldest first; days are null where nothing tells them. */
  stages: z.array(z.strictObject({ id: z.string(), name: z.string(), enteredDay: daySchema, leftDay: daySchema })),
  /** In the order of lifecycle.json. */
  milestones: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      stage: z.string().nullable(),
      status: statusSchema,
      reachedAt: momentSchema,
      reachedDay: daySchema,
      by: z.enum(["condition", "event", "hand"]).nullable(),
      expectedAt: momentSchema,
      expectedDay: daySchema,
    }),
  ),
});
export type Journey = z.infer<typeof journeySchema>;

/** An account's stages and milestones with their days: as of its newest score, else as judged for this question. Null when there is no such account. */
export async function readJourney(
  db: Db,
  configuration: Configuration,
  key: string,
  now: Date,
): Promise<Journey | null> {
  const account = await findAccountByKey(db, key);
  if (account === null) return null;
  const { scorer } = configuration;
  const judged = await readJudged(db, configuration, account, now);
  const { state, at, zone } = judged;
  const { stage, decidedBy, since, reason } = state;
  const dayOf = (moment: Instant | null) => (moment === null ? null : formatDay(dayOfInstant(zone, moment)));
  const stays = staysOf(await readStageChanges(db, account.accountId), state);
  return {
    account: account.key,
    name: account.name,
    archived: await readArchival(db, account.accountId),
    zone,
    asOf: at.toISOString(),
    stage: {
      id: stage,
      name: stage === null ? null : stageName(scorer.lifecycle, stage),
      decidedBy,
      since: isoOf(since),
      sinceDay: dayOf(since),
      reason,
    },
    status: journeyStatus(state),
    stages: stays.map((stay) => ({
      id: stay.stage,
      name: stageName(scorer.lifecycle, stay.stage),
      enteredDay: dayOf(stay.enteredAt),
      leftDay: dayOf(stay.leftAt),
    })),
    milestones: state.milestones.map((milestone) => describeMilestone(milestone, scorer.lifecycle, dayOf)),
  };
}

interface Judged {
  readonly state: LifecycleState;
  readonly at: Date;
  readonly zone: string;
}

/** What the newest score judged; an account that was not scored yet is judged now. */
async function readJudged(
  db: Db,
  { scorer }: Configuration,
  account: { readonly accountId: number; readonly key: string },
  now: Date,
): Promise<Judged> {
  const stored = (await readScores(db, [account.accountId])).get(account.accountId);
  const coverage = await readCoverage(db);
  const scope = stored?.lifecycle == null ? scoringScope(scorer, coverage, now.getTime()) : recordsOnly(["account"]);
  const history = await loadHistory(db, account, scope);
  const zone = accountAsOf(history, now.getTime()).zone ?? scorer.company.zone;
  if (stored?.lifecycle != null) return { state: stored.lifecycle, at: stored.at, zone };
  const score = scoreAccount(scorer, { history, coverage, memory: null, children: [] }, now.getTime());
  return { state: score.lifecycle, at: now, zone };
}

interface Stay {
  readonly stage: string;
  readonly enteredAt: Instant | null;
  readonly leftAt: Instant | null;
}

/** The stages an account was in. Of the present one, and of the one before it, the judgement knows more than the changes do. */
function staysOf(changes: readonly StageChange[], state: LifecycleState): readonly Stay[] {
  const entries = changes.map(({ at, to }) => ({ stage: to, enteredAt: at.getTime() as number | null }));
  if (entries.at(-1)?.stage === state.stage) entries.pop();
  if (state.previous !== null && entries.at(-1)?.stage !== state.previous) {
    entries.push({ stage: state.previous, enteredAt: null });
  }
  const all = [...entries, { stage: state.stage, enteredAt: state.since }];
  return all.flatMap(({ stage, enteredAt }, index) =>
    stage === null ? [] : [{ stage, enteredAt, leftAt: all[index + 1]?.enteredAt ?? null }],
  );
}

function describeMilestone(
  { id, status, reachedAt, by, expectedAt }: MilestoneState,
  lifecycle: Lifecycle | null,
  dayOf: (moment: Instant | null) => string | null,
): Journey["milestones"][number] {
  const rule = lifecycle?.milestones.find((one) => one.id === id);
  return {
    id,
    name: rule?.name ?? id,
    stage: rule?.stage ?? null,
    status,
    reachedAt: isoOf(reachedAt),
    reachedDay: dayOf(reachedAt),
    by,
    expectedAt: isoOf(expectedAt),
    expectedDay: dayOf(expectedAt),
  };
}

function stageName(lifecycle: Lifecycle | null, id: string): string {
  return lifecycle?.stages.find((stage) => stage.id === id)?.name ?? id;
}

function isoOf(moment: Instant | null): string | null {
  return moment === null ? null : new Date(moment).toISOString();
}
