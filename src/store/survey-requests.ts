import { sql } from "kysely";
import type { SurveyKey } from "../playbooks/customer-links.ts";
import type { LastAsked } from "../playbooks/survey/pause.ts";
import type { SurveyType } from "../playbooks/survey/scale.ts";
import { readSurveyWords, type SurveyWords } from "../playbooks/survey/words.ts";
import type { Db, Tx } from "./db.ts";
import { plainAddress } from "./erasure/addresses.ts";
import { holdContacts } from "./held-contacts.ts";

/** A survey that a person is asked, once per step and visit of a run. */
export interface NewSurveyRequest extends SurveyKey {
  readonly accountId: number;
  readonly type: SurveyType;
  readonly email: string;
  /** The person's name. */
  readonly contact: string | null;
  readonly question: string;
  readonly words: SurveyWords;
  readonly askedAt: number;
  /** First moment at which no answer is taken any more. */
  readonly expiresAt: number;
}

/** Keeps a survey request beside the mail that asks. */
export async function insertSurveyRequest(tx: Tx, request: NewSurveyRequest): Promise<void> {
  const { words, email, askedAt, expiresAt, ...rest } = request;
  await tx
    .insertInto("surveyRequests")
    .values({
      ...rest,
      email: plainAddress(email),
      words: JSON.stringify(words),
      askedAt: new Date(askedAt),
      expiresAt: new Date(expiresAt),
    })
    .onConflict((conflict) => conflict.columns(["runId", "stepId", "visit"]).doNothing())
    .execute();
}

/** A survey request as the page of its link shows it. */
export interface SurveyRequest {
  readonly id: number;
  readonly accountId: number;
  readonly type: SurveyType;
  /** In small letters; null once the person was erased. */
  readonly email: string | null;
  readonly question: string;
  readonly words: SurveyWords;
  readonly expiresAt: Date;
  readonly answeredAt: Date | null;
  readonly score: number | null;
  readonly comment: string | null;
  /** The account's; null: the company's. */
  readonly zone: string | null;
}

/** The request that a link names; null when there is none. */
export async function findSurveyRequest(db: Db | Tx, key: SurveyKey): Promise<SurveyRequest | null> {
  const row = await db
    .selectFrom("surveyRequests as r")
    .innerJoin("accounts as a", "a.id", "r.accountId")
    .select(["r.id", "r.accountId", "r.type", "r.email", "r.question", "r.words", "r.expiresAt"])
    .select(["r.answeredAt", "r.score", "r.comment", "a.zone"])
    .where("r.runId", "=", key.runId)
    .where("r.stepId", "=", key.stepId)
    .where("r.visit", "=", key.visit)
    .executeTakeFirst();
  return row === undefined ? null : { ...row, words: readSurveyWords(row.words) };
}

/**
 * When each of these persons was asked last. They are held until the transaction ends, so that two of them never ask one person at once.
 * A mail that was never sent asked nobody.
 */
export async function holdAskedContacts(tx: Tx, addresses: readonly string[]): Promise<Map<string, LastAsked>> {
  const emails = await holdContacts(tx, addresses);
  if (emails.length === 0) return new Map();
  const { rows } = await sql<{ email: string; at: Date; openUntil: Date | null }>`
    select r.email, max(r.asked_at) as at, max(r.expires_at) filter (where r.answered_at is null) as open_until
    from survey_requests r
    where r.email = any(${emails}::text[]) and not exists (
      select from actions a
      where a.run_id = r.run_id and a.step_id = r.step_id and a.visit = r.visit
        and a.state in ('failed', 'cancelled', 'skipped'))
    group by r.email`.execute(tx);
  return new Map(
    rows.map(({ email, at, openUntil }) => [email, { at: at.getTime(), openUntil: openUntil?.getTime() ?? null }]),
  );
}
