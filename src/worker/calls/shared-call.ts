import { setTimeout as sleepFor } from "node:timers/promises";
import type { Source } from "../../integrations/source-port.ts";
import type { Db } from "../../store/db.ts";
import { type CallDeps, openCall } from "./call.ts";
import { sharedLimits } from "./limits.ts";

/** What a call needs of whoever makes it. */
export interface CallerDeps extends Pick<CallDeps, "jitter"> {
  readonly db: Db;
  /** Waits for real unless given. */
  readonly sleep?: CallDeps["sleep"] | undefined;
}

/** The `call` of a source under the limits that all processes share, for pulls, webhooks, what goes back and checks alike. */
export function openSharedCall(
  { db, jitter, sleep = pause }: CallerDeps,
  source: Source,
  signal: AbortSignal,
  now: Date,
): ReturnType<typeof openCall> {
  return openCall({ source, limits: sharedLimits(db, source), signal, now: () => now, jitter, sleep });
}

/** Ends early, by throwing, when the signal fires. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleepFor(milliseconds, undefined, { signal });
}
