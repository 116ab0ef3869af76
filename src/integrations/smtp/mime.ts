import MailComposer from "nodemailer/lib/mail-composer";
import type { EmailMessage } from "../../playbooks/message.ts";
import { type Mailbox, toAddrSpec } from "./address.ts";

const repeatNotice = "This may be a repeat: an earlier attempt to send it ended without an answer.";

/** Holds only what an addr-spec may: no folding, no second header. */
const messageIdForm = /^<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+>$/;

/** One message as it goes over the wire, and the only two addresses of its envelope. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  readonly mime: Buffer;
}

export interface Sender {
  readonly from: Mailbox;
  readonly replyTo: string | null;
}

/** Builds the MIME text of a message, or says why it must not be sent. A repeat is announced to our own team only. */
export async function composeLetter(
  sender: Sender,
  message: EmailMessage,
  mayRepeat: boolean,
  now: Date,
): Promise<Letter | { readonly fault: string }> {
  const to = toAddrSpec(message.to);
  if (to === null) return { fault: "the recipient is not exactly one plain mail address" };
  const answerTo = message.replyTo ?? sender.replyTo;
  const replyTo = answerTo === null ? null : toAddrSpec(answerTo);
  if (answerTo !== null && replyTo === null) return { fault: "the reply-to is not exactly one plain mail address" };
  if (!messageIdForm.test(message.messageId)) return { fault: "the Message-ID is malformed" };
  const announced = mayRepeat && message.audience === "team";
  const node = new MailComposer({
    from: { name: sender.from.name, address: sender.from.address },
    to: [{ name: "", address: to }],
    ...(replyTo === null ? {} : { replyTo: { name: "", address: replyTo } }),
    subject: oneLine(message.subject),
    messageId: message.messageId,
    date: now,
    text: announced ? `${repeatNotice}\n\n${message.text}` : message.text,
    html: announced ? announceInHtml(message.html) : message.html,
    // RFC 3834: keeps holiday notices and other robots from answering.
    headers: { "Auto-Submitted": "auto-generated", ...unsubscribeHeaders(message) },
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const envelope = node.getEnvelope();
  // The last word before sending: the library, too, must see this one recipient and no other.
  if (envelope.to.length !== 1 || envelope.to[0]?.toLowerCase() !== to.toLowerCase()) {
    return { fault: "the message would go to somebody else than its one recipient" };
  }
  return { from: sender.from.address, to, mime: await node.build() };
}

/** RFC 8058: programs offer one click; whoever signs our mail must sign these two as well. */
function unsubscribeHeaders({ unsubscribeLink }: EmailMessage): Readonly<Record<string, string>> {
  if (unsubscribeLink == null) return {};
  return { "List-Unsubscribe": `<${unsubscribeLink}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" };
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through.
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ").trim();
}

function announceInHtml(html: string): string {
  const notice = `<p><strong>${repeatNotice}</strong></p>`;
  const body = /<body[^>]*>/i.exec(html);
  if (body === null) return `${notice}${html}`;
  const end = body.index + body[0].length;
  return `${html.slice(0, end)}${notice}${html.slice(end)}`;
}
