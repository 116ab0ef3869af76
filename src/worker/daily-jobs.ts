import type { Db } from "../store/db.ts";
import { forgetIdempotentAnswers } from "../store/idempotency.ts";
import { ensureScorePartitions } from "../store/partitions.ts";
import { maintain, readRetention, usualMaxRows } from "../store/retention.ts";
import type { DailyJob } from "./heartbeat.ts";

/** A week: senders have long given up repeating a request by then. */
const keptAnswerMs = 7 * 86_400_000;

/** Everything that is done once a day, by one process of all. */
export function dailyJobs(db: Db): readonly DailyJob[] {
  return [
    {
      name: "partitions",
      run: async (now) => {
        await ensureScorePartitions(db, now);
        return {};
      },
    },
    {
      name: "idempotency-keys",
      run: async (now) => ({ forgotten: await forgetIdempotentAnswers(db, new Date(now.getTime() - keptAnswerMs)) }),
    },
    {
      name: "maintenance",
      run: async (now) => ({
        tables: await maintain(db, await readRetention(db), { isDryRun: false, maxRows: usualMaxRows }, now),
      }),
    },
  ];
}
