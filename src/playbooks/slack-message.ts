import { clipSlack, escapeSlack, singleLine } from "./escape.ts";
import type { SlackMessage } from "./message.ts";
import type { Owner } from "./owners.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import type { Subject } from "./subject.ts";

/** Slack's limits of one block's text. */
const longestHeader = 150;
const longestSection = 3000;
/** All blocks together: beyond about 13,000 characters Slack refuses the message as too long. */
export const longestText = 9000;

const signs = { info: ":information_source:", warning: ":warning:", escalation: ":rotating_light:" } as const;

/**
 * A Slack message: header, the rendered text, and a line with owner, score and run key. `text` is escaped already. The only mention
 * is the owner's, by the id in owners.json.
 */
export function slackMessage(parts: {
  readonly text: string;
  readonly playbook: CompiledPlaybook;
  readonly subject: Subject;
  readonly runKey: string;
}): SlackMessage {
  const { playbook, subject } = parts;
  const { facts } = subject;
  const account = escapeSlack(singleLine(String(facts.get("account.name") ?? facts.get("account.key") ?? "")));
  const head = `${signs[playbook.priority]} ${account} · ${escapeSlack(singleLine(playbook.name))}`;
  const foot = [ownerWords(subject), scoreWords(subject), escapeSlack(parts.runKey)].filter((words) => words !== null);
  return framedSlack({ head, body: parts.text, foot });
}

/** A header, a text in pieces that Slack takes, and a small line under it. All of them are escaped already. */
export function framedSlack(parts: {
  readonly head: string;
  readonly body: string;
  readonly foot: readonly string[];
}): SlackMessage {
  const { foot } = parts;
  const head = clipSlack(parts.head, longestHeader);
  const body = clipSlack(parts.body, longestText);
  return {
    kind: "slack",
    text: [head, clipSlack(body, longestSection), foot.join(" · ")].filter((part) => part !== "").join("\n"),
    blocks: [
      { type: "header", text: { type: "plain_text", text: head, emoji: true } },
      ...sections(body).map((text) => ({ type: "section", text: markdown(text) })),
      { type: "context", elements: foot.map(markdown) },
    ],
  };
}

/** `verbatim`: Slack makes no links or mentions out of plain words. */
function markdown(text: string): Readonly<Record<string, unknown>> {
  return { type: "mrkdwn", text, verbatim: true };
}

function ownerWords({ owner }: Subject): string | null {
  return owner === null ? null : `Owner ${slackMention(owner)}`;
}

/** An owner as Slack shows them: mentioned, where owners.json has the Slack id. */
export function slackMention(owner: Owner): string {
  return owner.slackId === undefined ? escapeSlack(singleLine(owner.name)) : `<@${owner.slackId}>`;
}

function scoreWords({ facts }: Subject): string | null {
  const score = facts.get("score");
  const band = facts.get("band");
  if (typeof score !== "number") return null;
  return escapeSlack(`score ${score.toFixed(1)}${band === undefined ? "" : ` · ${band}`}`);
}

/** The text in pieces that fit a section, parted at line breaks where there are any. */
function sections(text: string): readonly string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > longestSection) {
    const cut = clipSlack(rest, longestSection).slice(0, -1);
    const line = cut.lastIndexOf("\n");
    // An author's `<` that is never closed leaves nothing to cut at.
    const whole = cut === "" ? rest.slice(0, longestSection) : cut;
    const piece = line > longestSection / 2 ? cut.slice(0, line) : whole;
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  pieces.push(rest);
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== "");
}
