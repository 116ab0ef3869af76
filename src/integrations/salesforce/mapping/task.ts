import { z } from "zod";
import type { Mapped } from "../../mapped-port.ts";
import { labelOf } from "../../record-values.ts";
import { flag, moment, readRow, rowBase, words } from "./row.ts";

const taskRow = z.looseObject({ ...rowBase, Status: words, IsClosed: flag, CompletedDateTime: moment });

/** How a task of ours stands: done once Salesforce calls it closed. One that was thrown away says nothing. */
export function mapTask(keyField: string, raw: unknown): Mapped {
  const read = readRow(taskRow, raw);
  if ("skipped" in read) return read;
  const { row } = read;
  const key = row[keyField];
  if (row.IsDeleted === true || typeof key !== "string" || row.IsClosed == null) return {};
  const state = row.IsClosed ? "done" : "open";
  const at = (row.IsClosed ? row.CompletedDateTime : null) ?? row.SystemModstamp;
  return { tasks: [{ key, state, at, outcome: labelOf(row.Status) }] };
}
