import { SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { FetchedPage, PullContext } from "../source-port.ts";
import { tryCall } from "../tried-call.ts";
import type { IntercomApi } from "./api.ts";
import { foundPages, singleThing } from "./pages.ts";
import { withCompanies } from "./search.ts";

/** Contacts or conversations as they are now, one by one: the search is some minutes behind. */
export async function lookUp(
  api: IntercomApi,
  what: "contacts" | "conversations",
  ids: readonly string[],
  context: PullContext,
): Promise<FetchedPage> {
  const found: unknown[] = [];
  const deleted: string[] = [];
  for (const id of ids) {
    const thing = await lookUpOne(api, what, id, context);
    if (thing === null) deleted.push(id);
    else found.push(thing);
  }
  return { raw: what === "contacts" ? found : await withCompanies(api, found, context), deleted };
}

/** Null for what is gone: refused by its id and not to be found, so that no mistake of ours looks like a deletion. */
async function lookUpOne(
  api: IntercomApi,
  what: "contacts" | "conversations",
  id: string,
  context: PullContext,
): Promise<unknown> {
  const tried = await tryCall(api.byId(what, id), context);
  if ("answer" in tried) return readAnswer(tried.answer, singleThing);
  if (tried.halt.verdict.kind !== "fatal") throw tried.halt;
  const query = { field: "id", operator: "=", value: id, after: null, shrink: 0 } as const;
  const { found } = readAnswer(await context.call(api.search(what, query)), foundPages[what]);
  if (found.length === 0) return null;
  const reason = `${tried.halt.message}, though it is to be found`;
  throw new SourceHalt({ kind: "retry", scope: "call", afterMs: null, reason });
}
