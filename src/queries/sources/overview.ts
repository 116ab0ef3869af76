import { z } from "zod";
import { countFailedFields } from "../../store/crm-fields.ts";
import type { Db } from "../../store/db.ts";
import { readStreams, type StreamStatus } from "../../store/streams.ts";
import { countUnmatched } from "../../store/unmatched.ts";

const moment = z.iso.datetime().nullable();

const streamSchema = z.strictObject({
  name: z.string(),
  /** When a page of it was stored last. */
  lastPageAt: moment,
  /** When it was pulled to its end last. */
  lastDoneAt: moment,
  coveredThrough: z.iso.date().nullable(),
  /** Null: at once. */
  nextPullAt: moment,
  pausedAt: moment,
  /** Why its last pull failed or waits. */
  lastError: z.string().nullable(),
  /** While it lasts the measures that the stream feeds are held. */
  trouble: z.strictObject({ kind: z.string(), since: z.iso.datetime(), reason: z.string() }).nullable(),
  /** What it delivered and could not be kept, ever; and why, the last time. */
  rejected: z.int(),
  lastRejection: z.string().nullable(),
});
export type StreamOverview = z.infer<typeof streamSchema>;

/** Who is pulled and how that goes, as both doors tell it. */
export const sourcesSchema = z.strictObject({
  sources: z.array(
    z.strictObject({
      id: z.string(),
      /** Null: no document in force names it; it was pulled before, or sends by the API or imports. */
      kind: z.string().nullable(),
      streams: z.array(streamSchema),
      /** Its accounts that nobody could place. */
      unmatched: z.int(),
      /** Of how many accounts it refused the fields that we write, and why the last time; null: of none. */
      failedFields: z.strictObject({ accounts: z.int(), reason: z.string() }).nullable(),
    }),
  ),
});
export type SourcesOverview = z.infer<typeof sourcesSchema>;

/** The sources that the documents name, and all others of which there are streams. */
export async function readSources(
  db: Db,
  named: readonly { readonly id: string; readonly kind: string }[],
): Promise<SourcesOverview> {
  const streams = await readStreams(db);
  const unmatched = await countUnmatched(db);
  const failedFields = await countFailedFields(db);
  const kinds = new Map(named.map(({ id, kind }) => [id, kind]));
  const others = [...streams.map(({ source }) => source), ...unmatched.keys(), ...failedFields.keys()];
  const ids = [...new Set([...kinds.keys(), ...others])];
  return {
    sources: ids.map((id) => ({
      id,
      kind: kinds.get(id) ?? null,
      streams: streams.filter(({ source }) => source === id).map(streamOverview),
      unmatched: unmatched.get(id) ?? 0,
      failedFields: failedFields.get(id) ?? null,
    })),
  };
}

function streamOverview(stream: StreamStatus): StreamOverview {
  const { kind, trouble, troubleSince, troubleReason, coveredThrough, lastError, rejected, lastRejection } = stream;
  return {
    ...{ name: kind, coveredThrough, lastError, rejected, lastRejection },
    lastPageAt: stream.lastOkAt?.toISOString() ?? null,
    lastDoneAt: stream.lastDoneAt?.toISOString() ?? null,
    nextPullAt: stream.nextPullAt?.toISOString() ?? null,
    pausedAt: stream.pausedAt?.toISOString() ?? null,
    trouble:
      trouble === null || troubleSince === null
        ? null
        : { kind: trouble, since: troubleSince.toISOString(), reason: troubleReason ?? "" },
  };
}
