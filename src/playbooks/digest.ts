import { amountWords } from "./amount-words.ts";
import { type DigestLine, digestHeading, heldHeading } from "./digest/line.ts";
import { digestParagraphs, type Emphasis } from "./digest/lines.ts";
import { emailMessage } from "./email-message.ts";
import { escapeSlack } from "./escape.ts";
import type { EmailMessage, SlackMessage } from "./message.ts";
import type { Owner } from "./owners.ts";
import { framedSlack, longestText, slackMention } from "./slack-message.ts";

/** What is told together. */
export interface DigestContent {
  readonly id: number;
  /** Whom it is for; null: nobody in particular. */
  readonly owner: Owner | null;
  /** At least one. */
  readonly lines: readonly DigestLine[];
  /** The reporting currency. */
  readonly currency: string;
}

const plain: Emphasis = { text: (text) => text, strong: (text) => text, struck: (text) => text };
const slack: Emphasis = { text: escapeSlack, strong: (text) => `*${text}*`, struck: (text) => `~${text}~` };

/** Fifty lines fit in by far. */
const longestMail = 60_000;

/** One mail with a line for each account, the greatest expected loss first. */
export function digestEmail(
  content: DigestContent,
  { to, domain }: { readonly to: string; readonly domain: string },
): EmailMessage {
  const heading = digestHeading(content.lines);
  return emailMessage({
    to,
    subject: heading,
    body: [heading, ...paragraphsOf(content, plain, longestMail)].join("\n\n"),
    audience: "team",
    replyTo: null,
    messageId: `<kw-digest-${content.id}@${domain}>`,
    runKey: runKeyOf(content),
  });
}

/** The same as one Slack message; its owner is mentioned in the last line. */
export function digestSlack(content: DigestContent): SlackMessage {
  const { owner } = content;
  return framedSlack({
    head: escapeSlack(digestHeading(content.lines)),
    body: paragraphsOf(content, slack, longestText).join("\n\n"),
    foot: [...(owner === null ? [] : [`For ${slackMention(owner)}`]), runKeyOf(content)],
  });
}

/** Alerts, then what the alert budget keeps back. */
function paragraphsOf({ lines, currency }: DigestContent, emphasis: Emphasis, limit: number): readonly string[] {
  const alerts = lines.filter(({ kind }) => kind === "alert").sort(byLoss);
  const held = lines.filter(({ kind }) => kind === "held").sort(byLoss);
  const parts = [
    { heading: null, lines: alerts },
    { heading: alerts.length === 0 ? null : heldHeading(held), lines: held },
  ];
  return digestParagraphs(parts, { emphasis, money: (amount) => amountWords(amount, currency), limit });
}

/** What is not known comes last. */
function byLoss(one: DigestLine, other: DigestLine): number {
  const more = (other.expectedLoss ?? -1) - (one.expectedLoss ?? -1);
  return more || (one.score ?? 100) - (other.score ?? 100) || (one.accountKey < other.accountKey ? -1 : 1);
}

function runKeyOf({ id }: DigestContent): string {
  return `keepwell digest ${id}`;
}
