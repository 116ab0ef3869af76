import { z } from "zod";

const things = z.array(z.unknown());
const id = z.union([z.string(), z.number()]).transform(String);
const withId = z.looseObject({ id });
const ofTicket = z.looseObject({ ticket_id: id });

const cursors = { after_cursor: z.string().nullish(), end_of_stream: z.boolean().nullish() };
const tickets = { tickets: things, metric_sets: things.nullish().catch(null) };

/** A page of tickets that have changed. */
export const exportedTickets = z
  .looseObject({ ...cursors, ...tickets })
  .transform((page) => ({ ...page, raw: withMetrics(page.tickets, page.metric_sets ?? []) }));

/** A page of users that have changed. */
export const exportedUsers = z
  .looseObject({ ...cursors, users: things })
  .transform((page) => ({ ...page, raw: page.users }));

/** A page of organizations that have changed. */
export const exportedOrganizations = z.looseObject({
  organizations: things,
  end_time: z.int().nonnegative().nullish(),
  end_of_stream: z.boolean().nullish(),
});

/** What a lookup by ids came to, by what was asked for. */
export const lookups = {
  organizations: z.looseObject({ organizations: things }).transform(({ organizations }) => organizations),
  users: z.looseObject({ users: things }).transform(({ users }) => users),
  tickets: z.looseObject(tickets).transform((page) => withMetrics(page.tickets, page.metric_sets ?? [])),
} as const;

const paging = {
  meta: z.looseObject({ has_more: z.boolean(), after_cursor: z.string().nullish() }).nullish(),
};

/** A page of either kind of survey answers, with the cursor of the next one. */
export const ratingsPage = z
  .looseObject({ ...paging, satisfaction_ratings: things })
  .transform(({ satisfaction_ratings: answers, meta }) => ({ answers, after: nextOf(meta) }));
export const responsesPage = z
  .looseObject({ ...paging, survey_responses: things })
  .transform(({ survey_responses: answers, meta }) => ({ answers, after: nextOf(meta) }));

/** The id of a thing; null where it has none. */
export function idOf(thing: unknown): string | null {
  const parsed = withId.safeParse(thing);
  return parsed.success ? parsed.data.id : null;
}

function nextOf(
  meta: { has_more: boolean; after_cursor?: string | null | undefined } | null | undefined,
): string | null {
  return meta?.has_more === true ? (meta.after_cursor ?? null) : null;
}

/** Metrics come in each ticket, or beside all of them. */
function withMetrics(all: readonly unknown[], sets: readonly unknown[]): unknown[] {
  const setOf = new Map<string, unknown>();
  for (const set of sets) {
    const parsed = ofTicket.safeParse(set);
    if (parsed.success) setOf.set(parsed.data.ticket_id, set);
  }
  return all.map((ticket) => {
    const set = setOf.get(idOf(ticket) ?? "");
    return set === undefined || typeof ticket !== "object" ? ticket : { ...ticket, metric_set: set };
  });
}
