import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseMailbox, toAddrSpec } from "../../src/integrations/smtp/address.ts";
import { openSmtpChannel } from "../../src/integrations/smtp/channel.ts";
import type { EmailMessage } from "../../src/playbooks/message.ts";
import { attemptOf, email } from "./attempts.ts";
import { listenOnLoopback } from "./loopback.ts";

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly source: string;
}

let received: Received[] = [];
let port = 0;
let close: () => Promise<void> = async () => undefined;

beforeEach(() => serve(["STARTTLS"]));

async function serve(disabledCommands: string[]): Promise<void> {
  received = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map((recipient) => recipient.address),
          source: Buffer.concat(chunks).toString("utf8"),
        });
        done();
      });
    },
  });
  ({ port, close } = await listenOnLoopback(server.server));
}

afterEach(() => close());

function send(over: Partial<EmailMessage>, mayRepeat = false) {
  const channel = openSmtpChannel({
    id: "mail",
    from: "Keepwell <keepwell@example.com>",
    replyTo: "csm@example.com",
    host: "127.0.0.1",
    port,
    secure: false,
  });
  return channel.send(attemptOf(email(over), { mayRepeat }));
}

/** Header lines, unfolded. */
function headersOf(source: string): string[] {
  const head = source.slice(0, source.indexOf("\r\n\r\n"));
  return head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
}

function headerNames(source: string): string[] {
  return headersOf(source)
    .map((line) => line.slice(0, line.indexOf(":")).toLowerCase())
    .sort();
}

const expectedHeaders = [
  "auto-submitted",
  "content-type",
  "date",
  "from",
  "message-id",
  "mime-version",
  "reply-to",
  "subject",
  "to",
];

describe("a mail on the wire", () => {
  test("has one recipient, the stored Message-ID, text and HTML, and says that a machine sent it", async () => {
    expect((await send({})).kind).toBe("sent");
    const [mail] = received;
    expect(mail).toMatchObject({ from: "keepwell@example.com", to: ["ada@customer.example.com"] });
    const source = mail?.source ?? "";
    expect(headerNames(source)).toEqual(expectedHeaders);
    const headers = headersOf(source);
    expect(headers).toContain("Message-ID: <run-1.mail.0@keepwell.example.com>");
    expect(headers).toContain("Auto-Submitted: auto-generated");
    expect(headers).toContain("From: Keepwell <keepwell@example.com>");
    expect(headers).toContain("To: ada@customer.example.com");
    expect(headers).toContain("Reply-To: csm@example.com");
    expect(headers).toContain("Date: Mon, 02 Mar 2026 09:00:00 +0000");
    expect(source).toContain("Content-Type: text/plain");
    expect(source).toContain("Content-Type: text/html");
  });

  test("offers the one click of RFC 8058 where it has a way out, however long the link", async () => {
    const unsubscribeLink = `https://keepwell.example.com/u/${"a".repeat(339)}.${"b".repeat(22)}`;
    await send({ unsubscribeLink });
    const source = received[0]?.source ?? "";
    expect(headerNames(source)).toEqual([...expectedHeaders, "list-unsubscribe", "list-unsubscribe-post"].sort());
    expect(headersOf(source)).toContain(`List-Unsubscribe: <${unsubscribeLink}>`);
    expect(headersOf(source)).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click");
  });

  test("answers to the message's own address when it has one", async () => {
    await send({ replyTo: "grace@example.com" });
    expect(headersOf(received[0]?.source ?? "")).toContain("Reply-To: grace@example.com");
  });

  test.each([
    ["CRLF and a header", "Hi\r\nBcc: victim@example.com", "Hi Bcc: victim@example.com"],
    ["a bare line feed", "Hi\nBcc: victim@example.com", "Hi Bcc: victim@example.com"],
    ["a bare carriage return", "Hi\rBcc: victim@example.com", "Hi Bcc: victim@example.com"],
    ["an end of headers", "Hi\r\n\r\n<script>", "Hi <script>"],
    ["a line separator", "Hi\u2028Bcc: victim@example.com", "Hi Bcc: victim@example.com"],
    ["a null byte", "Hi\u0000there", "Hi there"],
    ["an encoded word", "=?utf-8?Q?Hi=0D=0ABcc:_v@example.com?=", null],
  ])("gains no header from a subject with %s", async (_what, subject, line) => {
    expect((await send({ subject })).kind).toBe("sent");
    expect(received[0]?.to).toEqual(["ada@customer.example.com"]);
    expect(headerNames(received[0]?.source ?? "")).toEqual(expectedHeaders);
    if (line !== null) expect(headersOf(received[0]?.source ?? "")).toContain(`Subject: ${line}`);
  });

  test("gains no second mail from a text with a lone dot", async () => {
    await send({ text: "one\r\n.\r\nMAIL FROM:<x@example.com>\r\n.\rtwo\n.\nthree" });
    expect(received).toHaveLength(1);
  });

  test("announces a possible repeat to our own team, in text and HTML", async () => {
    await send({ audience: "team" }, true);
    const source = received[0]?.source ?? "";
    expect(source.match(/This may be a repeat/g)).toHaveLength(2);
    expect(source.indexOf("<body>")).toBeLessThan(source.lastIndexOf("This may be a repeat"));
  });

  test("announces nothing to a customer, and nothing on a first try", async () => {
    await send({ audience: "customer" }, true);
    await send({ audience: "team" }, false);
    expect(received.map(({ source }) => source.includes("repeat"))).toEqual([false, false]);
  });
});

describe("a mail over STARTTLS", () => {
  const secured = (rejectUnauthorized: boolean) =>
    openSmtpChannel({
      id: "mail",
      from: "keepwell@example.com",
      host: "127.0.0.1",
      port,
      secure: false,
      tls: { required: true, rejectUnauthorized },
    }).send(attemptOf(email()));

  beforeEach(async () => {
    await close();
    await serve([]);
  });

  test("goes out where the certificate is accepted", async () => {
    expect((await secured(false)).kind).toBe("sent");
    expect(received).toHaveLength(1);
  });

  test("stays here, to be tried again, where the certificate is a stranger's", async () => {
    const outcome = await secured(true);
    expect(outcome.kind).toBe("retry");
    expect(received).toEqual([]);
  });
});

const oneRecipientForms = [
  "ada@customer.example.com, victim@example.com",
  "ada@customer.example.com;victim@example.com",
  "ada@customer.example.com victim@example.com",
  "ada@customer.example.com>\r\nRCPT TO:<victim@example.com",
  "ada@customer.example.com\r\nBcc: victim@example.com",
  "group:victim@example.com,ada@customer.example.com;",
  "Ada <victim@example.com>",
  "<victim@example.com>",
  '"victim@example.com"@customer.example.com',
  '"a b"@example.com',
  "ada(comment)@example.com",
  "ada@[127.0.0.1]",
  "ada@-example.com",
  "ada@example..com",
  "ada.@example.com",
  ".ada@example.com",
  "ada@example.com.",
  "@example.com",
  "ada@",
  "ada",
  "",
  " ada@example.com",
  "ada@example.com\n",
  "ada@exa\u0000mple.com",
  "äda@example.com",
  "ada@example.com\u2028",
  `${"a".repeat(65)}@example.com`,
  `ada@${"a".repeat(64)}.com`,
  `ada@${"abc.".repeat(70)}com`,
];

describe("a recipient", () => {
  test.each(oneRecipientForms)("is refused as %j and nothing is sent", async (to) => {
    const outcome = await send({ to });
    expect(outcome).toEqual({ kind: "failed", reason: "the recipient is not exactly one plain mail address" });
    expect(received).toEqual([]);
  });

  test.each([
    "a@b.co",
    "ada.lovelace+crm@mail.example.com",
    "o'brien@example.com",
    "x_y-z=1@mail-2.example",
    "root@localhost",
  ])("may be %s", async (to) => {
    expect((await send({ to })).kind).toBe("sent");
    expect(received[0]?.to).toEqual([to]);
  });

  test("may not hide in the reply-to or the Message-ID", async () => {
    expect((await send({ replyTo: "a@example.com, b@example.com" })).kind).toBe("failed");
    expect((await send({ messageId: "<a@b>\r\nBcc: victim@example.com" })).kind).toBe("failed");
    expect((await send({ messageId: "no-brackets@example.com" })).kind).toBe("failed");
    expect(received).toEqual([]);
  });
});

describe("a mailbox", () => {
  test.each([
    ["ada@example.com", { name: "", address: "ada@example.com" }],
    ["Ada Lovelace <ada@example.com>", { name: "Ada Lovelace", address: "ada@example.com" }],
    ['"Lovelace, Ada" <ada@example.com>', { name: "Lovelace, Ada", address: "ada@example.com" }],
    ["Ada <ada@example.com>, Bob <bob@example.com>", null],
    ["Ada <ada@example.com", null],
    ["Ada\r\nBcc: x@example.com <ada@example.com>", null],
  ])("is read from %j", (text, mailbox) => {
    expect(parseMailbox(text)).toEqual(mailbox);
  });

  test.each([
    ["ada@bücher.example.com", "ada@xn--bcher-kva.example.com"],
    ["ada@例え.example.com", "ada@xn--r8jz45g.example.com"],
    ["ada@localhost", "ada@localhost"],
    ["Ada@Example.com", "Ada@example.com"],
    ["ada@exa\u200bmple.com", null],
    ["ada@example.com,bücher.example.com", null],
    ["ada@bücher.example.com>", null],
    ["ada@example。com", null],
  ])("has its address %j as %j", (text, address) => {
    expect(toAddrSpec(text)).toBe(address);
  });

  test("takes an address of the greatest length and no longer one", () => {
    const local = "a".repeat(64);
    const domain = `${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`;
    expect(toAddrSpec(`${local}@${domain}`)).toBe(`${local}@${domain}`);
    expect(toAddrSpec(`${local}@${domain}e`)).toBeNull();
  });
});
