import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, beforeEach, describe, expect } from "vitest";
import type { Channel } from "../../src/integrations/ports.ts";
import { createLog } from "../../src/log.ts";
import type { CrmFieldMessage, CrmTaskMessage, Message, Outcome } from "../../src/playbooks/message.ts";
import { claimDueActions, enableChannel, insertAction, settleAction } from "../../src/store/actions.ts";
import { type Db, openDatabase, readNow } from "../../src/store/db.ts";
import { type Boundary, type DeliverDeps, deliverDue } from "../../src/worker/deliver.ts";
import { type HttpStub, say, startHttpStub } from "../integrations/http-stub.ts";
import { insertRun } from "../store/action-rows.ts";
import { test } from "../support/database.ts";
import { openSinkChannels } from "./sinks.ts";

const log = createLog({ level: "silent", format: "json" });

/** CRM tasks go a way of their own. */
type Sent = Exclude<Message, CrmTaskMessage | CrmFieldMessage>;

const email = (audience: "customer" | "team"): Sent => ({
  kind: "email",
  to: "kim@example.com",
  subject: "Hello",
  text: "Hello",
  html: "<p>Hello</p>",
  messageId: "<kw-1-mail-1@example.com>",
  replyTo: null,
  audience,
});
const slack: Sent = { kind: "slack", text: "acme is at 30", blocks: [] };
const webhook: Sent = { kind: "webhook", id: "kw_1_hook_1", body: '{"type":"playbook.fired"}' };
const channelOf = { email: "mail", slack: "alerts", webhook: "crm" } as const;

/** Keeps an action that is due now. */
async function insertDue(db: Db, message: Sent, stepId = "step"): Promise<number> {
  const present = await db.selectFrom("runs").select(["id", "accountId"]).executeTakeFirst();
  const run = present === undefined ? await insertRun(db) : { runId: present.id, accountId: present.accountId };
  const id = await db.transaction().execute(async (tx) =>
    insertAction(
      tx,
      {
        ...run,
        playbookId: "save",
        revision: 1,
        stepId,
        visit: 1,
        recipient: "somebody",
        kind: message.kind,
        channel: channelOf[message.kind],
        message,
        state: "pending",
        reason: "reached",
      },
      await readNow(tx),
    ),
  );
  if (id === null) throw new Error("there is such an action already");
  return id;
}

function deps(db: Db, channels: ReadonlyMap<string, Channel>): DeliverDeps {
  return { db, channels, log, jitter: () => 0, author: "test" };
}

/** A receiver that answers as told, and counts. */
function fakeChannel(answer: () => Outcome | Promise<Outcome>): { channel: Channel; sent: () => number } {
  let sent = 0;
  const send = async () => {
    sent += 1;
    return answer();
  };
  return { channel: { id: "crm", kind: "webhook", minIntervalMs: 0, send }, sent: () => sent };
}

const stateOf = (db: Db, id: number) =>
  db
    .selectFrom("actions")
    .select(["state", "attempt", "reason", "mayRepeat"])
    .where("id", "=", id)
    .executeTakeFirstOrThrow();

/** As if the time had come: leases have run out, and retries are due. */
const passTime = (db: Db) =>
  sql`update actions set lease_until = now() - interval '1 second', due_at = now() - interval '1 second'`.execute(db);

describe("a process killed at any boundary of a delivery", () => {
  let http: HttpStub;
  let smtp: SMTPServer;
  const mails: string[] = [];

  beforeAll(async () => {
    http = await startHttpStub(say(200, {}, "ok"));
    smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      onData(stream, _session, done) {
        let text = "";
        stream.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        stream.on("end", () => {
          mails.push(text);
          done();
        });
      },
    });
    smtp.listen(0, "127.0.0.1");
    await once(smtp.server, "listening");
  });

  afterAll(async () => {
    await http.close();
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
  });

  beforeEach(() => {
    http.requests.length = 0;
    mails.length = 0;
  });

  const ports = () => {
    const address = smtp.server.address();
    return { http: http.port, smtp: typeof address === "object" && address !== null ? address.port : 0 };
  };

  const killed = async (url: string, boundary: Boundary) => {
    const script = fileURLToPath(new URL("deliver-once.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", script, url, JSON.stringify(ports()), boundary]);
    const [, signal] = await once(child, "exit");
    return signal;
  };

  const rows: readonly {
    what: string;
    message: Sent;
    /** Deliveries in all and the final state, per boundary. */
    ends: Readonly<Record<Boundary, readonly [number, string]>>;
  }[] = [
    {
      what: "mail to a customer",
      message: email("customer"),
      ends: {
        claimed: [1, "sent"],
        "slot-reserved": [1, "sent"],
        sending: [0, "unknown"],
        sent: [1, "unknown"],
        settled: [1, "sent"],
      },
    },
    {
      what: "mail to our team",
      message: email("team"),
      ends: {
        claimed: [1, "sent"],
        "slot-reserved": [1, "sent"],
        sending: [1, "sent"],
        sent: [2, "sent"],
        settled: [1, "sent"],
      },
    },
    {
      what: "a Slack message",
      message: slack,
      ends: {
        claimed: [1, "sent"],
        "slot-reserved": [1, "sent"],
        sending: [1, "sent"],
        sent: [2, "sent"],
        settled: [1, "sent"],
      },
    },
    {
      what: "a webhook",
      message: webhook,
      ends: {
        claimed: [1, "sent"],
        "slot-reserved": [1, "sent"],
        sending: [1, "sent"],
        sent: [2, "sent"],
        settled: [1, "sent"],
      },
    },
  ];
  const boundaries = ["claimed", "slot-reserved", "sending", "sent", "settled"] as const satisfies readonly Boundary[];
  const cells = rows.flatMap((row) => boundaries.map((boundary) => ({ ...row, boundary })));

  test.for(cells)(
    "$what, killed when $boundary: nothing is lost, and no customer hears twice",
    async (cell, { db, url }) => {
      const id = await insertDue(db, cell.message);
      expect(await killed(url, cell.boundary)).toBe("SIGKILL");
      for (let pass = 0; pass < 3; pass += 1) {
        await passTime(db);
        await deliverDue(deps(db, openSinkChannels(ports())), await readNow(db));
      }
      const [deliveries, state] = cell.ends[cell.boundary];
      expect(mails.length + http.requests.length).toBe(deliveries);
      expect((await stateOf(db, id)).state).toBe(state);
      const ids = new Set(http.requests.map((request) => request.headers["webhook-id"]));
      expect(ids.size).toBeLessThanOrEqual(1);
      if (deliveries === 2 && cell.message.kind !== "webhook") {
        expect(`${mails.at(-1)}${http.requests.at(-1)?.body.toString()}`).toMatch(/repeat/i);
      }
    },
  );
});

test("two workers never send one action", async ({ db, url }) => {
  for (let index = 0; index < 60; index += 1) await insertDue(db, webhook, `step-${index}`);
  const { channel, sent } = fakeChannel(() => ({ kind: "sent", reason: "200" }));
  const other = openDatabase(url);
  const channels = new Map([[channel.id, channel]]);
  const now = await readNow(db);
  const summaries = await Promise.all([db, other.db].map((each) => deliverDue(deps(each, channels), now)));
  await other.close();
  expect(sent()).toBe(60);
  expect(summaries.reduce((sum, summary) => sum + summary.sent, 0)).toBe(60);
});

test("a late answer of a process that lost its lease changes nothing", async ({ db }) => {
  const id = await insertDue(db, email("customer"));
  const [claimed] = await claimDueActions(db, 1, 60);
  if (claimed === undefined) throw new Error("nothing was due");
  await sql`update actions set state = 'sending', lease_until = now() - interval '1 second'`.execute(db);
  await deliverDue(deps(db, new Map()), await readNow(db));
  const sent = { state: "sent", delayMs: null, reason: "250", mayRepeat: false, receipt: null } as const;
  expect(await settleAction(db, claimed, sent, "the zombie")).toBe(false);
  expect((await stateOf(db, id)).state).toBe("unknown");
});

test("a refused delivery is tried again later, and the attempt is on record", async ({ db }) => {
  const id = await insertDue(db, webhook);
  const { channel } = fakeChannel(() => ({ kind: "retry", reason: "the receiver answered 503" }));
  expect(await deliverDue(deps(db, new Map([[channel.id, channel]])), await readNow(db))).toMatchObject({ retried: 1 });
  expect(await stateOf(db, id)).toMatchObject({ state: "retry", attempt: 1 });
  const entries = await db.selectFrom("actionLog").select(["attempt", "state", "reason", "author"]).execute();
  expect(entries).toEqual([{ attempt: 1, state: "retry", reason: "the receiver answered 503", author: "test" }]);
});

test("a receiver that answers 410 is left alone until somebody enables it again", async ({ db }) => {
  await insertDue(db, webhook, "first");
  const { channel, sent } = fakeChannel(() => ({ kind: "failed", reason: "410 Gone", disableChannel: true }));
  const channels = new Map([[channel.id, channel]]);
  await deliverDue(deps(db, channels), await readNow(db));
  const second = await insertDue(db, webhook, "second");
  await deliverDue(deps(db, channels), await readNow(db));
  expect(sent()).toBe(1);
  expect(await stateOf(db, second)).toMatchObject({ state: "failed", reason: expect.stringContaining("disabled") });
  expect(await enableChannel(db, channel.id)).toBe(true);
  await insertDue(db, webhook, "third");
  await deliverDue(deps(db, channels), await readNow(db));
  expect(sent()).toBe(2);
  expect(await enableChannel(db, channel.id)).toBe(true);
  expect(await enableChannel(db, channel.id)).toBe(false);
});

test("an adapter that throws leaves a customer's mail for an operator to decide", async ({ db }) => {
  const id = await insertDue(db, email("customer"));
  const send = async (): Promise<Outcome> => {
    throw new Error("a fault of ours, with a secret in it");
  };
  const channel: Channel = { id: "mail", kind: "email", minIntervalMs: 0, send };
  await deliverDue(deps(db, new Map([[channel.id, channel]])), await readNow(db));
  const state = await stateOf(db, id);
  expect(state.state).toBe("unknown");
  expect(state.reason).not.toContain("secret");
});

test("messages of one channel keep their distance, over all processes", async ({ db, url }) => {
  const times: number[] = [];
  const send = async (): Promise<Outcome> => {
    times.push(performance.now());
    return { kind: "sent", reason: "ok" };
  };
  const channel: Channel = { id: "alerts", kind: "slack", minIntervalMs: 200, send };
  for (let index = 0; index < 6; index += 1) await insertDue(db, slack, `step-${index}`);
  const other = openDatabase(url);
  const now = await readNow(db);
  const channels = new Map([[channel.id, channel]]);
  await Promise.all([db, other.db].map((each) => deliverDue(deps(each, channels), now)));
  await other.close();
  expect(times).toHaveLength(6);
  const span = Math.max(...times) - Math.min(...times);
  // Five gaps of 200 ms; timers may ring a little early.
  expect(span).toBeGreaterThan(900);
});
