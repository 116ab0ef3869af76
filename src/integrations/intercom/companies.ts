import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CallRequest, CallResult } from "../call-port.ts";
import { SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { Page, PullContext } from "../source-port.ts";
import { lastWholeDay } from "../whole-days.ts";
import type { IntercomApi } from "./api.ts";
import { scrollPage } from "./pages.ts";

const cursorSchema = z.looseObject({ scroll: z.string(), sweep: z.string(), page: z.int() }).nullable().catch(null);
type Cursor = NonNullable<z.infer<typeof cursorSchema>>;

export interface CompanyScroll {
  pull(cursor: unknown, context: PullContext): Promise<Page>;
}

/**
 * The list of all companies. Each answer moves Intercom's place in it, so that a page that was lost is never given again, and what is missing
 * at the end counts as deleted: only whoever has read the last page goes on, in the same process; everybody else begins anew.
 */
export function openCompanyScroll(api: IntercomApi): CompanyScroll {
  let last: Cursor | null = null;
  return {
    async pull(cursor, context) {
      const at = cursorSchema.parse(cursor);
      if (at !== null && (at.sweep !== last?.sweep || at.page !== last.page)) {
        throw interrupted("the list of companies was interrupted");
      }
      last = null;
      const page = await readPage(api, at, context);
      const sweep = at?.sweep ?? randomUUID();
      if (page.companies.length === 0 || page.param === null) {
        const coveredThrough = lastWholeDay(context.zone, context.now);
        return { raw: page.companies, cursor: null, done: true, sweep, coveredThrough };
      }
      last = { scroll: page.param, sweep, page: (at?.page ?? 0) + 1 };
      return { raw: page.companies, cursor: last, done: false, sweep };
    },
  };
}

/** Whatever goes wrong within a list ends it, but that we are to wait. */
async function readPage(api: IntercomApi, at: Cursor | null, context: PullContext) {
  try {
    return readAnswer(await context.call(api.scroll(at?.scroll ?? null)), scrollPage);
  } catch (error) {
    if (at === null || !(error instanceof SourceHalt)) throw error;
    throw interrupted(error.message);
  }
}

type Send = (request: CallRequest, signal: AbortSignal) => Promise<CallResult>;

/** A request within a list that perhaps arrived must not be made again as others are: the answer to the second one would be another page. */
export function withoutRepeats(send: Send): Send {
  return async (request, signal) => {
    const result = await send(request, signal);
    if (!new URL(request.url).searchParams.has("scroll_param")) return result;
    if (result.kind === "unanswered") throw interrupted(result.reason);
    if (result.kind === "answered" && result.status >= 500) {
      throw interrupted(`the vendor answered ${result.status} within the list of companies`);
    }
    return result;
  };
}

function interrupted(reason: string): SourceHalt {
  return new SourceHalt({ kind: "reset-cursor", reason });
}
