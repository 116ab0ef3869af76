import type { SlackMessage } from "../../playbooks/message.ts";

/** Slack refuses more blocks in one message. */
const mostBlocks = 50;

const repeatNotice = "This may be a repeat: an earlier attempt to send it ended without an answer.";

export interface SlackPayload {
  readonly text: string;
  readonly blocks?: readonly Readonly<Record<string, unknown>>[];
}

/** The body of a post, with a visible notice in text and blocks when the message may be a repeat. */
export function slackPayload(message: SlackMessage, mayRepeat: boolean): SlackPayload {
  const text = mayRepeat ? `${repeatNotice}\n${message.text}` : message.text;
  if (message.blocks.length === 0) return { text };
  if (!mayRepeat) return { text, blocks: message.blocks };
  const notice = { type: "context", elements: [{ type: "plain_text", text: repeatNotice }] };
  return { text, blocks: [notice, ...message.blocks.slice(0, mostBlocks - 1)] };
}
