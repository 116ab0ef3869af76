import type { EmailMessage, Outcome } from "../../playbooks/message.ts";
import type { Attempt, Channel } from "../ports.ts";
import { networkReason, redactor } from "../redact.ts";
import { parseMailbox } from "./address.ts";
import { converse, type SmtpServer, tryLogin } from "./dialogue.ts";
import { composeLetter, type Sender } from "./mime.ts";
import { judgeDialogue } from "./verdict.ts";

export interface SmtpOptions {
  readonly id: string;
  /** `keepwell@example.com` or `Keepwell <keepwell@example.com>`. */
  readonly from: string;
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (port 465); otherwise STARTTLS where the server offers it. */
  readonly secure: boolean;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** For messages that name none of their own. */
  readonly replyTo?: string | undefined;
  /** For the whole dialogue; must stay below the lease of 60 s. */
  readonly deadlineMs?: number | undefined;
  readonly tls?: SmtpTls | undefined;
}

export interface SmtpTls {
  /** Refuse to go on without TLS. By default true where a password would leave this machine. */
  readonly required?: boolean | undefined;
  /** A certificate authority of one's own, PEM. */
  readonly ca?: string | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
}

/** Half a minute short of the lease. */
const longestDeadlineMs = 50_000;

/**
 * Opens a way to send mail over SMTP. Every message has a connection of its own: what happened on it can then be about no
 * other message, and an idle connection that the server has quietly dropped never costs a mail. Throws for options that cannot work.
 */
export function openSmtpChannel(options: SmtpOptions): Channel {
  const sender = senderOf(options);
  const server = serverOf(options);
  const redact = redactor(secretsOf(options));
  return {
    id: options.id,
    kind: "email",
    minIntervalMs: 0,
    send: (attempt) => send(server, sender, redact, attempt),
    headersOf: (message, now) => headersOf(sender, message, now),
    check: (signal) => check(server, signal),
  };
}

async function send(
  server: SmtpServer,
  sender: Sender,
  redact: (text: string) => string,
  attempt: Attempt,
): Promise<Outcome> {
  const { message, mayRepeat, signal, now } = attempt;
  if (message.kind !== "email")
    return { kind: "failed", reason: `an SMTP channel cannot send a ${message.kind} message` };
  const letter = await composeLetter(sender, message, mayRepeat, now);
  if ("fault" in letter) return { kind: "failed", reason: letter.fault };
  const outcome = judgeDialogue(await converse(server, letter, signal), redact);
  if (outcome.kind !== "sent") return outcome;
  return { ...outcome, receipt: { ...outcome.receipt, messageId: message.messageId, bytes: letter.mime.length } };
}

async function headersOf(sender: Sender, message: EmailMessage, now: Date): Promise<readonly string[]> {
  const letter = await composeLetter(sender, message, false, now);
  if ("fault" in letter) return [`(it cannot be sent: ${letter.fault})`];
  const [head = ""] = letter.mime.toString("utf8").split("\r\n\r\n", 1);
  return head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
}

async function check(server: SmtpServer, signal: AbortSignal): Promise<{ ok: boolean; detail: string }> {
  const login = server.login === null ? "no login is set" : "the login was accepted";
  try {
    await tryLogin(server, signal);
    return { ok: true, detail: `the mail server answers; ${login}` };
  } catch (error) {
    return { ok: false, detail: `the mail server does not take our mail: ${networkReason(error)}` };
  }
}

function senderOf(options: SmtpOptions): Sender {
  const from = parseMailbox(options.from);
  if (from === null)
    throw new Error(`mail channel "${options.id}": "from" must be one mail address, with or without a name`);
  const replyTo = options.replyTo === undefined ? null : parseMailbox(options.replyTo);
  if (options.replyTo !== undefined && replyTo === null) {
    throw new Error(`mail channel "${options.id}": "replyTo" must be one mail address`);
  }
  return { from, replyTo: replyTo?.address ?? null };
}

function serverOf(options: SmtpOptions): SmtpServer {
  const { id, host, port, secure, user, password, tls = {}, deadlineMs = 20_000 } = options;
  if ((user === undefined) !== (password === undefined)) {
    throw new Error(`mail channel "${id}": user and password are needed both or neither`);
  }
  if (deadlineMs > longestDeadlineMs) {
    throw new Error(
      `mail channel "${id}": deadlineMs is ${deadlineMs}, at most ${longestDeadlineMs} fits into a lease`,
    );
  }
  const login = user === undefined || password === undefined ? null : { user, password };
  return {
    host,
    port,
    secure,
    login,
    requireTls: tls.required ?? (login !== null && !isThisMachine(host)),
    ca: tls.ca ?? null,
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    deadlineMs,
  };
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** What a server might echo: the password, and the line of AUTH PLAIN that holds it. */
function secretsOf({ user, password }: SmtpOptions): string[] {
  if (password === undefined) return [];
  return [password, `\u0000${user ?? ""}\u0000${password}`];
}
