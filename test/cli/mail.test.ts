import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { Composition } from "../../src/cli/context.ts";
import { openSmtpChannel } from "../../src/integrations/smtp/channel.ts";
import { listAudit } from "../../src/store/audit.ts";
import { suppress } from "../../src/store/mail-suppressions.ts";
import { test } from "../support/database.ts";
import { account, configure, playbook, take } from "../worker/scenario.ts";
import { keepwell } from "./command-line.ts";

const now = new Date("2026-05-03T12:00:00Z");

test("mail suppressions are added, listed and removed by hand, and the audit keeps who did it and what was known", async ({
  database,
  db,
}) => {
  const by = ["--author", "anna"];
  const added = await keepwell(
    ["mail", "suppressions", "add", "Kim@example.com", "--note", "by phone", ...by],
    database,
  );
  expect(added).toMatchObject({ code: 0, stdout: "Kim@example.com gets no more mail as a customer.\n" });
  const again = await keepwell(["mail", "suppressions", "add", "kim@example.com", ...by], database);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("is on the list already") });
  const bounced = { address: "lee@example.com", reason: "bounced", detail: "550 no such user" } as const;
  await db.transaction().execute((tx) => suppress(tx, [bounced], now));
  const listed = await keepwell(["mail", "suppressions", "list", "--reason", "by-hand"], database);
  expect(listed.stdout).toMatch(/kim@example\.com +by-hand +\S+ \S+ +by anna: by phone/);
  expect(listed.stdout).not.toContain("lee@example.com");
  const removed = await keepwell(["mail", "suppressions", "remove", "LEE@example.com", ...by], database);
  expect(removed.stdout).toBe("LEE@example.com may get mail again. It was on the list since 2026-05-03: bounced.\n");
  const gone = await keepwell(["mail", "suppressions", "remove", "lee@example.com", ...by], database);
  expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining("lee@example.com is not on the list") });
  expect(await listAudit(db, { limit: 10 })).toMatchObject([
    {
      author: "anna",
      via: "cli",
      deed: "suppression.removed",
      data: { reason: "bounced", detail: "550 no such user" },
    },
    { author: "anna", via: "cli", deed: "suppression.added", data: { note: "by phone" } },
  ]);
});

test("mail suppressions refuse what is no address", async ({ database }) => {
  const { code, stderr } = await keepwell(["mail", "suppressions", "add", "a@example.com, b@example.com"], database);
  expect(code).toBe(2);
  expect(stderr).toContain("expected one e-mail address");
});

const mail = {
  ...{ id: "mail", do: "email", to: "primary-contact", subject: "Hello {{ contact.name }}" },
  ...{ body: "How is {{ account.name }}?", if: { fact: "score", below: 1 } },
};
const breathe = { id: "breathe", do: "wait", for: "5d" };

/** What the documents name is open, as if they were live. */
const composition: Composition = {
  followConfiguration: () => ({
    live: async () => ({
      configuration: configure([playbook({ steps: [breathe, mail] })]),
      channels: new Map([["mail", smtp]]),
      ...{ sources: [], tell: null },
    }),
    close: async () => undefined,
  }),
};
const from = "Acme <care@example.com>";
const smtp = openSmtpChannel({ id: "mail", from, host: "smtp.example.com", port: 587, secure: false });

test("mail preview shows a mail with the headers that it would have, whatever stands before its step, and sends nothing", async ({
  database,
  db,
}) => {
  await take(
    db,
    [
      ...account("acme", "2026-05-01", []),
      {
        ...{ kind: "contact", id: "k", account: "acme", at: "2026-01-01T00:00:00Z" },
        set: { name: "Kim", email: "kim@example.com", role: "primary" },
      },
    ],
    now,
  );
  await db
    .transaction()
    .execute((tx) => suppress(tx, [{ address: "kim@example.com", reason: "complained", detail: "" }], now));
  const folder = await mkdtemp(join(tmpdir(), "keepwell-mail-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const html = join(folder, "mail.html");
  const words = ["mail", "preview", "save", "mail", "--account", "acme", "--html", html];
  const { code, stdout, stderr } = await keepwell(words, database, composition);
  expect(code).toBe(0);
  expect(stdout).toContain("From: Acme <care@example.com>\n");
  expect(stdout).toContain("To: kim@example.com\n");
  expect(stdout).toContain("Subject: Hello Kim\n");
  expect(stdout).toContain("Reply-To: anna@example.com\n");
  expect(stdout).toMatch(/^List-Unsubscribe: <http:\/\/127\.0\.0\.1:0\/u\/[\w-]+\.[\w-]+>$/m);
  expect(stdout).toContain("\n\nHow is acme Ltd?\n");
  expect(stderr).toContain("It would not be sent: the address is suppressed: complained on 3 May 2026.");
  expect(await readFile(html, "utf8")).toContain("<p");
  expect(await db.selectFrom("actions").selectAll().execute()).toEqual([]);
});

test("mail preview says why there would be no mail, and which steps send one", async ({ database, db }) => {
  await take(db, account("acme", "2026-05-01", []), now);
  const preview = (step: string) =>
    keepwell(["mail", "preview", "save", step, "--account", "acme"], database, composition);
  expect((await preview("mail")).stderr).toContain("the account has no primary contact with an address");
  expect((await preview("breathe")).stderr).toContain('has no step "breathe" that sends a mail; it has: mail.');
});
