import { sql } from "kysely";
import type { SurveyType } from "../playbooks/survey/scale.ts";
import type { Db } from "./db.ts";

/** How a step's survey is answered. */
export interface SurveyTally {
  readonly playbook: string;
  readonly step: string;
  readonly type: SurveyType;
  /** Whose mail was sent, or is perhaps there. */
  readonly asked: number;
  /** Whose mail is still to be sent. */
  readonly waiting: number;
  readonly answered: number;
  /** The mean of the answers; null where there is none. */
  readonly mean: number | null;
  readonly lastAnswerAt: Date | null;
}

/** All surveys that were asked, by playbook, step and type. */
export async function tallySurveys(db: Db): Promise<readonly SurveyTally[]> {
  const { rows } = await sql<SurveyTally>`
    select u.playbook_id as playbook, r.step_id as step, r.type,
      count(*) filter (where a.state in ('sent', 'unknown'))::integer as asked,
      count(*) filter (where a.state in ('pending', 'claimed', 'sending', 'retry'))::integer as waiting,
      count(r.answered_at)::integer as answered, avg(r.score)::float8 as mean, max(r.answered_at) as last_answer_at
    from survey_requests r join runs u on u.id = r.run_id
    left join actions a on a.run_id = r.run_id and a.step_id = r.step_id and a.visit = r.visit
    group by 1, 2, 3 order by 1, 2, 3`.execute(db);
  return rows;
}

/** Which surveys to list; what is not given does not narrow. */
export interface SurveyFilter {
  readonly playbook?: string | undefined;
  /** The account's key. */
  readonly account?: string | undefined;
  readonly limit: number;
}

/** One survey that somebody was asked. */
export interface ListedSurvey {
  readonly id: number;
  readonly account: string;
  readonly playbook: string;
  readonly step: string;
  readonly type: SurveyType;
  /** Null once the person was erased. */
  readonly email: string | null;
  readonly contact: string | null;
  readonly question: string;
  /** Of its mail; null where that is gone. */
  readonly mail: string | null;
  readonly askedAt: Date;
  readonly expiresAt: Date;
  readonly answeredAt: Date | null;
  readonly score: number | null;
  readonly comment: string | null;
}

/** Surveys one by one, the newest first. */
export async function listSurveys(
  db: Db,
  { playbook, account, limit }: SurveyFilter,
): Promise<readonly ListedSurvey[]> {
  let query = db
    .selectFrom("surveyRequests as r")
    .innerJoin("runs as u", "u.id", "r.runId")
    .innerJoin("accounts as c", "c.id", "r.accountId")
    .leftJoin("actions as a", (join) =>
      join.onRef("a.runId", "=", "r.runId").onRef("a.stepId", "=", "r.stepId").onRef("a.visit", "=", "r.visit"),
    )
    .select(["r.id", "c.key as account", "u.playbookId as playbook", "r.stepId as step", "r.type"])
    .select(["r.email", "r.contact", "r.question", "a.state as mail", "r.askedAt", "r.expiresAt"])
    .select(["r.answeredAt", "r.score", "r.comment"])
    .orderBy("r.id", "desc")
    .limit(limit);
  if (playbook !== undefined) query = query.where("u.playbookId", "=", playbook);
  if (account !== undefined) query = query.where("c.key", "=", account);
  return query.execute();
}
