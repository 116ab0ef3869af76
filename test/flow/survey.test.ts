import { sql } from "kysely";
import { expect, vi } from "vitest";
import { openOutboxChannel } from "../../src/integrations/outbox/channel.ts";
import { createSilentLog } from "../../src/log.ts";
import type { Db } from "../../src/store/db.ts";
import { readRevisionKey } from "../../src/store/documents.ts";
import { startWorker } from "../../src/worker/worker.ts";
import { type Api, serve } from "../http/api.ts";
import { test as base } from "../support/database.ts";
import { account, configure, playbook, take } from "../worker/scenario.ts";

const groups = [
  {
    id: "voice",
    weight: 1,
    measures: [
      {
        ...{ id: "nps", metric: "nps.latest", weight: 1, missing: "exclude" },
        curve: [
          [0, 0],
          [10, 100],
        ],
      },
    ],
  },
];

const configuration = configure(
  [
    playbook({
      ...{ id: "ask", name: "Ask", trigger: { on: "threshold", when: { fact: "segment", is: "enterprise" } } },
      steps: [{ id: "nps", do: "survey", survey: "nps", subject: "One question" }],
    }),
    playbook({
      ...{ id: "detractor", name: "Detractor", priority: "escalation" },
      trigger: { on: "survey", type: "nps", where: { fact: "score", atMost: 6 } },
      steps: [{ id: "alert", do: "slack", to: "alerts", text: "{{ account.name }} is unhappy: {{ run.reason }}" }],
    }),
  ],
  1,
  { groups },
);

const channels = new Map(
  (["mail", "alerts"] as const).map((id) => [id, openOutboxChannel({ id, kind: id === "mail" ? "email" : "slack" })]),
);

/** A server and a worker, as they run together. */
const test = base.extend<{ api: Api }>({
  api: async ({ db, url }, use) => {
    const api = await serve(db, { configuration });
    // As if the configuration were the one in force.
    const inForce = { ...configuration, revisionKey: await readRevisionKey(db) };
    const live = async () => ({ configuration: inForce, channels, sources: [], tell: null });
    const server = { url: api.server.url, isPublic: false };
    const worker = startWorker({ db, log: createSilentLog(), author: "worker", jitter: () => 0.5, server, live }, url);
    await use(api);
    await worker.stop();
    await api.server.stop();
  },
});

async function newestScore(db: Db): Promise<unknown> {
  const { rows } = await sql`select score, band from scores order by day desc limit 1`.execute(db);
  return rows[0];
}

/** The messages of a playbook, and how far they got. */
async function actionsOf(db: Db, playbookId: string): Promise<readonly { state: string; text: string }[]> {
  const { rows } = await sql<{ state: string; text: string }>`
    select state, message ->> 'text' as text from actions where playbook_id = ${playbookId} order by id`.execute(db);
  return rows;
}

const soon = { timeout: 20_000, interval: 50 };

test("a customer's click on 3 is a record, a lower score and an alert within moments; looking at the link is nothing", async ({
  api,
  db,
}) => {
  const now = new Date();
  await take(db, account("acme", "2026-02-28", []), new Date(now.getTime() - 1000));
  const contact = { name: "Kim", email: "kim@acme.example.com", role: "primary" } as const;
  const at = now.toISOString();
  await take(
    db,
    [
      { kind: "contact", id: "kim", account: "acme", at, set: contact },
      { kind: "account", id: "acme", at, set: { segment: "enterprise" } },
    ],
    now,
  );
  const mail = await vi.waitFor(async () => {
    const [sent] = await actionsOf(db, "ask");
    expect(sent?.state).toBe("sent");
    return sent?.text ?? "";
  }, soon);
  await vi.waitFor(async () => expect(await newestScore(db)).toMatchObject({ score: null }), soon);

  const links = mail.match(/http\S+\/s\/\S+/g) ?? [];
  expect(links).toHaveLength(11);
  for (const link of links) expect((await fetch(link)).status).toBe(200);
  const { rows: untouched } = await sql`select answered_at from survey_requests`.execute(db);
  expect(untouched).toEqual([{ answeredAt: null }]);

  const body = new URLSearchParams({ score: "3", comment: "too slow" });
  const answered = await fetch(links[3] ?? "", { method: "POST", body });
  expect([answered.status, await answered.text()]).toEqual([200, expect.stringContaining("Your answer is 3.")]);
  await vi.waitFor(async () => {
    expect(await newestScore(db)).toMatchObject({ score: 30, band: "red" });
    const alerts = await actionsOf(db, "detractor");
    expect(alerts).toEqual([{ state: "sent", text: expect.stringContaining("acme Ltd is unhappy") }]);
  }, soon);
  expect(api.server.url).toMatch(/^http/);
});
