import { z } from "zod";
import { readAnswer } from "../read-answer.ts";
import type { Page, PullContext } from "../source-port.ts";
import { tryCall } from "../tried-call.ts";
import type { IntercomApi } from "./api.ts";
import { deletedPage } from "./pages.ts";

/** A day of grace for clocks that differ. */
const graceSeconds = 86_400;

const second = z.int().nonnegative();
const sweepSchema = z.looseObject({ since: second, newest: second, page: z.int().positive() });
const deleted = z.looseObject({ deleted_at: second });

/** One page of the conversations that were deleted, newest first, back to what is known. Workspaces that have no such list have none of them. */
export async function pullDeleted(api: IntercomApi, cursor: unknown, context: PullContext): Promise<Page> {
  const sweep = sweepSchema.nullable().catch(null).parse(cursor) ?? { since: 0, newest: 0, page: 1 };
  const tried = await tryCall(api.deletedConversations(sweep.page), context);
  if ("halt" in tried) {
    if (tried.halt.verdict.kind !== "fatal") throw tried.halt;
    return { raw: [], cursor: { ...sweep, page: 1 }, done: true };
  }
  const { conversations, lastPage } = readAnswer(tried.answer, deletedPage);
  const times = conversations.map((each) => deleted.safeParse(each).data?.deleted_at ?? 0);
  const newest = Math.max(sweep.newest, ...times);
  const isKnown = times.some((at) => at < sweep.since - graceSeconds);
  if (!isKnown && conversations.length > 0 && sweep.page < lastPage) {
    return { raw: conversations, cursor: { ...sweep, newest, page: sweep.page + 1 }, done: false };
  }
  return { raw: conversations, cursor: { since: newest, newest, page: 1 }, done: true };
}
