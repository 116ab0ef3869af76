import { once } from "node:events";
import { SMTPServer } from "smtp-server";
import { expect } from "vitest";
import { openSmtpChannel } from "../../src/integrations/smtp/channel.ts";
import { createSilentLog } from "../../src/log.ts";
import { customerLinks } from "../../src/playbooks/customer-links.ts";
import type { Db } from "../../src/store/db.ts";
import { openLinkSigner } from "../../src/store/link-signer.ts";
import { deliverDue } from "../../src/worker/deliver.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { serve } from "../http/api.ts";
import { test as base } from "../support/database.ts";
import { account, configure, playbook, take } from "../worker/scenario.ts";

const now = new Date("2025-05-03T12:00:00Z");
const log = createSilentLog();
const publicUrl = "https://keepwell.example.com";

const channel = {
  ...{ id: "mail", kind: "email", from: "Acme <care@example.com>", host: "127.0.0.1", port: 25 },
  customerMail: { domain: "example.com", confirmedOn: "2025-05-01", confirmedBy: "anna" },
};
const welcome = playbook({
  trigger: { on: "threshold", when: { fact: "segment", is: "mid" } },
  steps: [
    { id: "mail", do: "email", to: "primary-contact", subject: "Hello {{ account.name }}", body: "How are you?" },
  ],
});

function configured(guards: object = {}) {
  const documents = [
    { kind: "channels", id: "channels", body: { channels: [channel] } },
    { kind: "guards", id: "guards", body: guards },
  ];
  return configure([welcome], 1, {}, false, documents);
}

/** A customer's mail server, and what came to it. */
const test = base.extend<{ mails: { readonly port: number; readonly texts: string[] } }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures a fixture needs from this pattern.
  mails: async ({}, use) => {
    const texts: string[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      onData(stream, _session, done) {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          texts.push(Buffer.concat(chunks).toString("utf8"));
          done();
        });
      },
    });
    server.listen(0, "127.0.0.1");
    await once(server.server, "listening");
    const address = server.server.address();
    await use({ texts, port: typeof address === "object" && address !== null ? address.port : 0 });
    await new Promise<void>((resolve) => server.close(() => resolve()));
  },
});

/** An account that begins a run, with one contact, whom others may have as well. */
async function insertAccount(db: Db, key: string): Promise<void> {
  const at = "2025-01-01T00:00:00Z";
  await take(
    db,
    [
      ...account(key, "2025-05-02", []),
      { kind: "account", id: key, at, set: { segment: "mid" } },
      {
        kind: "contact",
        id: key,
        account: key,
        at,
        set: { name: "Kim", email: "Kim@customer.example", role: "primary" },
      },
    ],
    now,
  );
}

/** One pass of what judges and what sends. */
async function pass(db: Db, port: number, at: Date, guards: object = {}): Promise<void> {
  const configuration = configured(guards);
  await scoreDue({ db, log, configuration }, at);
  const links = customerLinks({ url: publicUrl, isPublic: true }, (await openLinkSigner(db)).sign);
  await respondDue({ db, log, configuration, links }, at);
  const options = { ...channel, port, secure: false };
  const channels = new Map([[channel.id, openSmtpChannel(options)]]);
  await deliverDue({ db, log, channels, jitter: () => 0, author: "test" }, at);
}

const actions = (db: Db) => db.selectFrom("actions").select(["state", "reason"]).orderBy("id").execute();

test("who clicks the link of a mail gets no second one, of whichever account", async ({ db, mails }) => {
  await insertAccount(db, "acme");
  await pass(db, mails.port, now);
  const text = mails.texts[0]?.replace(/\r\n[ \t]+/g, " ") ?? "";
  expect(text).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click");
  const link = /^List-Unsubscribe: <(.+)>\r$/m.exec(text)?.[1] ?? "";
  expect(link.startsWith(`${publicUrl}/u/`)).toBe(true);
  const api = await serve(db, { publicUrl });
  const path = link.slice(publicUrl.length);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  expect((await api.call("POST", path, { body: "List-Unsubscribe=One-Click", headers })).status).toBe(200);
  await api.server.stop();
  await insertAccount(db, "beta");
  await pass(db, mails.port, now);
  expect(mails.texts).toHaveLength(1);
  expect(await actions(db)).toMatchObject([
    { state: "sent" },
    { state: "cancelled", reason: expect.stringContaining("the address is suppressed: unsubscribed on") },
  ]);
});

test("a person whom two accounts name gets the second mail once guards.json has room for it", async ({ db, mails }) => {
  const guards = { maxPerContact: { mails: 1, per: "2d" } };
  await insertAccount(db, "acme");
  await insertAccount(db, "beta");
  await pass(db, mails.port, now, guards);
  expect(mails.texts).toHaveLength(1);
  const due = new Date("2025-05-05T12:00:00Z");
  const waiting = db.selectFrom("runs").select(["state", "stepId", "dueAt"]).where("state", "=", "active");
  expect(await waiting.execute()).toEqual([{ state: "active", stepId: "mail", dueAt: due }]);
  await pass(db, mails.port, new Date(due.getTime() - 60_000), guards);
  expect(mails.texts).toHaveLength(1);
  await pass(db, mails.port, due, guards);
  expect(mails.texts).toHaveLength(2);
  expect(await waiting.execute()).toEqual([]);
});
