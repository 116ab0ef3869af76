import { emailMessage } from "../email-message.ts";
import { escapeSlack } from "../escape.ts";
import type { EmailMessage, SlackMessage } from "../message.ts";

/** A storm brake that was pulled, as it is told. */
export interface BrakeNews {
  readonly id: number;
  readonly playbookId: string;
  readonly playbookName: string;
  /** `storm brake: 12 of 200 accounts within 1 hour, more than 5 %`. */
  readonly words: string;
  /** Runs that had begun before it was pulled. */
  readonly begun: number;
  /** Accounts that wait, and the names of the first ones. */
  readonly accounts: number;
  readonly names: readonly string[];
}

/** The question of a storm brake as a Slack message. */
export function brakeSlack(news: BrakeNews): SlackMessage {
  const text = escapeSlack([subjectOf(news), bodyOf(news), keyOf(news)].join("\n"));
  return {
    kind: "slack",
    text,
    blocks: [{ type: "section", text: { type: "mrkdwn", text, verbatim: true } }],
  };
}

/** The question of a storm brake as an e-mail. */
export function brakeEmail(news: BrakeNews, to: string, domain: string): EmailMessage {
  return emailMessage({
    to,
    subject: subjectOf(news),
    body: bodyOf(news),
    audience: "team",
    replyTo: null,
    messageId: `<kw-brake-${news.id}@${domain}>`,
    runKey: keyOf(news),
  });
}

function subjectOf({ playbookName }: BrakeNews): string {
  return `"${playbookName}" has stopped and asks`;
}

function bodyOf({ playbookId, words, begun, accounts, names }: BrakeNews): string {
  const more = accounts > names.length ? ` and ${accounts - names.length} more` : "";
  const before = begun === 1 ? "1 run had begun" : `${begun} runs had begun`;
  return [
    `${words}.`,
    `${before} within that time before it stopped, and ${accounts} wait: ${names.join(", ")}${more}.`,
    `Let them begin: keepwell playbooks brake ${playbookId} --release`,
    `Drop their episodes: keepwell playbooks brake ${playbookId} --drop`,
  ].join("\n");
}

function keyOf({ id, playbookId }: BrakeNews): string {
  return `keepwell storm brake ${id} · ${playbookId}`;
}
