import { z } from "zod";
import { idText } from "./mapping/values.ts";

const things = z.array(z.unknown());
const pages = z
  .looseObject({
    next: z.looseObject({ starting_after: z.string().nullish() }).nullish().catch(null),
    total_pages: z.int().nullish().catch(null),
  })
  .nullish()
  .catch(null);

/** A page of what a search found, with where the next one begins. */
export const foundPages = {
  contacts: z
    .looseObject({ data: things, pages })
    .transform((page) => ({ found: page.data, after: page.pages?.next?.starting_after ?? null })),
  conversations: z
    .looseObject({ conversations: things, pages })
    .transform((page) => ({ found: page.conversations, after: page.pages?.next?.starting_after ?? null })),
} as const;

/** A page of the list of companies; an empty one is its end. */
export const scrollPage = z
  .looseObject({ data: things, scroll_param: z.string().nullish() })
  .nullable()
  .transform((page) => ({ companies: page?.data ?? [], param: page?.scroll_param ?? null }));

export const deletedPage = z
  .looseObject({ conversations: things, pages })
  .transform((page) => ({ conversations: page.conversations, lastPage: page.pages?.total_pages ?? 1 }));

export const adminsPage = z.looseObject({ admins: things }).transform(({ admins }) => admins);

const single = z.looseObject({ id: idText });

/** One thing that was asked for by its id. */
export const singleThing = single;

/** The id of a thing; null where it has none. */
export function idOf(thing: unknown): string | null {
  return single.safeParse(thing).data?.id ?? null;
}
