import { randomBytes } from "node:crypto";
import type { Db, Tx } from "./db.ts";

/** What somebody was shown of a change, so that exactly that can be applied. */
export interface KeptPlan {
  readonly documentsHash: string;
  /** Of the documents that were in force. */
  readonly revisionKey: string;
  readonly effect: unknown;
}

const keptDays = 30;

/** Keeps a plan and answers its token. Those that nobody applied within 30 days are forgotten. */
export async function keepPlan(db: Db, plan: KeptPlan, now: Date): Promise<string> {
  const token = `plan_${randomBytes(9).toString("base64url")}`;
  await db
    .deleteFrom("configPlans")
    .where("madeAt", "<", new Date(now.getTime() - keptDays * 86_400_000))
    .execute();
  await db
    .insertInto("configPlans")
    .values({ ...plan, token, madeAt: now, effect: JSON.stringify(plan.effect) })
    .execute();
  return token;
}

/** The plan of a token; null when there is none. */
export async function findPlan(db: Db | Tx, token: string): Promise<KeptPlan | null> {
  const row = await db
    .selectFrom("configPlans")
    .select(["documentsHash", "revisionKey", "effect"])
    .where("token", "=", token)
    .executeTakeFirst();
  return row ?? null;
}
