import { sql } from "kysely";
import type { Tx } from "./db.ts";
import { notify } from "./notify.ts";

/** Streams that an operator means: all of a source, or one of them. */
export interface MeantStreams {
  readonly source: string;
  /** Null: all. */
  readonly stream: string | null;
}

/** Stops pulling, also what is under way; answers the names of the streams that are stopped by this. */
export async function pauseStreams(tx: Tx, { source, stream }: MeantStreams, now: Date): Promise<string[]> {
  const { rows } = await sql<{ kind: string }>`
    update streams set paused_at = ${now}
    where source = ${source} and (${stream}::text is null or kind = ${stream}) and paused_at is null
    returning kind`.execute(tx);
  return rows.map(({ kind }) => kind).sort();
}

/** Pulls again, at once; answers the names of the streams that were stopped. */
export async function resumeStreams(tx: Tx, { source, stream }: MeantStreams): Promise<string[]> {
  const { rows } = await sql<{ kind: string }>`
    update streams set paused_at = null, next_pull_at = null
    where source = ${source} and (${stream}::text is null or kind = ${stream}) and paused_at is not null
    returning kind`.execute(tx);
  await notify(tx, "collect");
  return rows.map(({ kind }) => kind).sort();
}

/** Makes streams due now; answers their names. */
export async function pullStreamsNow(tx: Tx, { source, stream }: MeantStreams): Promise<string[]> {
  const { rows } = await sql<{ kind: string }>`
    update streams set next_pull_at = null
    where source = ${source} and (${stream}::text is null or kind = ${stream})
    returning kind`.execute(tx);
  await notify(tx, "collect");
  return rows.map(({ kind }) => kind).sort();
}

/** Lets streams begin anew, at once: a pull under way loses its claim. What is known already stays. */
export async function resetStreams(tx: Tx, { source, stream }: MeantStreams): Promise<string[]> {
  const { rows } = await sql<{ kind: string }>`
    update streams set cursor = null, next_pull_at = null, lease_until = null, fence = fence + 1
    where source = ${source} and (${stream}::text is null or kind = ${stream})
    returning kind`.execute(tx);
  await notify(tx, "collect");
  return rows.map(({ kind }) => kind).sort();
}

/** The names of a source's streams, as far as it was ever pulled. */
export async function readStreamNames(tx: Tx, source: string): Promise<string[]> {
  const rows = await tx.selectFrom("streams").select("kind").where("source", "=", source).orderBy("kind").execute();
  return rows.map(({ kind }) => kind);
}
