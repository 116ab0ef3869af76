import { expect } from "vitest";
import { openMailEventsSource } from "../../src/integrations/mail-events/source.ts";
import { listInbox } from "../../src/store/inbox/list.ts";
import { listSuppressions } from "../../src/store/mail-suppressions.ts";
import { applyInbox } from "../../src/worker/inbox.ts";
import { serve } from "../http/api.ts";
import { test } from "../support/database.ts";
import { collectDeps } from "./plain-source.ts";

const now = new Date("2026-05-03T12:00:00Z");

test("a hard bounce that comes twice puts its address on the list once, and one that may pass does not", async ({
  db,
}) => {
  const auth = { bearer: { env: "SECRET" } } as const;
  const source = openMailEventsSource({ id: "carrier", kind: "mail-events", auth }, () => "s3cret");
  const api = await serve(db, { sources: [source], now: () => now });
  const headers = { authorization: "Bearer s3cret" };
  const hard = { type: "bounce", address: "Kim@Example.com", hard: true, detail: "550 no such user", id: "e1" };
  const soft = { type: "bounce", address: "lee@example.com", id: "e2" };
  const unknown = { type: "bounce", address: "nobody", hard: true, id: "e3" };
  for (const body of [hard, hard, soft, unknown]) {
    expect((await api.call("POST", "/webhooks/carrier", { body, headers })).status).toBe(200);
  }
  expect((await api.call("POST", "/webhooks/carrier", { body: { ...soft, hard: true } })).status).toBe(401);
  await api.server.stop();
  await applyInbox(collectDeps(db, [source]), now);
  expect(await listSuppressions(db, { limit: 10 })).toEqual([
    { address: "kim@example.com", reason: "bounced", detail: "550 no such user", at: now },
  ]);
  const items = (await listInbox(db, { limit: 10 })).map(({ state, reason }) => ({ state, reason }));
  expect(items).toEqual([
    { state: "failed", reason: "it names no plain e-mail address" },
    { state: "ignored", reason: "a bounce that may pass: mail goes on" },
    { state: "done", reason: null },
  ]);
});
