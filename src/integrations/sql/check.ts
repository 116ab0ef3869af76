import { type StreamKind, streamKinds } from "../../scoring/records.ts";
import { SourceHalt } from "../call-port.ts";
import type { PullContext, SourceCheck } from "../source-port.ts";
import { fieldOf, ownColumns } from "./columns.ts";
import { openReader } from "./connection.ts";
import { haltOf } from "./faults.ts";
import { statementOf } from "./statement.ts";
import type { Walk } from "./walk.ts";

/** Connects and asks each query for its columns, without reading rows. Names columns and privileges that are missing, in PostgreSQL's words. */
export async function checkSql(walks: readonly Walk[], context: PullContext): Promise<SourceCheck> {
  const faults: string[] = [];
  const missing: string[] = [];
  let place = "";
  for (const walk of walks) {
    try {
      const { database, columns } = await columnsOf(walk, context);
      place = database;
      faults.push(...columnFaults(walk, columns).map((fault) => `${walk.stream.name}: ${fault}`));
    } catch (error) {
      const halt = haltOf(error, walk.url);
      faults.push(`${walk.stream.name}: ${halt.message}`);
      if (halt instanceof SourceHalt && halt.verdict.kind === "forbidden" && halt.verdict.missing !== null) {
        missing.push(halt.verdict.missing);
      }
    }
  }
  return { ok: faults.length === 0, detail: faults.length === 0 ? `reads ${place}` : faults.join("; "), missing };
}

/** A transaction of its own for each query: one that fails ends it. */
async function columnsOf(walk: Walk, context: PullContext): Promise<{ database: string; columns: readonly string[] }> {
  const { url, stream, key, timeoutMs } = walk;
  const reader = await openReader({ url, zone: walk.zone ?? context.zone, timeoutMs, signal: context.signal });
  try {
    const [who] = await reader.all("select current_database() || ' as ' || current_user as place", []);
    const until = stream.cursor?.type === "day" ? context.now.toISOString().slice(0, 10) : context.now.toISOString();
    const { text, values } = statementOf(stream, key, { since: null, until, after: null });
    const columns = await reader.columns(`select * from (${text}) q limit 0`, values);
    return { database: String(who?.["place"] ?? ""), columns };
  } finally {
    await reader.close();
  }
}

function columnFaults({ stream }: Walk, columns: readonly string[]): string[] {
  const kind = streamKinds.find((each) => each === stream.record);
  if (kind === undefined) return [];
  const { needed, more } = ownColumns(kind);
  const lacking = needed
    .filter((column) => !columns.includes(column))
    .map((column) => `the query has no column "${column}"`);
  const known = [...needed, ...more, stream.cursor?.column];
  const strange = columns.filter((column) => !known.includes(column) && fieldOf(kind, column) === null);
  return [...lacking, ...strange.map((column) => `the column "${column}" is no field of ${articled(kind)}`)];
}

function articled(kind: StreamKind): string {
  return /^[aeio]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}
