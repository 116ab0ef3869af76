import { createHash } from "node:crypto";
import type { Request, Response } from "express";
import type { z } from "zod";
import type { Db, Tx } from "../store/db.ts";
import { readIdempotentAnswer, storeIdempotentAnswer } from "../store/idempotency.ts";
import { tokenOf } from "./bearer.ts";
import { Problem } from "./problem.ts";

/** A write, and the form of its answer. */
export interface Write<Answer> {
  readonly shape: z.ZodType<Answer>;
  /** What the answer's status is when all went well. */
  readonly status: number;
  /** What makes a request another one under the same key: its body, and where it went. */
  readonly content: string | Uint8Array;
  /** Throws a `Problem` for what is refused: then nothing is kept, and the key is not used up. */
  readonly work: (tx: Tx) => Promise<Answer>;
}

/**
 * Does a write and answers it, all in one transaction. Under an `Idempotency-Key` that came before, the first answer is given again and
 * nothing is done; of two requests at once the second waits for the first one's answer.
 */
export async function answerOnce<Answer>(
  db: Db,
  request: Request,
  response: Response,
  write: Write<Answer>,
): Promise<void> {
  const key = keyOf(request.get("idempotency-key"));
  const { status, answer, isReplayed } = await db.transaction().execute(async (tx) => {
    if (key === null) return { status: write.status, answer: await write.work(tx), isReplayed: false };
    return once(tx, { tokenId: tokenOf(response).id, key }, write);
  });
  if (isReplayed) response.setHeader("idempotency-replayed", "true");
  response.status(status).json(answer);
}

function keyOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (header.length === 0 || header.length > 255) {
    throw new Problem(400, "An Idempotency-Key has 1 to 255 characters.");
  }
  return header;
}

async function once<Answer>(
  tx: Tx,
  asked: { readonly tokenId: number; readonly key: string },
  { shape, status, content, work }: Write<Answer>,
): Promise<{ status: number; answer: Answer; isReplayed: boolean }> {
  const requestHash = createHash("sha256").update(content).digest("hex");
  const earlier = await readIdempotentAnswer(tx, asked.tokenId, asked.key);
  if (earlier === null) {
    const answer = await work(tx);
    await storeIdempotentAnswer(tx, { ...asked, requestHash, status, response: answer });
    return { status, answer, isReplayed: false };
  }
  if (earlier.requestHash !== requestHash) {
    throw new Problem(422, "This Idempotency-Key was used with another body, or elsewhere.");
  }
  return { status: earlier.status, answer: shape.parse(earlier.response), isReplayed: true };
}
