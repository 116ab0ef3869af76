import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/**
 * The answer that was given to an `Idempotency-Key`; null when it is new. The key is locked until the transaction ends, so that of two
 * requests at once the second waits for the first one's answer.
 */
export async function readIdempotentAnswer(
  tx: Tx,
  tokenId: number,
  key: string,
): Promise<{ requestHash: string; status: number; response: unknown } | null> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${tokenId} ${key}`}, 0))`.execute(tx);
  const row = await tx
    .selectFrom("idempotencyKeys")
    .select(["requestHash", "status", "response"])
    .where("tokenId", "=", tokenId)
    .where("key", "=", key)
    .executeTakeFirst();
  return row ?? null;
}

/** Keeps the answer given to an `Idempotency-Key`. */
export async function storeIdempotentAnswer(
  tx: Tx,
  answer: {
    readonly tokenId: number;
    readonly key: string;
    readonly requestHash: string;
    readonly status: number;
    readonly response: unknown;
  },
): Promise<void> {
  await tx
    .insertInto("idempotencyKeys")
    .values({ ...answer, response: JSON.stringify(answer.response) })
    .execute();
}

/** Forgets the answers given before a moment: their keys are new again. */
export async function forgetIdempotentAnswers(db: Db, before: Date): Promise<number> {
  const result = await db.deleteFrom("idempotencyKeys").where("createdAt", "<", before).executeTakeFirst();
  return Number(result.numDeletedRows);
}
