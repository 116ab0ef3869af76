import { sql } from "kysely";
import pg from "pg";
import type { Db, Tx } from "./db.ts";

/** The stages that can be woken, each by the one before it. */
export type WakeTopic = "collect" | "score" | "respond" | "deliver";

const postgresChannel = "keepwell";

/** Tells every process that a stage has work; inside a transaction the word goes out with its commit. */
export async function notify(db: Db | Tx, topic: WakeTopic): Promise<void> {
  await sql`select pg_notify(${postgresChannel}, ${topic})`.execute(db);
}

const firstRetryMs = 250;
const longestRetryMs = 10_000;

/**
 * Listens on a connection of its own, which it makes anew whenever it is lost. While it is away, notifications are missed: loops
 * must poll beneath it. Returns the way to stop.
 */
export function listen(
  url: string,
  onWake: (topic: string) => void,
  onError: (error: Error) => void,
): { stop(): Promise<void> } {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;
  let retryMs = firstRetryMs;

  const reconnect = () => {
    if (isStopped || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      void connect();
    }, retryMs);
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  };

  const connect = async () => {
    const next = new pg.Client({ connectionString: url, application_name: "keepwell-listen", keepAlive: true });
    client = next;
    next.on("error", onError);
    next.on("end", reconnect);
    next.on("notification", (message) => onWake(message.payload ?? ""));
    try {
      await next.connect();
      await next.query(`listen ${postgresChannel}`);
      retryMs = firstRetryMs;
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
      await next.end().catch(onError);
      reconnect();
    }
  };

  void connect();
  return {
    async stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await client?.end().catch(onError);
    },
  };
}
