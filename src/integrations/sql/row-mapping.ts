import { z } from "zod";
import type { MapContext, Mapped } from "../mapped-port.ts";
import { compileRecordMapping, type RecordMapping } from "../record-mapping.ts";
import { mappingByColumns, seenColumn } from "./columns.ts";
import type { SqlStream } from "./settings.ts";

/** What a row of a stream means. */
export type RowMapping = (raw: unknown, context: MapContext) => Mapped;

const rowSchema = z.record(z.string(), z.unknown());

/** The mapping of a stream: its own, or by the names of the columns, which are known with the first row. */
export function openRowMapping(stream: SqlStream, zone: string | undefined): RowMapping {
  const own = stream.mapping === undefined ? null : compileRecordMapping({ zone, ...stream.mapping });
  const byColumns = new Map<string, RecordMapping>();
  const mappingOf = (row: Row): RecordMapping => {
    if (own !== null) return own;
    const columns = Object.keys(row);
    const name = JSON.stringify(columns);
    const known = byColumns.get(name) ?? compileRecordMapping(mappingByColumns(stream, columns, zone));
    byColumns.set(name, known);
    return known;
  };
  return (raw, context) => {
    const row = rowSchema.safeParse(raw);
    return row.success ? mapRow(mappingOf(row.data), row.data, context) : { skipped: "not a row" };
  };
}

type Row = z.infer<typeof rowSchema>;

/** What took the moment it was read for its own is only a look at how the record stands. */
function mapRow(mapping: RecordMapping, row: Row, context: MapContext): Mapped {
  const { inputs = [], ...rest } = mapping.map(row, context);
  const seenAt = row[seenColumn];
  const states = inputs.flatMap((input) => (input.kind !== "usage" && input.at === seenAt ? [input] : []));
  return { ...rest, inputs: inputs.filter((input) => input.kind === "usage" || input.at !== seenAt), states };
}
