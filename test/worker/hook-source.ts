import type { Hook, HookReading } from "../../src/integrations/hook-port.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import type { Db } from "../../src/store/db.ts";
import { storeItems } from "../../src/store/inbox.ts";
import { plainSource } from "./plain-source.ts";

/** A source `crm` whose deliveries are readings already, as JSON; streams only where something is to be fetched. */
export function hookSource(
  parts: Partial<Omit<Source, "streams" | "hook">> & { read?: Hook["read"]; streams?: readonly string[] } = {},
): Source {
  const { read = (body): HookReading => JSON.parse(body), streams = [], ...rest } = parts;
  const hook: Hook = { verify: () => ({ ok: true }), split: () => [], read };
  const pull = () => Promise.reject(new Error("nothing is pulled"));
  return { ...plainSource({ pull, streams, ...rest }), hook };
}

/** Puts deliveries into the inbox as the server does, each under a key of its own unless given. */
export async function receive(db: Db, bodies: readonly unknown[], keys?: readonly string[]): Promise<void> {
  await storeItems(
    db,
    bodies.map((body, index) => ({
      ...{ source: "crm", occurredAt: null, dedupeKey: keys?.[index] ?? `${Math.random()}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
    })),
  );
}
