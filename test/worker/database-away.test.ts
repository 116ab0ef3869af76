import { expect } from "vitest";
import type { Channel } from "../../src/integrations/ports.ts";
import { createLog } from "../../src/log.ts";
import type { Outcome } from "../../src/playbooks/message.ts";
import { openDatabase, readNow } from "../../src/store/db.ts";
import { readRevisionKey } from "../../src/store/documents.ts";
import { notify } from "../../src/store/notify.ts";
import { startWorker } from "../../src/worker/worker.ts";
import { test } from "../support/database.ts";
import { account, configure, cover, playbook, take } from "./scenario.ts";

const dayMs = 86_400_000;

/** Ends every connection to the database but the one that asks. */
const endAllOthers = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

test("a worker whose connections are cut again and again lives, and sends every message once", async ({
  db,
  pool,
  url,
}) => {
  const sent: string[] = [];
  let wake: () => void = () => undefined;
  const send = async (attempt: { message: unknown }): Promise<Outcome> => {
    sent.push(JSON.stringify(attempt.message));
    wake();
    return { kind: "sent", reason: "ok" };
  };
  const channel: Channel = { id: "alerts", kind: "slack", minIntervalMs: 0, send };
  const live = {
    // As if its documents had been applied.
    configuration: { ...configure([playbook()]), revisionKey: await readRevisionKey(db) },
    channels: new Map([[channel.id, channel]]),
    sources: [],
    tell: null,
  };
  const own = openDatabase(url);
  const worker = startWorker(
    {
      db: own.db,
      log: createLog({ level: "silent", format: "json" }),
      author: "worker",
      jitter: () => 0,
      live: async () => live,
    },
    url,
  );
  const now = await readNow(db);
  const yesterday = new Date(now.getTime() - dayMs).toISOString().slice(0, 10);
  await cover(db, yesterday, now);
  const keys = Array.from({ length: 12 }, (_, index) => `account-${index}`);
  for (const key of keys) {
    await take(db, account(key, yesterday, [1, 1, 1, 1, 1, 1, 1]), now);
    await notify(db, "score");
    await pool.query(endAllOthers);
  }
  const isComplete = () => keys.every((key) => sent.some((message) => message.includes(`${key} Ltd`)));
  // Ended by the test's own limit when messages are lost.
  while (!isComplete()) await new Promise<void>((resolve) => (wake = resolve));
  await worker.stop();
  await own.close();
  const settled = await db.selectFrom("actions").select("state").execute();
  expect(settled).toHaveLength(keys.length);
  // Cut between sending and settling, a message to our team is sent again, marked; never more than once more.
  for (const key of keys)
    expect(sent.filter((message) => message.includes(`${key} Ltd`)).length).toBeLessThanOrEqual(2);
});
