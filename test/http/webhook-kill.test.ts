import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { z } from "zod";
import { test } from "../support/database.ts";
import { appBody, appHeaders } from "./signed-app.ts";

const kills = 3;
const senders = 16;
/** As large as Standard Webhooks advises at most. */
const padding = "x".repeat(20_000);

async function launch(url: string) {
  const script = fileURLToPath(new URL("webhook-server.ts", import.meta.url));
  const child = fork(script, [url], { execArgv: ["--import", "tsx"] });
  const [message] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
  ]);
  return { child, url: z.object({ url: z.string() }).parse(message).url };
}

test("nothing answered 2xx is lost when the server is killed under load", { timeout: 300_000 }, async ({ db, url }) => {
  const answered: string[] = [];
  let sent = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    const server = await launch(url);
    let isOver = false;
    const sender = async () => {
      while (!isOver) {
        sent += 1;
        const id = `msg_${sent}`;
        const body = appBody("acme", { padding });
        const answer = fetch(`${server.url}/webhooks/app`, {
          method: "POST",
          body,
          headers: appHeaders(id, body, new Date()),
        });
        const status = await answer.then((response) => response.status).catch(() => 0);
        if (status === 200) answered.push(id);
      }
    };
    const before = answered.length;
    const load = Promise.all(Array.from({ length: senders }, sender));
    // In the midst of it: some were answered, more are on their way.
    while (answered.length < before + 50 * kill) await pause(5);
    server.child.kill("SIGKILL");
    await once(server.child, "exit");
    isOver = true;
    await load;
  }
  const rows = await db.selectFrom("inbox").select("dedupeKey").execute();
  const kept = new Set(rows.map(({ dedupeKey }) => dedupeKey));
  const lost = answered.filter((id) => !kept.has(id));
  process.stdout.write(`${kills} kills: ${sent} sent, ${answered.length} answered 2xx, ${lost.length} of them lost\n`);
  expect(lost).toEqual([]);
  expect(answered.length).toBeGreaterThanOrEqual(50 * kills);
});
