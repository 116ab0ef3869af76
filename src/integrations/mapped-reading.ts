import type { HookReading } from "./hook-port.ts";
import type { MapContext } from "./mapped-port.ts";
import type { RecordMapping } from "./record-mapping.ts";

/** What a value of JSON comes to by a mapping: records, or why none could be made; ignored where no template is for it. */
export function readByMapping(mapping: RecordMapping, value: unknown, context: MapContext): HookReading {
  const mapped = mapping.map(value, context);
  const { inputs = [], states = [], deleted = [], owners = [], skipped } = mapped;
  const isForNothing = [inputs, states, deleted, owners].every(({ length }) => length === 0) && skipped === undefined;
  return isForNothing ? { ignored: "no record of the mapping is for it" } : { mapped };
}
