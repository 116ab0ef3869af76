import { sql } from "kysely";
import { countBands } from "./account-list.ts";
import type { Db } from "./db.ts";
import { readInboxBacklog } from "./inbox/list.ts";

/** The state of the whole in numbers, for operators. */
export interface Overview {
  readonly bands: readonly { readonly band: string | null; readonly accounts: number }[];
  readonly actions: readonly { readonly kind: string; readonly state: string; readonly actions: number }[];
  readonly waitingForScore: number;
  readonly waitingForResponse: number;
  readonly failing: number;
  readonly inboxPending: number;
  /** How long the oldest pending item has waited; 0 when there is none. */
  readonly inboxOldestSeconds: number;
}

/** Counts accounts by band, actions by kind and state, and what waits for each stage. */
export async function readOverview(db: Db): Promise<Overview> {
  const actions = await db
    .selectFrom("actions")
    .select(["kind", "state", sql<number>`count(*)::integer`.as("actions")])
    .groupBy(["kind", "state"])
    .execute();
  const { rows } = await sql<{ waitingForScore: number; waitingForResponse: number; failing: number }>`
    select count(*) filter (where dirty_seq > scored_seq or next_score_at <= now())::integer as waiting_for_score,
      count(*) filter (where facts_seq > responded_seq or next_respond_at <= now())::integer as waiting_for_response,
      count(*) filter (where failures > 0)::integer as failing
    from account_work w join accounts a on a.id = w.account_id and a.archived_at is null`.execute(db);
  const [work] = rows;
  if (work === undefined) throw new Error("The database gave no counts of waiting accounts.");
  return { bands: await countBands(db), actions, ...work, ...(await readInboxBacklog(db)) };
}
