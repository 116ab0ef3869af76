import { sql } from "kysely";
import { expect, vi } from "vitest";
import { type Database, openDatabase } from "../../src/store/db.ts";
import { test as base } from "../support/database.ts";
import { type Api, serve } from "./api.ts";
import { type DatabaseProxy, openDatabaseProxy } from "./database-proxy.ts";
import { expectProblem } from "./problems.ts";

const records = [{ kind: "account", id: "acme", at: "2026-03-01T10:00:00Z", set: { name: "Acme" } }];

interface Away {
  readonly proxy: DatabaseProxy;
  /** The server's own connections, by way of the proxy. */
  readonly through: Database;
  readonly api: Api;
  readonly token: string;
}

/** A server whose database can be taken away. */
const test = base.extend<{ away: Away }>({
  away: async ({ url }, use) => {
    const proxy = await openDatabaseProxy(url);
    const through = openDatabase(proxy.url, { max: 3 });
    const api = await serve(through.db);
    await use({ proxy, through, api, token: await api.token() });
    await api.server.stop();
    await through.close();
    await proxy.close();
  },
});

const post = ({ api, token }: Away, key = "one") =>
  api.call("POST", "/api/v1/records", { token, body: { records }, headers: { "idempotency-key": key } });

async function expectAway(away: Away): Promise<void> {
  const { api, token } = away;
  for (const answer of [
    await api.call("GET", "/readyz"),
    await api.call("GET", "/api/v1/accounts", { token }),
    await api.call("GET", "/api/v1/accounts/acme", { token }),
    await post(away),
  ]) {
    expect(expectProblem(answer, 503)).toMatch(/database/);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  expect(await api.call("GET", "/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
  const metrics = await api.call("GET", "/metrics");
  expect(metrics.status).toBe(200);
  expect(metrics.body).toMatch(/^keepwell_database_up 0$/m);
  expect(metrics.body).not.toMatch(/^keepwell_accounts/m);
}

async function expectBack(away: Away): Promise<void> {
  await vi.waitFor(async () => expect((await away.api.call("GET", "/readyz")).status).toBe(200), { timeout: 30_000 });
  expect(await post(away)).toMatchObject({ status: 200, body: { written: 1 } });
  expect((await away.api.call("GET", "/metrics")).body).toMatch(/^keepwell_database_up 1$/m);
}

test("a database that refuses connections is 503, and the server is well again as soon as it is back", async ({
  away,
}) => {
  for (let time = 0; time < 2; time += 1) {
    expect((await away.api.call("GET", "/readyz")).status).toBe(200);
    await away.proxy.cut();
    await expectAway(away);
    await away.proxy.mend();
  }
  await expectBack(away);
});

test("a database that no longer answers is 503 for those who ask whether we are ready, and metrics are given without it", async ({
  away,
}) => {
  await away.proxy.stall();
  // Said by our deadline: the driver would wait for a connection far longer, and then say that there is none.
  expect(expectProblem(await away.api.call("GET", "/readyz"), 503)).toContain("does not answer");
  expect((await away.api.call("GET", "/metrics")).body).toMatch(/^keepwell_database_up 0$/m);
  expect((await away.api.call("GET", "/healthz")).status).toBe(200);
  await away.proxy.mend();
  await expectBack(away);
});

test("a request whose connection breaks in the middle is 503, is not kept, and may be sent again", async ({
  away,
  db,
}) => {
  const waiting = sql<{ pid: number }>`
    select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  const blocker = await db.startTransaction().execute();
  try {
    await sql`lock table records in access exclusive mode`.execute(blocker);
    const answer = post(away);
    const pid = await vi.waitFor(
      async () => {
        const { rows } = await waiting.execute(db);
        expect(rows).toHaveLength(1);
        return rows[0]?.pid;
      },
      { timeout: 30_000 },
    );
    await sql`select pg_terminate_backend(${pid}::integer)`.execute(db);
    expectProblem(await answer, 503);
  } finally {
    await blocker.rollback().execute();
  }
  expect(await db.selectFrom("accounts").selectAll().execute()).toEqual([]);
  await expectBack(away);
});

test("connections that all break at once cost their own requests only", async ({ away, db }) => {
  for (let time = 0; time < 5; time += 1) {
    const answers = Promise.all(Array.from({ length: 10 }, (_, index) => post(away, `${time}-${index}`)));
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
    for (const { status } of await answers) expect([200, 503]).toContain(status);
  }
  expect(await post(away, "last")).toMatchObject({ status: 200, body: { rejected: [] } });
  expect(await db.selectFrom("accounts").select("key").execute()).toEqual([{ key: "acme" }]);
});
