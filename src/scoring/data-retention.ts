import { z } from "zod";
import { dayMs, durationSchema, parseDuration } from "./duration.ts";

/** Scoring looks this far back for an account's newest score, and playbooks for news. */
const leastScoreDays = 35;
/** A sender that repeats a request repeats it within a day or two: dropped sooner, its events would count twice. */
const leastEventDays = 2;
/** Some senders repeat a delivery for days. */
const leastInboxDays = 7;
/** A source may deliver what belongs to an account weeks before the account. */
const leastHeldDays = 35;

/** A duration of whole days, as the number of them. */
function days(least: number, usual: string) {
  return durationSchema
    .refine((text) => (parseDuration(text) ?? 0) % dayMs === 0, { error: 'expected whole days, such as "90d"' })
    .refine((text) => (parseDuration(text) ?? 0) >= least * dayMs, { error: `expected at least ${least}d` })
    .prefault(usual)
    .transform((text) => (parseDuration(text) ?? 0) / dayMs);
}

/** `retention` in `company.json`: how long what grows without end is kept. Read as days; null is for ever. */
export const dataRetentionSchema = z.strictObject({
  /** Every day's score; older ones: the last of each ISO week. */
  scoresDaily: days(leastScoreDays, "90d"),
  /** Any score but an account's newest. */
  scores: days(leastScoreDays, "1095d").nullable(),
  /** Raw usage events, kept to count none twice; never those of an imported history. */
  usageEvents: days(leastEventDays, "14d"),
  /** Deliveries of webhooks that are settled, kept to apply none twice; never those that wait. */
  inbox: days(leastInboxDays, "14d"),
  /** What waits for an account or a user that nobody knows yet; those that never come are many. */
  held: days(leastHeldDays, "400d"),
  /** Facts about accounts that came to be: the story that `explain` tells. */
  changes: days(leastScoreDays, "730d"),
  /** Who used what on which day; a metric that counts users over a longer time would count too few. */
  usageUsers: days(leastScoreDays, "400d"),
});

/** Days that each sort of row is kept. */
export type DataRetention = z.output<typeof dataRetentionSchema>;
