import { redactText } from "../redaction.ts";

/** What scripts read from a command's end. */
export const exitCodes = { ok: 0, failure: 1, badInput: 2 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Somebody asked for what cannot be, or handed in what is wrong: shown without a stack, ends with 2. */
export class UsageError extends Error {}

/** The command has said everything already; it only ends with this code. */
export class CommandEnd extends Error {
  readonly code: ExitCode;
  constructor(code: ExitCode) {
    super(`The command ends with ${code}.`);
    this.code = code;
  }
}

/** An error for a person: its message and those of its causes, without secrets; the stack only when asked for. */
export function describeError(error: unknown, withStack: boolean): string {
  if (withStack && error instanceof Error) return redactText(stacks(error));
  return redactText(messages(error).join(": "));
}

function stacks(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${stacks(error.cause)}` : own;
}

/** A cause whose message its wrapper repeats is said once. */
function messages(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const own = ownMessage(error);
  const beneath = error.cause === undefined ? [] : messages(error.cause);
  return [own, ...beneath.filter((message) => !own.includes(message))];
}

/** A refused connection is an AggregateError with an empty message. */
function ownMessage(error: Error): string {
  if (error.message !== "") return error.message;
  if (error instanceof AggregateError) return [...new Set(error.errors.flatMap(messages))].join("; ");
  return "code" in error ? String(error.code) : error.name;
}
