import type { Source } from "../integrations/source-port.ts";

/** Finds a live source by its id; null where there is none. */
export type FindSource = (id: string) => Promise<Source | null>;

/** So long a look at the live documents counts: a secret that was exchanged is in use a second later. */
const freshMs = 1_000;

/**
 * Finds sources without a look at the database for each request. Once they are known they stay so while the database is away: whether a
 * delivery can be kept is for the inbox to say.
 */
export function findLiveSources(read: () => Promise<readonly Source[]>, now: () => Date): FindSource {
  let known: ReadonlyMap<string, Source> | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<ReadonlyMap<string, Source>> | null = null;

  const refresh = async (): Promise<ReadonlyMap<string, Source>> => {
    try {
      known = new Map((await read()).map((source) => [source.id, source]));
    } catch (error) {
      if (known === null) throw error;
    } finally {
      reading = null;
    }
    readAt = now().getTime();
    return known;
  };

  return async (id) => {
    if (known !== null && now().getTime() - readAt < freshMs) return known.get(id) ?? null;
    reading ??= refresh();
    return (await reading).get(id) ?? null;
  };
}
