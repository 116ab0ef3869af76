import { sql } from "kysely";
import type { Tx } from "./db.ts";

/** What a stream delivered on a day; of usage, what it delivered for that day. */
export interface DayVolume {
  /** `YYYY-MM-DD`, UTC where it is the day of delivery. */
  readonly day: string;
  readonly pages: number;
  readonly inputs: number;
  readonly usageInputs: number;
  readonly usageNonzero: number;
}

/** Adds to what a stream delivered; days named once. */
export async function addVolumes(tx: Tx, streamId: number, volumes: readonly DayVolume[]): Promise<void> {
  await sql`
    insert into stream_volumes as v (stream_id, day, pages, inputs, usage_inputs, usage_nonzero)
    select ${streamId}, * from unnest(
      ${volumes.map((each) => each.day)}::date[], ${volumes.map((each) => each.pages)}::integer[],
      ${volumes.map((each) => each.inputs)}::bigint[], ${volumes.map((each) => each.usageInputs)}::bigint[],
      ${volumes.map((each) => each.usageNonzero)}::bigint[]
    ) as g (day, pages, inputs, usage_inputs, usage_nonzero)
    order by day
    on conflict (stream_id, day) do update set pages = v.pages + excluded.pages, inputs = v.inputs + excluded.inputs,
      usage_inputs = v.usage_inputs + excluded.usage_inputs, usage_nonzero = v.usage_nonzero + excluded.usage_nonzero`.execute(
    tx,
  );
}

/** The volumes of a stream from a day on, by day. */
export async function readVolumes(tx: Tx, streamId: number, fromDay: string): Promise<ReadonlyMap<string, DayVolume>> {
  const rows = await tx
    .selectFrom("streamVolumes")
    .select(["day", "pages", "inputs", "usageInputs", "usageNonzero"])
    .where("streamId", "=", streamId)
    .where("day", ">=", fromDay)
    .execute();
  return new Map(rows.map((row) => [row.day, row]));
}
