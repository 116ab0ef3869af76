import { createHash } from "node:crypto";
import { z } from "zod";
import { type Answer, SourceHalt } from "../call-port.ts";

const label = z.union([z.string(), z.number().transform(String)]);

const lineSchema = z.looseObject({
  event: z.string().min(1).max(300),
  properties: z.looseObject({
    /** Seconds since 1970. */
    time: z.number(),
    $insert_id: label.optional().catch(undefined),
    distinct_id: label.optional().catch(undefined),
  }),
});

/** One event of an export, with the properties that are looked at. */
export const exportedEvent = z.strictObject({
  id: z.string(),
  event: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  user: z.string().nullable(),
  properties: z.record(z.string(), z.unknown()),
});
export type ExportedEvent = z.infer<typeof exportedEvent>;

/**
 * The events of an export, each once, in an order that is the same each time it is asked for; only the properties in `wanted` are kept.
 * A line that is no event is passed over. Throws `SourceHalt` when none is one: a proxy's page is no day without events.
 */
export function readExport({ status, text }: Answer, wanted: ReadonlySet<string>): readonly ExportedEvent[] {
  const events = new Map<string, ExportedEvent>();
  let lines = 0;
  for (const line of linesOf(text)) {
    lines += 1;
    const event = eventOf(line, wanted);
    if (event !== null) events.set(event.id, event);
  }
  if (lines > 0 && events.size === 0) {
    const reason = `the vendor answered ${status} with something else than events`;
    throw new SourceHalt({ kind: "retry", scope: "call", afterMs: null, reason });
  }
  return [...events.values()].sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
}

/** Where an event stands in its day. */
export function placeOf({ at, id }: ExportedEvent): string {
  return `${String(at).padStart(16, "0")} ${id}`;
}

/** Without a second copy of the whole text. */
function* linesOf(body: string): Generator<string> {
  for (let from = 0; from < body.length; ) {
    const end = body.indexOf("\n", from);
    const line = body.slice(from, end === -1 ? body.length : end).trim();
    from = end === -1 ? body.length : end + 1;
    if (line !== "") yield line;
  }
}

function eventOf(line: string, wanted: ReadonlySet<string>): ExportedEvent | null {
  const parsed = lineSchema.safeParse(jsonOf(line)).data;
  if (parsed === undefined) return null;
  const { time, $insert_id: insertId = "", distinct_id: user = "", ...others } = parsed.properties;
  // What Mixpanel itself takes for the same event.
  const id = createHash("sha256")
    .update(JSON.stringify([parsed.event, user, time, insertId]))
    .digest("hex");
  const properties = Object.fromEntries(Object.entries(others).filter(([name]) => wanted.has(name)));
  return { id, event: parsed.event, at: time * 1_000, user: user === "" ? null : user, properties };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
