import { afterEach, describe, expect, test } from "vitest";
import { openSmtpChannel, type SmtpOptions } from "../../src/integrations/smtp/channel.ts";
import { converse, type Progress } from "../../src/integrations/smtp/dialogue.ts";
import { judgeDialogue } from "../../src/integrations/smtp/verdict.ts";
import type { Outcome } from "../../src/playbooks/message.ts";
import { attemptOf, email } from "./attempts.ts";
import { type Fault, type SmtpStub, startSmtpStub } from "./smtp-stub.ts";

/** What the server does wrong, and what has become of the mail. */
const cells: readonly (readonly [Fault, "sent" | "retry" | "failed" | "unknown"])[] = [
  [{ at: "greeting", do: "close" }, "retry"],
  [{ at: "greeting", do: "reset" }, "retry"],
  [{ at: "greeting", do: "hang" }, "retry"],
  [{ at: "greeting", do: "trickle" }, "retry"],
  [{ at: "greeting", say: "421 too busy" }, "retry"],
  [{ at: "greeting", say: "554 no service here" }, "retry"],
  [{ at: "ehlo", do: "close" }, "retry"],
  [{ at: "ehlo", do: "hang" }, "retry"],
  [{ at: "ehlo", say: "421 later" }, "retry"],
  [{ at: "auth", do: "close" }, "retry"],
  [{ at: "auth", do: "hang" }, "retry"],
  [{ at: "auth", say: "535 bad credentials" }, "retry"],
  [{ at: "auth", say: "454 temporary" }, "retry"],
  [{ at: "mail", do: "close" }, "retry"],
  [{ at: "mail", do: "reset" }, "retry"],
  [{ at: "mail", do: "hang" }, "retry"],
  [{ at: "mail", say: "451 greylisted" }, "retry"],
  [{ at: "mail", say: "421 closing" }, "retry"],
  [{ at: "mail", say: "530 login first" }, "retry"],
  [{ at: "mail", say: "550 sender refused" }, "failed"],
  [{ at: "rcpt", do: "close" }, "retry"],
  [{ at: "rcpt", do: "hang" }, "retry"],
  [{ at: "rcpt", say: "450 mailbox busy" }, "retry"],
  [{ at: "rcpt", say: "550 5.1.1 no such user" }, "failed"],
  [{ at: "data", do: "close" }, "retry"],
  [{ at: "data", do: "reset" }, "retry"],
  [{ at: "data", do: "hang" }, "retry"],
  [{ at: "data", say: "451 not now" }, "retry"],
  [{ at: "data", say: "554 no valid recipients" }, "failed"],
  [{ at: "body", do: "close" }, "retry"],
  [{ at: "body", do: "reset" }, "retry"],
  [{ at: "body", do: "hang" }, "retry"],
  [{ at: "dot", do: "close" }, "unknown"],
  [{ at: "dot", do: "reset" }, "unknown"],
  [{ at: "dot", do: "hang" }, "unknown"],
  [{ at: "dot", do: "trickle" }, "unknown"],
  [{ at: "dot", say: "hello there" }, "unknown"],
  [{ at: "dot", say: "354 go on" }, "unknown"],
  [{ at: "dot", say: "451 try again" }, "retry"],
  [{ at: "dot", say: "421 shutting down" }, "retry"],
  [{ at: "dot", say: "552 too much" }, "failed"],
  [{ at: "dot", say: "554 5.7.1 refused as spam" }, "failed"],
  [{ at: "dot", say: "250 ok" }, "sent"],
];

let stub: SmtpStub | undefined;

afterEach(async () => {
  await stub?.close();
  stub = undefined;
});

function channelOn(port: number, over: Partial<SmtpOptions> = {}) {
  return openSmtpChannel({
    id: "mail",
    from: "Keepwell <keepwell@example.com>",
    host: "127.0.0.1",
    port,
    secure: false,
    user: "keepwell",
    password: "swordfish",
    tls: { required: false },
    deadlineMs: 20_000,
    ...over,
  });
}

/** Sends a mail. A silent server is waited for until it has begun to be silent, then the attempt is called off. */
async function sendTo({ port, failing }: SmtpStub, fault: Fault): Promise<Outcome> {
  const caller = new AbortController();
  const isSilent = "do" in fault && (fault.do === "hang" || fault.do === "trickle");
  const off = isSilent ? failing.then(() => caller.abort()) : undefined;
  const sending = fault.at === "body" ? sendLong(port, caller.signal) : sendShort(port, caller.signal);
  await off;
  return sending;
}

function sendShort(port: number, signal: AbortSignal): Promise<Outcome> {
  return channelOn(port).send(attemptOf(email(), { signal }));
}

/** A text larger than what sockets and streams hold between the two of them. */
async function sendLong(port: number, signal: AbortSignal): Promise<Outcome> {
  const server = { host: "127.0.0.1", port, secure: false, deadlineMs: 20_000 };
  const open = { requireTls: false, login: null, ca: null, rejectUnauthorized: true };
  const mime = Buffer.alloc(64 * 1024 * 1024, "a line of a long mail\r\n");
  const letter = { from: "keepwell@example.com", to: "ada@example.com", mime };
  return judgeDialogue(await converse({ ...server, ...open }, letter, signal), (text) => text);
}

describe("what became of a mail", () => {
  const named = cells.map(([fault, kind]) => {
    const does = "say" in fault ? `says "${fault.say}"` : `does "${fault.do}"`;
    return [`${kind} when the server ${does} at ${fault.at}`, fault, kind] as const;
  });

  test.each(named)("is %s", async (_title, fault, kind) => {
    stub = await startSmtpStub(fault);
    const outcome = await sendTo(stub, fault);
    expect(outcome.kind).toBe(kind);
    expect(outcome.reason).not.toBe("");
    // The promise itself: a mail whose end the server saw is never tried again, unless the server refused it.
    if (stub.texts.length > 0 && !("say" in fault)) expect(outcome.kind).toBe("unknown");
  });

  test("is retry when the server never finishes its greeting before the deadline", async () => {
    stub = await startSmtpStub({ at: "greeting", do: "trickle" });
    const outcome = await channelOn(stub.port, { deadlineMs: 300 }).send(attemptOf(email()));
    expect(outcome).toEqual({ kind: "retry", reason: "not sent, before the mail was offered: the deadline passed" });
  });

  test("is retry when nobody listens", async () => {
    const gone = await startSmtpStub();
    await gone.close();
    const outcome = await channelOn(gone.port).send(attemptOf(email()));
    expect(outcome).toEqual({
      kind: "retry",
      reason: "not sent, before the mail was offered: the connection was refused",
    });
  });

  test("is retry when the server offers no TLS and a password would go in the clear", async () => {
    stub = await startSmtpStub();
    // Not one of the names of this machine, though it leads here.
    const outcome = await channelOn(stub.port, { host: "::ffff:127.0.0.1", tls: {} }).send(attemptOf(email()));
    expect(outcome).toMatchObject({ kind: "retry", reason: expect.stringContaining("no secure connection") });
    expect(stub.commands).toEqual([expect.stringContaining("EHLO"), "STARTTLS"]);
  });

  test("is retry when the attempt is called off before it began", async () => {
    stub = await startSmtpStub();
    const outcome = await channelOn(stub.port).send(attemptOf(email(), { signal: AbortSignal.abort() }));
    expect(outcome.kind).toBe("retry");
    expect(stub.texts).toEqual([]);
  });
});

describe("a mailbox that is refused", () => {
  test.each([
    ["rcpt", "550 5.1.1 no such user", true],
    ["rcpt", "550-5.1.1 the account\r\n550 5.1.1 does not exist", true],
    ["rcpt", "556 5.1.10 takes no mail", true],
    ["rcpt", "550 5.7.1 we do not like you", false],
    ["rcpt", "550 no such user here", false],
    ["rcpt", "552 5.2.2 mailbox full", false],
    ["rcpt", "450 4.1.1 not yet", false],
    ["rcpt", "550 5.1.17 of another kind", false],
    ["mail", "550 5.1.1 sender unknown", false],
    ["dot", "550 5.1.1 no such user", false],
  ] as const)("at %s by %s is unknown there: %s", async (at, say, isUnknown) => {
    stub = await startSmtpStub({ at, say });
    const outcome = await channelOn(stub.port).send(attemptOf(email()));
    expect(outcome.kind === "failed" && outcome.isUnknownMailbox === true).toBe(isUnknown);
  });
});

describe("a reply that nobody asked for", () => {
  test("decides nothing about a mail that may have been taken", () => {
    const error = Object.assign(new Error("x"), { code: "EPROTOCOL", responseCode: 550, response: "550 what?" });
    const judge = (progress: Progress) => judgeDialogue({ kind: "broken", progress, error }, (text) => text).kind;
    expect([judge("envelope"), judge("handed-over")]).toEqual(["retry", "unknown"]);
  });

  test("leaves a mail in doubt when it says yes too early", () => {
    const early = { kind: "accepted", progress: "body", response: "250 ok" } as const;
    expect(judgeDialogue(early, (text) => text).kind).toBe("unknown");
  });
});

describe("a mail", () => {
  test("has a connection of its own and says goodbye", async () => {
    stub = await startSmtpStub();
    const channel = channelOn(stub.port);
    await channel.send(attemptOf(email()));
    await channel.send(attemptOf(email({ messageId: "<run-2.mail.0@keepwell.example.com>" })));
    expect(stub.connections()).toBe(2);
    const { commands } = stub;
    await expect.poll(() => commands.filter((line) => line === "QUIT").length).toBe(2);
  });

  test("is received with what the server answered", async () => {
    stub = await startSmtpStub();
    const outcome = await channelOn(stub.port).send(attemptOf(email()));
    expect(outcome).toMatchObject({
      kind: "sent",
      receipt: { transport: "smtp", response: "250 2.0.0 queued as 4711", messageId: email().messageId },
    });
  });
});

describe("the check of a mail channel", () => {
  test("logs in and sends nothing", async () => {
    stub = await startSmtpStub();
    const result = await channelOn(stub.port).check?.(new AbortController().signal);
    expect(result).toEqual({ ok: true, detail: "the mail server answers; the login was accepted" });
    expect(stub.commands.some((line) => line.startsWith("MAIL"))).toBe(false);
  });

  test("says so when the login is refused", async () => {
    stub = await startSmtpStub({ at: "auth", say: "535 no" });
    const result = await channelOn(stub.port).check?.(new AbortController().signal);
    expect(result).toEqual({ ok: false, detail: "the mail server does not take our mail: the login was refused" });
  });

  test("ends when the server never speaks", async () => {
    stub = await startSmtpStub({ at: "greeting", do: "trickle" });
    const result = await channelOn(stub.port, { deadlineMs: 300 }).check?.(new AbortController().signal);
    expect(result?.ok).toBe(false);
  });
});

describe("a mail channel", () => {
  const good: SmtpOptions = { id: "mail", from: "a@example.com", host: "localhost", port: 25, secure: false };
  test.each([
    ["a sender that is no address", { from: "Keepwell" }],
    ["a sender that is two addresses", { from: "a@example.com, b@example.com" }],
    ["a reply-to that is no address", { replyTo: "nobody" }],
    ["a user without a password", { user: "keepwell" }],
    ["a deadline longer than the lease", { deadlineMs: 60_000 }],
  ])("refuses to open with %s", (_what, over) => {
    expect(() => openSmtpChannel({ ...good, ...over })).toThrow(/mail channel "mail"/);
  });
});
