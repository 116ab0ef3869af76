import { type Answer, type CallRequest, SourceHalt } from "./call-port.ts";
import type { PullContext } from "./source-port.ts";

/** The answer to a call, or why there is none. */
type TriedCall = { readonly answer: Answer } | { readonly halt: SourceHalt };

/** Calls a vendor for somebody who knows better what to do with a verdict than to let it pass. */
export async function tryCall(request: CallRequest, context: Pick<PullContext, "call">): Promise<TriedCall> {
  try {
    return { answer: await context.call(request) };
  } catch (error) {
    if (error instanceof SourceHalt) return { halt: error };
    throw error;
  }
}
