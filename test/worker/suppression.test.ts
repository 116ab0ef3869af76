import { sql } from "kysely";
import { expect } from "vitest";
import type { Channel } from "../../src/integrations/ports.ts";
import { createSilentLog } from "../../src/log.ts";
import type { EmailMessage, Outcome } from "../../src/playbooks/message.ts";
import { insertAction } from "../../src/store/actions.ts";
import { type Db, openDatabase, readNow } from "../../src/store/db.ts";
import { erasePerson } from "../../src/store/erasure.ts";
import { openLinkSigner } from "../../src/store/link-signer.ts";
import { findSuppression, liftSuppression, listSuppressions, suppress } from "../../src/store/mail-suppressions.ts";
import { type Boundary, deliverDue } from "../../src/worker/deliver.ts";
import { insertRun } from "../store/action-rows.ts";
import { test } from "../support/database.ts";

const now = new Date("2026-05-03T12:00:00Z");

function email(to: string, audience: EmailMessage["audience"] = "customer"): EmailMessage {
  return {
    ...{ kind: "email", to, subject: "Hello", text: "Hello", html: "<p>Hello</p>" },
    ...{ messageId: "<kw-1-mail-1@example.com>", replyTo: null, audience },
  };
}

/** Mails that are due now, one to each address. */
async function insertMails(db: Db, messages: readonly EmailMessage[], account = "acme"): Promise<number[]> {
  const run = await insertRun(db, account);
  return db.transaction().execute(async (tx) => {
    const madeAt = await readNow(tx);
    const ids: number[] = [];
    for (const [index, message] of messages.entries()) {
      const action = { playbookId: "save", revision: 1, stepId: `step-${index}`, visit: 1, channel: "mail" };
      const made = { kind: "email", state: "pending", reason: "reached" } as const;
      const id = await insertAction(tx, { ...run, ...action, ...made, recipient: message.to, message }, madeAt);
      if (id !== null) ids.push(id);
    }
    return ids;
  });
}

/** A mail server that takes everything, or says what it is told to. */
function mailServer(answer: () => Outcome | Promise<Outcome> = () => ({ kind: "sent", reason: "250" })) {
  const sent: string[] = [];
  const channel: Channel = {
    ...{ id: "mail", kind: "email", minIntervalMs: 0 },
    send: async ({ message }) => {
      if (message.kind === "email") sent.push(message.to);
      return answer();
    },
  };
  return { sent, channels: new Map([[channel.id, channel]]) };
}

function deps(db: Db, channels: ReadonlyMap<string, Channel>) {
  return { db, channels, log: createSilentLog(), jitter: () => 0, author: "test" };
}

const unsubscribe = (db: Db, address: string, at = now) =>
  db.transaction().execute((tx) => suppress(tx, [{ address, reason: "unsubscribed", detail: "by the link" }], at));

const actions = (db: Db) => db.selectFrom("actions").select(["state", "reason"]).orderBy("id").execute();

test("a mail to a customer who unsubscribed is cancelled in the moment it would go, with the day", async ({ db }) => {
  await insertMails(db, [email("Kim@Example.com"), email("lee@example.com")]);
  await unsubscribe(db, "kim@example.com");
  const { sent, channels } = mailServer();
  expect(await deliverDue(deps(db, channels), now)).toMatchObject({ sent: 1, cancelled: 1 });
  expect(sent).toEqual(["lee@example.com"]);
  const [kim, lee] = await actions(db);
  expect(kim).toEqual({ state: "cancelled", reason: "the address is suppressed: unsubscribed on 3 May 2026" });
  expect(lee).toMatchObject({ state: "sent" });
  const log = await db.selectFrom("actionLog").select(["state", "author"]).orderBy("id").execute();
  expect(log).toContainEqual({ state: "cancelled", author: "test" });
});

test("mail to our own team goes on: the list is of customers", async ({ db }) => {
  await insertMails(db, [email("kim@example.com", "team")]);
  await unsubscribe(db, "kim@example.com");
  const { sent, channels } = mailServer();
  await deliverDue(deps(db, channels), now);
  expect(sent).toEqual(["kim@example.com"]);
});

test("a hundred who unsubscribe while their mail is on its way: none begins to be sent once that is committed", async ({
  db,
  url,
}) => {
  const addresses = Array.from({ length: 100 }, (_, index) => `kim-${index}@example.com`);
  await insertMails(
    db,
    addresses.map((to) => email(to)),
  );
  const before = new Map<string, string>();
  const races: Promise<void>[] = [];
  const { sent, channels } = mailServer();
  const reader = openDatabase(url, { max: 20 });
  /** Notes how the mail stood when nothing could begin any more, and stays a while before it commits. */
  const race = async (address: string) => {
    await reader.db.transaction().execute(async (tx) => {
      await suppress(tx, [{ address, reason: "unsubscribed", detail: "by the link" }], now);
      const action = tx.selectFrom("actions").select("state").where("recipient", "=", address);
      before.set(address, (await action.executeTakeFirstOrThrow()).state);
      await sql`select pg_sleep(0.01)`.execute(tx);
    });
  };
  const atBoundary = (boundary: Boundary, id: number): void => {
    const address = addresses[id - 1] ?? "";
    if (boundary === (id % 2 === 0 ? "claimed" : "slot-reserved")) races.push(race(address));
  };
  await deliverDue({ ...deps(db, channels), atBoundary }, now);
  await Promise.all(races);
  await reader.close();
  const hadBegun = addresses.filter((address) => ["sending", "sent"].includes(before.get(address) ?? ""));
  expect(before.size).toBe(100);
  expect(sent.sort()).toEqual(hadBegun.sort());
  const cancelled = (await actions(db)).filter(({ state }) => state === "cancelled");
  expect(cancelled).toHaveLength(100 - hadBegun.length);
});

test("an address that the server does not know is suppressed; one that it refuses for another reason is not", async ({
  db,
}) => {
  await insertMails(db, [email("gone@example.com")]);
  const gone = mailServer(() => ({
    kind: "failed",
    reason: 'answered "550 5.1.1 no such user"',
    isUnknownMailbox: true,
  }));
  await deliverDue(deps(db, gone.channels), now);
  const full = mailServer(() => ({ kind: "failed", reason: 'answered "552 5.2.2 mailbox full"' }));
  await insertMails(db, [email("full@example.com")], "other");
  await deliverDue(deps(db, full.channels), now);
  expect(await listSuppressions(db, { limit: 10 })).toMatchObject([
    { address: "gone@example.com", reason: "bounced", detail: 'answered "550 5.1.1 no such user"' },
  ]);
});

test("what a person said of themselves weighs more than a mailbox that bounced, and is not forgotten for it", async ({
  db,
}) => {
  const say = (reason: "bounced" | "complained" | "unsubscribed") =>
    db.transaction().execute((tx) => suppress(tx, [{ address: "Kim@example.com ", reason, detail: reason }], now));
  expect([await say("bounced"), await say("bounced"), await say("unsubscribed"), await say("complained")]).toEqual([
    1, 0, 1, 0,
  ]);
  expect(await listSuppressions(db, { limit: 10 })).toMatchObject([
    { address: "kim@example.com", reason: "unsubscribed" },
  ]);
  await db.transaction().execute(async (tx) => {
    expect(await liftSuppression(tx, "KIM@example.com")).toMatchObject({ reason: "unsubscribed" });
    expect(await liftSuppression(tx, "kim@example.com")).toBeNull();
    expect(await findSuppression(tx, "kim@example.com")).toBeNull();
  });
});

test("an erased person goes on getting no mail, and no link of what was sent leads back to them", async ({ db }) => {
  const token = (await openLinkSigner(db)).sign("unsubscribe", "kim@example.com");
  const unsubscribeLink = `https://keepwell.example.com/u/${token}`;
  const message = { ...email("kim@example.com"), text: `Unsubscribe: ${unsubscribeLink}`, unsubscribeLink };
  await insertMails(db, [message]);
  await deliverDue(deps(db, mailServer().channels), now);
  await unsubscribe(db, "kim@example.com");
  await erasePerson(db, { who: { kind: "email", email: "kim@example.com" }, author: "dpo", isPreview: false }, now);
  const { rows } = await sql<{ text: string }>`select message::text as text from actions`.execute(db);
  expect(rows[0]?.text).not.toContain(token);
  await insertMails(db, [email("kim@example.com")], "other");
  const { sent, channels } = mailServer();
  await deliverDue(deps(db, channels), now);
  expect(sent).toEqual([]);
  expect(await listSuppressions(db, { limit: 10 })).toMatchObject([
    { address: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
});
