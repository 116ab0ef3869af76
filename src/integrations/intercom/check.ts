import { z } from "zod";
import { readAnswer } from "../read-answer.ts";
import type { PullContext, SourceCheck } from "../source-port.ts";
import { tryCall } from "../tried-call.ts";
import type { IntercomApi } from "./api.ts";

const meSchema = z.looseObject({ app: z.looseObject({ name: z.string().nullish().catch(null) }).nullish() });

/** Which workspace the token is of, and whether what is pulled may be read. Permissions are named as Intercom's settings name them. */
export async function checkIntercom(api: IntercomApi, context: PullContext): Promise<SourceCheck> {
  const me = await tryCall(api.me(), context);
  if ("halt" in me) return { ok: false, detail: me.halt.message, missing: [] };
  const workspace = readAnswer(me.answer, meSchema).app?.name ?? "a workspace";
  const query = { field: "updated_at", operator: ">", value: 0, after: null, shrink: 7 } as const;
  const needs = [
    ["Read admins", api.admins()],
    ["Read users and companies", api.search("contacts", query)],
    ["Read conversations", api.search("conversations", query)],
  ] as const;
  const missing = new Set<string>();
  for (const [permission, request] of needs) {
    const tried = await tryCall(request, context);
    if ("answer" in tried) continue;
    if (tried.halt.verdict.kind !== "forbidden")
      return { ok: false, detail: tried.halt.message, missing: [...missing] };
    missing.add(permission);
  }
  const isWhole = missing.size === 0;
  const detail = isWhole ? `${workspace}: everything can be read` : `${workspace}: permissions are missing`;
  return { ok: isWhole, detail, missing: [...missing] };
}
