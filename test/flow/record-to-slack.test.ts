import { once } from "node:events";
import { sql } from "kysely";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { expect, vi } from "vitest";
import type { Channel } from "../../src/integrations/ports.ts";
import { createSilentLog } from "../../src/log.ts";
import { type Db, openDatabase, readNow } from "../../src/store/db.ts";
import { readRevisionKey } from "../../src/store/documents.ts";
import { listTasks } from "../../src/store/tasks.ts";
import { startWorker } from "../../src/worker/worker.ts";
import { type Api, serve } from "../http/api.ts";
import { type HttpStub, say, startHttpStub } from "../integrations/http-stub.ts";
import { test as base } from "../support/database.ts";
import { configure, playbook } from "../worker/scenario.ts";
import { openSinkChannels, webhookSecret } from "../worker/sinks.ts";

const configuration = configure([
  playbook({
    name: "Save an account",
    steps: [
      { id: "alert", do: "slack", to: "alerts", text: "{{ account.name }} is at {{ score }}" },
      { id: "mail", do: "email", to: "primary-contact", subject: "How is {{ account.name }}?", body: "Shall we talk?" },
      { id: "hook", do: "webhook", to: "crm", payload: { reason: "{{ account.name }} is quiet" } },
      { id: "call", do: "task", title: "Call {{ account.name }}", assignee: "owner", dueInDays: 2 },
    ],
  }),
]);

interface World {
  readonly api: Api;
  /** What came to Slack's and the CRM's address. */
  readonly web: HttpStub;
  /** Who was written to, and what. */
  readonly mails: { readonly to: readonly string[]; readonly text: string }[];
}

/** Everything that is real when Keepwell runs: a server, receivers, and two workers with connections of their own. */
const test = base.extend<{ world: World }>({
  world: async ({ db, url }, use) => {
    const web = await startHttpStub(say(200, {}, "ok"));
    const { server, mails, port } = await startMailServer();
    const channels = openSinkChannels({ http: web.port, smtp: port });
    const workers = [1, 2].map((name) => startOne(url, `worker ${name}`, channels));
    const api = await serve(db, { configuration });
    await use({ api, web, mails });
    await api.server.stop();
    for (const { stop } of workers) await stop();
    await web.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  },
});

function startOne(url: string, author: string, channels: ReadonlyMap<string, Channel>) {
  const database = openDatabase(url);
  const live = async () => {
    const inForce = { ...configuration, revisionKey: await readRevisionKey(database.db) };
    return { configuration: inForce, channels, sources: [], tell: null };
  };
  const worker = startWorker({ db: database.db, log: createSilentLog(), author, jitter: () => 0.5, live }, url);
  return {
    async stop() {
      await worker.stop();
      await database.close();
    },
  };
}

async function startMailServer() {
  const mails: World["mails"] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onData(stream, session, done) {
      let text = "";
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on("end", () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address();
  return { server, mails, port: typeof address === "object" && address !== null ? address.port : 0 };
}

/** An account of Anna's with a contact, and two logins a day up to today: 20 points. */
function story(key: string, today: Date): unknown {
  const dayMs = 86_400_000;
  const dayOf = (back: number) => new Date(today.getTime() - back * dayMs).toISOString().slice(0, 10);
  const at = "2025-01-01T00:00:00Z";
  const usage = Array.from({ length: 10 }, (_, back) => ({
    ...{ kind: "usage", account: key, name: "logins", day: dayOf(back), value: 2 },
  }));
  return {
    source: "app",
    records: [
      { kind: "account", id: key, at, set: { name: `${key} Ltd`, owner: "anna", beganOn: "2025-01-01" } },
      ...[{ kind: "contact", id: `${key}-kim`, account: key, at, set: contact(key) }],
      ...usage,
    ],
    // Through today: the story holds on both sides of midnight.
    coverage: [{ kind: "usage", through: dayOf(0) }],
  };
}

const contact = (key: string) => ({ name: "Kim", email: `kim@${key}.example`, role: "primary" });

interface Effects {
  readonly slack: number;
  readonly webhooks: number;
  readonly mails: number;
  readonly tasks: number;
}

async function effectsOn(db: Db, { web, mails }: World, key: string): Promise<Effects> {
  const about = web.requests.filter(({ body }) => body.toString().includes(`${key} Ltd`));
  return {
    slack: about.filter(({ url }) => url === "/slack").length,
    webhooks: about.filter(({ url }) => url === "/webhook").length,
    mails: mails.filter(({ to }) => to.includes(`kim@${key}.example`)).length,
    tasks: (await listTasks(db, { account: key, limit: 100 })).length,
  };
}

const onceEach: Effects = { slack: 1, webhooks: 1, mails: 1, tasks: 1 };

/** Until every step is done and nobody works on anything any more. */
const untilDone = (db: Db, world: World, key: string) =>
  vi.waitFor(
    async () => {
      expect(await effectsOn(db, world, key)).toEqual(onceEach);
      const { rows } = await sql`
        select from actions where state <> 'sent' union all select from runs where state <> 'done'
        union all select from account_work where dirty_seq > scored_seq or facts_seq > responded_seq`.execute(db);
      expect(rows).toEqual([]);
    },
    { timeout: 50_000, interval: 100 },
  );

test("a posted record becomes a Slack message, a mail, a signed webhook and a task, once, with two workers at it", async ({
  db,
  world,
}) => {
  const { api, web, mails } = world;
  const token = await api.token(["records:write"]);
  const body = story("acme", await readNow(db));
  const post = (what: unknown) => api.call("POST", "/api/v1/records", { token, body: what });

  expect(await post(body)).toMatchObject({ status: 200, body: { written: 12, rejected: [] } });
  await untilDone(db, world, "acme");

  const slack = web.requests.find(({ url }) => url === "/slack");
  expect(JSON.parse(String(slack?.body))).toMatchObject({ text: expect.stringContaining("acme Ltd is at 20") });
  expect(mails[0]?.to).toEqual(["kim@acme.example"]);
  expect(mails[0]?.text).toMatch(/^Subject: How is acme Ltd\?\r$/m);
  const webhook = web.requests.find(({ url }) => url === "/webhook");
  const headers = Object.fromEntries(Object.entries(webhook?.headers ?? {}).map(([name, value]) => [name, `${value}`]));
  const event = new Webhook(webhookSecret).verify(String(webhook?.body), headers);
  expect(event).toMatchObject({
    type: "playbook.fired",
    data: { account: { key: "acme" }, playbook: { id: "save" }, score: 20, payload: { reason: "acme Ltd is quiet" } },
  });
  expect(await listTasks(db, { limit: 10 })).toMatchObject([
    { account: "acme", title: "Call acme Ltd", assignee: "anna", state: "open", playbook: "save" },
  ]);
  const shown = await api.call("GET", "/api/v1/accounts/acme", { token: await api.token(["accounts:read"]) });
  expect(shown.body).toMatchObject({
    account: "acme",
    score: 20,
    band: "red",
    playbooks: [{ id: "save", state: "firing" }],
  });

  expect(await post(body)).toMatchObject({ status: 200, body: { written: 0, unchanged: 12 } });
  // The same story of another account comes after it: once that one is told to its end, the repeat had its chance.
  expect(await post(story("other", await readNow(db)))).toMatchObject({ status: 200, body: { written: 12 } });
  await untilDone(db, world, "other");
  expect(await effectsOn(db, world, "acme")).toEqual(onceEach);
  expect(web.requests).toHaveLength(4);
  expect(mails).toHaveLength(2);
  const { rows } = await sql`select account_id, episode from runs order by account_id`.execute(db);
  expect(rows).toEqual([
    { accountId: 1, episode: 1 },
    { accountId: 2, episode: 1 },
  ]);
});
