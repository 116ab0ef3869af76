import { expect, vi } from "vitest";
import { openDatabase } from "../../src/store/db.ts";
import { listInbox } from "../../src/store/inbox/list.ts";
import { readRefusals } from "../../src/store/inbox/refusals.ts";
import { test as base } from "../support/database.ts";
import { type Api, serve } from "./api.ts";
import { type DatabaseProxy, openDatabaseProxy } from "./database-proxy.ts";
import { expectProblem } from "./problems.ts";
import { appBody, appHeaders, signedApp } from "./signed-app.ts";

const now = new Date("2026-03-10T12:00:00Z");

/** A server that knows its sources already, and whose database can be taken away. */
const test = base.extend<{ away: { readonly proxy: DatabaseProxy; readonly api: Api } }>({
  away: async ({ url }, use) => {
    const proxy = await openDatabaseProxy(url);
    const through = openDatabase(proxy.url, { max: 3 });
    const api = await serve(through.db, { sources: [signedApp()], now: () => now });
    await use({ proxy, api });
    await api.server.stop();
    await through.close();
    await proxy.close();
  },
});

const deliver = (api: Api, id: string) => {
  const body = appBody("acme");
  return api.call("POST", "/webhooks/app", { body, headers: appHeaders(id, body, now) });
};

test("while the database refuses connections senders are told to come again, and nothing is lost or doubled", async ({
  away: { proxy, api },
  db,
}) => {
  expect((await deliver(api, "msg_1")).status).toBe(200);
  await proxy.cut();
  for (const id of ["msg_2", "msg_3"]) {
    const answer = await deliver(api, id);
    expectProblem(answer, 503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  await proxy.mend();
  await vi.waitFor(async () => expect((await deliver(api, "msg_2")).status).toBe(200), { timeout: 30_000 });
  expect((await deliver(api, "msg_3")).status).toBe(200);
  expect(await listInbox(db, { limit: 10 })).toHaveLength(3);
  await api.server.stop();
  const refused = await readRefusals(db, new Date(0));
  expect(refused).toMatchObject([{ source: "app", reason: "unavailable" }]);
  expect(refused[0]?.deliveries).toBeGreaterThanOrEqual(2);
});

test("a database that does not answer at all is 503 before the sender gives up", { timeout: 60_000 }, async ({
  away: { proxy, api },
  db,
}) => {
  expect((await deliver(api, "msg_1")).status).toBe(200);
  await proxy.stall();
  expect(expectProblem(await deliver(api, "msg_2"), 503)).toContain("does not answer");
  await proxy.mend();
  await vi.waitFor(async () => expect((await deliver(api, "msg_2")).status).toBe(200), { timeout: 30_000 });
  expect(await listInbox(db, { limit: 10 })).toHaveLength(2);
});
