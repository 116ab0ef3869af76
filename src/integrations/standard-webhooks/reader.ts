import { z } from "zod";
import type { Hook, HookReading } from "../hook-port.ts";
import { cellText, openJsonPath, type PathReader } from "../json-path.ts";
import { readByMapping } from "../mapped-reading.ts";
import { compileRecordMapping } from "../record-mapping.ts";
import type { StandardWebhooksSettings } from "./settings.ts";

const keptSchema = z.strictObject({ id: z.string(), delivery: z.looseObject({}) });

/** What the specification asks a body to hold. */
const eventSchema = z.looseObject({
  type: z.string().min(1).max(300),
  timestamp: z.iso.datetime({ offset: true }),
  data: z.json(),
});

/** How kept deliveries are read: by the mapping, else each as an event of its account. */
export function openReader({ mapping, account = "$" }: StandardWebhooksSettings): Hook["read"] {
  const compiled = mapping === undefined ? null : compileRecordMapping(mapping);
  const accountOf = openJsonPath(account);
  return (body, context) => {
    const { id, delivery } = keptSchema.parse(JSON.parse(body));
    return compiled === null ? readEvent(id, delivery, accountOf) : readByMapping(compiled, delivery, context);
  };
}

function readEvent(id: string, delivery: Readonly<Record<string, unknown>>, accountOf: PathReader): HookReading {
  const event = eventSchema.safeParse(delivery);
  if (!event.success) return { ignored: `the body has no ${event.error.issues[0]?.path.join(".")} as it should be` };
  const account = cellText(accountOf(delivery)[0]);
  if (account === "") return { ignored: "the body names no account" };
  const { type, timestamp, data } = event.data;
  const payload = isObject(data) ? data : { data };
  return { mapped: { inputs: [{ kind: "event", id, account, at: timestamp, set: { name: type, payload } }] } };
}

type Json = z.infer<ReturnType<typeof z.json>>;

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
