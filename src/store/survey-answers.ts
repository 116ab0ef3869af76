import type { SurveyKey } from "../playbooks/customer-links.ts";
import { answeredRecord, askedRecord, surveySource } from "../playbooks/survey/record.ts";
import type { RecordInput } from "../scoring/records.ts";
import { holdAccount } from "./by-hand.ts";
import type { Db, Tx } from "./db.ts";
import { readSurvivor } from "./identity/merge-accounts.ts";
import { applyInputs } from "./intake.ts";
import { notify } from "./notify.ts";
import { findSurveyRequest, type SurveyRequest } from "./survey-requests.ts";

export interface SurveyAnswer {
  readonly score: number;
  readonly comment: string | null;
}

/** `ended`: it takes no answer any more, or the person was erased. */
export type SurveyAnswerOutcome = { readonly kind: "kept" } | { readonly kind: "unknown" } | { readonly kind: "ended" };

/** Keeps an answer as a record at once, and wakes the score stage; a later one replaces it. The same again changes nothing. */
export async function answerSurvey(
  tx: Tx,
  key: SurveyKey,
  answer: SurveyAnswer,
  now: Date,
): Promise<SurveyAnswerOutcome> {
  const found = await findSurveyRequest(tx, key);
  if (found === null) return { kind: "unknown" };
  // Writers of records lock accounts first; behind it nobody answers, erases or records the same request.
  const { accountId, key: account } = await readSurvivor(tx, found.accountId);
  await holdAccount(tx, accountId);
  const request = (await findSurveyRequest(tx, key)) ?? found;
  if (request.email === null || request.expiresAt <= now) return { kind: "ended" };
  if (request.score === answer.score && request.comment === answer.comment) return { kind: "kept" };
  await tx
    .updateTable("surveyRequests")
    .set({ ...answer, answeredAt: now })
    .where("id", "=", request.id)
    .execute();
  await keepRecords(tx, [answeredRecord({ ...request, account }, answer, now)], now);
  await notify(tx, "score");
  return { kind: "kept" };
}

/** Requests recorded in one transaction. */
const batchSize = 200;

/**
 * Keeps of every survey whose mail was sent that it was asked; answers how many. What a crash leaves out is found the next time, and twice
 * changes nothing.
 */
export async function recordAsked(db: Db, now: Date): Promise<number> {
  let recorded = 0;
  for (;;) {
    const count = await db.transaction().execute((tx) => recordBatch(tx, now));
    recorded += count;
    if (count < batchSize) return recorded;
  }
}

async function recordBatch(tx: Tx, now: Date): Promise<number> {
  const asked = await readUnrecorded(tx);
  if (asked.length === 0) return 0;
  const records: RecordInput[] = [];
  for (const { sentAt, ...request } of asked) {
    const { key } = await readSurvivor(tx, request.accountId);
    records.push(askedRecord({ ...request, account: key }, sentAt));
  }
  await keepRecords(tx, records, now);
  const ids = asked.map(({ id }) => id);
  await tx.updateTable("surveyRequests").set({ recordedAt: now }).where("id", "in", ids).execute();
  await notify(tx, "score");
  return asked.length;
}

interface UnrecordedRequest extends Pick<SurveyRequest, "id" | "accountId" | "type" | "email"> {
  readonly sentAt: Date;
}

async function readUnrecorded(tx: Tx): Promise<UnrecordedRequest[]> {
  const rows = await tx
    .selectFrom("surveyRequests as r")
    .innerJoin("actions as a", (join) =>
      join.onRef("a.runId", "=", "r.runId").onRef("a.stepId", "=", "r.stepId").onRef("a.visit", "=", "r.visit"),
    )
    .select(["r.id", "r.accountId", "r.type", "r.email", "a.settledAt"])
    .where("r.recordedAt", "is", null)
    .where("a.state", "=", "sent")
    .orderBy("r.id")
    .limit(batchSize)
    .execute();
  return rows.flatMap(({ settledAt, ...row }) => (settledAt === null ? [] : [{ ...row, sentAt: settledAt }]));
}

async function keepRecords(tx: Tx, inputs: readonly RecordInput[], now: Date): Promise<void> {
  await applyInputs(tx, { source: surveySource, inputs, now, recordedAt: "now", unknownAccounts: "reject" });
}
