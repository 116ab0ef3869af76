import { once } from "node:events";
import { connect } from "node:net";
import { sql } from "kysely";
import { expect, vi } from "vitest";
import type { Db } from "../../src/store/db.ts";
import { test as base } from "../support/database.ts";
import { type Api, serve, test } from "./api.ts";
import { expectProblem } from "./problems.ts";

/** Makes every question about accounts wait until it is released, at the latest when the test is over. */
async function whileHeld(db: Db, run: (release: () => Promise<void>) => Promise<void>): Promise<void> {
  const holder = await db.startTransaction().execute();
  const release = async () => {
    if (!holder.isRolledBack) await holder.rollback().execute();
  };
  try {
    await sql`lock table accounts in access exclusive mode`.execute(holder);
    await run(release);
  } finally {
    await release();
  }
}

/** Resolves once that many requests wait for the lock. */
const untilWaiting = (db: Db, wanted: number) =>
  vi.waitFor(
    async () => {
      const { rows } = await sql`
        select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(db);
      expect(rows).toHaveLength(wanted);
    },
    { timeout: 30_000 },
  );

const ask = (api: Api, token: string) => api.call("GET", "/api/v1/accounts", { token });

test("a request under way is answered while new connections are refused", async ({ api, db }) => {
  const token = await api.token();
  await whileHeld(db, async (release) => {
    const underWay = ask(api, token);
    await untilWaiting(db, 1);
    let isStopped = false;
    const stopped = api.server.stop().then(() => {
      isStopped = true;
    });
    await expect(ask(api, token)).rejects.toThrow("fetch failed");
    expect(isStopped).toBe(false);
    await release();
    const answer = await underWay;
    expect(answer).toMatchObject({ status: 200, body: { accounts: [] } });
    expect(answer.headers.get("connection")).toBe("close");
    await stopped;
  });
});

test("a request that comes over an open connection while the server stops is 503", async ({ api, db }) => {
  await whileHeld(db, async (release) => {
    const underWay = ask(api, await api.token());
    await untilWaiting(db, 1);
    const socket = connect(Number(new URL(api.server.url).port), "127.0.0.1");
    let heard = "";
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    // The first half keeps the connection from being idle; the server has surely read it once it answered somebody later.
    socket.write("GET /readyz HTTP/1.1\r\nHost: x\r\n");
    await once(socket, "connect");
    expect((await api.call("GET", "/healthz")).status).toBe(200);
    const stopped = api.server.stop();
    socket.write("\r\n");
    await once(socket, "close");
    expect(heard).toMatch(/^HTTP\/1\.1 503 /);
    expect(heard).toMatch(/^connection: close\r$/im);
    await release();
    expect((await underWay).status).toBe(200);
    await stopped;
  });
});

base("a request that never ends is cut off after the grace", async ({ db }) => {
  const api = await serve(db, { limits: { graceMs: 200 } });
  await whileHeld(db, async () => {
    const underWay = ask(api, await api.token());
    const cut = expect(underWay).rejects.toThrow("fetch failed");
    await untilWaiting(db, 1);
    await api.server.stop();
    await cut;
  });
});

base(
  "stops at once when nothing is under way, also where connections are kept open, and may be told twice",
  async ({ db }) => {
    // With this grace only a stop that does not wait for idle connections ends before the test does.
    const api = await serve(db, { limits: { graceMs: 600_000 } });
    for (let time = 0; time < 3; time += 1) await api.call("GET", "/healthz");
    await Promise.all([api.server.stop(), api.server.stop()]);
    await expect(api.call("GET", "/healthz")).rejects.toThrow("fetch failed");
  },
);

base("a port that is taken is told as such", async ({ db }) => {
  const api = await serve(db);
  const { port } = new URL(api.server.url);
  await expect(serve(db, { port: Number(port) })).rejects.toThrow("EADDRINUSE");
  await api.server.stop();
});

test("is ready while it serves", async ({ api }) => {
  expect(await api.call("GET", "/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
  const head = await api.call("HEAD", "/readyz");
  expect(head).toMatchObject({ status: 200, body: "" });
  expectProblem(await api.call("GET", "/ready"), 404);
});
