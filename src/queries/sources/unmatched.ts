import { z } from "zod";
import type { Db } from "../../store/db.ts";
import { readAccountsNear, readUnmatched, type UnmatchedFilter } from "../../store/unmatched.ts";
import { searchWords, suggest } from "./suggestions.ts";

const suggestionSchema = z.strictObject({
  /** Its key. */
  account: z.string(),
  name: z.string(),
  why: z.string(),
});

/** Accounts of sources that nobody could place, as both doors tell it. */
export const unmatchedSchema = z.strictObject({
  unmatched: z.array(
    z.strictObject({
      source: z.string(),
      /** The source's id for it. */
      id: z.string(),
      name: z.string().nullable(),
      domains: z.array(z.string()),
      /** Our key, as the source has it. */
      ourKey: z.string().nullable(),
      reason: z.string(),
      firstSeenAt: z.iso.datetime(),
      lastSeenAt: z.iso.datetime(),
      /** Who said that it is none of ours. */
      dismissedBy: z.string().nullable(),
      /** How many inputs wait for it. */
      waiting: z.int(),
      /** Accounts that may be meant, the likeliest first. */
      suggestions: z.array(suggestionSchema),
    }),
  ),
});
export type UnmatchedList = z.infer<typeof unmatchedSchema>;

/** More are not looked at to find those that are alike. */
const mostNear = 200;

/** Lists what nobody could place, with accounts that may be meant. */
export async function listUnmatchedAccounts(db: Db, filter: UnmatchedFilter): Promise<UnmatchedList> {
  const unmatched: UnmatchedList["unmatched"] = [];
  for (const { externalId, firstSeenAt, lastSeenAt, domains, ...listed } of await readUnmatched(db, filter)) {
    const wanted = { name: listed.name, domains, ourKey: listed.ourKey };
    const near = await readAccountsNear(db, searchWords(wanted), mostNear);
    unmatched.push({
      ...listed,
      id: externalId,
      domains: [...domains],
      firstSeenAt: firstSeenAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
      suggestions: suggest(wanted, near),
    });
  }
  return { unmatched };
}
