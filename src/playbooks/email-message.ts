import { clip, escapeHtml } from "./escape.ts";
import type { EmailMessage } from "./message.ts";

/** Longer subjects are cut: no mailbox shows more. */
const longestSubject = 250;

/** One addr-spec with nothing around it: no display name, no list, no group, no line break, no quotes. */
export function isPlainAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s<>()[\]\\,;:@"]{1,64}@[^\s<>()[\]\\,;:@"]+$/u.test(text);
}

/** An e-mail as text and as HTML, made from the same rendered text: data can bring words, never markup. */
export function emailMessage(parts: {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  /** The same as markup, everything in it escaped; not given: made from the body. */
  readonly markup?: string;
  readonly audience: EmailMessage["audience"];
  readonly replyTo: string | null;
  readonly messageId: string;
  /** Shown to our team, so that a repeat is known as one; customers never see it. */
  readonly runKey: string;
  /** None in mail to our team. */
  readonly unsubscribeLink?: string | null;
}): EmailMessage {
  const { to, body, audience, replyTo, messageId, runKey, unsubscribeLink = null } = parts;
  const footer = audience === "team" ? runKey : null;
  const end = unsubscribeLink === null ? footer : `Unsubscribe: ${unsubscribeLink}`;
  return {
    kind: "email",
    to,
    subject: clip(parts.subject, longestSubject),
    text: end === null ? `${body}\n` : `${body}\n\n-- \n${end}\n`,
    html: htmlOf(
      parts.markup ?? paragraphsOf(body),
      unsubscribeLink === null ? footer && escapeHtml(footer) : anchor(unsubscribeLink),
    ),
    messageId,
    replyTo,
    audience,
    unsubscribeLink,
  };
}

function anchor(link: string): string {
  return `<a href="${escapeHtml(link)}" style="color:#777">Unsubscribe</a>`;
}

/** Plain text as paragraphs of a mail's HTML: empty lines part them. */
export function paragraphsOf(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => `<p style="margin:0 0 1em">${escapeHtml(paragraph.trim()).replaceAll("\n", "<br>")}</p>`)
    .join("\n");
}

function htmlOf(body: string, footer: string | null): string {
  const end = footer === null ? [] : [`<p style="margin:2em 0 0;color:#777;font-size:12px">${footer}</p>`];
  const style = "max-width:40em;font:15px/1.5 -apple-system,'Segoe UI',Helvetica,Arial,sans-serif;color:#222";
  return [
    '<!doctype html><html><head><meta charset="utf-8"></head>',
    `<body style="${style}">`,
    body,
    ...end,
    "</body></html>",
  ].join("\n");
}
