import type { Outcome } from "../../playbooks/message.ts";
import { networkReason } from "../redact.ts";
import type { Dialogue } from "./dialogue.ts";

/** Replies of the 5xx kind that speak of the session, not of the message: a new session may well succeed. */
const sessionReplies: ReadonlySet<number> = new Set([503, 530, 534, 535, 538]);

/**
 * What a dialogue means. A reply says what happened. Without one the mail surely did not go as long as the end of its text
 * was still ours (RFC 5321: text without its end is thrown away); after that nobody knows. `redact` cleans what the server said.
 */
export function judgeDialogue(dialogue: Dialogue, redact: (text: string) => string): Outcome {
  if (dialogue.kind === "accepted") return judgeAccepted(dialogue, redact);
  const { progress, error } = dialogue;
  const { code, responseCode, response, command } = smtpError(error);
  if (responseCode !== null && progress !== "session") {
    const reason = `the mail server answered "${redact(response)}"`;
    const isFinal = responseCode >= 500 && !sessionReplies.has(responseCode);
    if (!isFinal) return { kind: "retry", reason };
    return { kind: "failed", reason, ...(isUnknownMailbox(response, command) && { isUnknownMailbox: true }) };
  }
  if (progress === "handed-over") {
    return { kind: "unknown", reason: `no answer after the whole mail was sent: ${networkReason(error)}` };
  }
  if (progress === "envelope" && responseCode === null && (code === "EMESSAGE" || code === "EENVELOPE")) {
    return { kind: "failed", reason: "the mail is larger than the server takes, or its addresses are malformed" };
  }
  const said = response === "" ? networkReason(error) : `${networkReason(error)}, "${redact(response)}"`;
  return { kind: "retry", reason: `not sent, ${stageWords[progress]}: ${said}` };
}

/** RFC 3463: 5.1.1 no such mailbox, 5.1.10 a domain that takes no mail. Without such a code a refusal may be about us. */
function isUnknownMailbox(response: string, command: string): boolean {
  return command === "RCPT TO" && /^5\d\d[ -]5\.1\.(1|10)(?!\d)/.test(response);
}

const stageWords = {
  session: "before the mail was offered",
  envelope: "before the mail was taken",
  body: "in the middle of the mail",
} as const;

function judgeAccepted(dialogue: Extract<Dialogue, { kind: "accepted" }>, redact: (text: string) => string): Outcome {
  const said = redact(dialogue.response);
  if (dialogue.progress !== "handed-over") {
    return { kind: "unknown", reason: `the mail server answered before the mail was complete: "${said}"` };
  }
  return { kind: "sent", reason: `the mail server answered "${said}"`, receipt: { transport: "smtp", response: said } };
}

interface SmtpError {
  readonly code: string;
  /** A refusal of the mail, 400 to 599; null when there was none that can be trusted to be about it. */
  readonly responseCode: number | null;
  readonly response: string;
  /** What it answers: empty where that is not known. */
  readonly command: string;
}

function smtpError(error: unknown): SmtpError {
  if (typeof error !== "object" || error === null) return { code: "", responseCode: null, response: "", command: "" };
  const { code, responseCode, response, command }: Readonly<Record<string, unknown>> = { ...error };
  const isRefusal = typeof responseCode === "number" && responseCode >= 400 && responseCode < 600;
  return {
    code: typeof code === "string" ? code : "",
    // EPROTOCOL: a line nobody had asked for.
    responseCode: isRefusal && code !== "EPROTOCOL" ? responseCode : null,
    response: typeof response === "string" ? response : "",
    command: typeof command === "string" ? command : "",
  };
}
