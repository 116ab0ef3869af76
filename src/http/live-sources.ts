import type { Source } from "../integrations/source-port.ts";

/** The live sources, as they were not long ago. */
export interface LiveSources {
  /** A source by its id; null where there is none. */
  find(id: string): Promise<Source | null>;
  all(): Promise<Iterable<Source>>;
}

/** So long a look at the live documents counts: a secret that was exchanged is in use a second later. */
const freshMs = 1_000;

/**
 * Finds sources without a look at the database for each request. Once they are known they stay so while the database is away: whether a
 * delivery can be kept is for the inbox to say.
 */
export function openLiveSources(read: () => Promise<readonly Source[]>, now: () => Date): LiveSources {
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

  const recent = async (): Promise<ReadonlyMap<string, Source>> => {
    if (known !== null && now().getTime() - readAt < freshMs) return known;
    reading ??= refresh();
    return reading;
  };

  return {
    find: async (id) => (await recent()).get(id) ?? null,
    all: async () => (await recent()).values(),
  };
}
