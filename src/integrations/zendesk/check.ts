import { z } from "zod";
import type { SourceHalt } from "../call-port.ts";
import { readAnswer } from "../read-answer.ts";
import type { PullContext, SourceCheck } from "../source-port.ts";
import { tryCall } from "../tried-call.ts";
import type { ZendeskApi } from "./api.ts";

const meSchema = z.looseObject({
  user: z.looseObject({
    id: z.union([z.string(), z.number()]).nullish(),
    role: z.string().nullish(),
  }),
});

/** A start that every export takes, and that brings next to nothing. */
const shortlyBeforeMs = 5 * 60_000;

/** Who we are there, whether that is an administrator, and which way of asking customers is in use. */
export async function checkZendesk(api: ZendeskApi, subdomain: string, context: PullContext): Promise<SourceCheck> {
  const me = await tryCall(api.me(), context);
  if ("halt" in me) return { ok: false, detail: me.halt.message, missing: missingOf(me.halt) };
  const { user } = readAnswer(me.answer, meSchema);
  // Whoever is not known is answered, too, as nobody.
  if (user.id == null) return { ok: false, detail: `${subdomain}: the login is not accepted`, missing: [] };
  const since = Math.floor((context.now.getTime() - shortlyBeforeMs) / 1_000);
  const exported = await tryCall(api.organizationsSince(since), context);
  if ("halt" in exported) {
    const missing = user.role === "admin" ? missingOf(exported.halt) : ["administrator"];
    return { ok: false, detail: `${subdomain}: exports are refused: ${exported.halt.message}`, missing };
  }
  const ratings = await tryCall(api.ratings(context.now, null), context);
  const responses = await tryCall(api.surveyResponses(context.now, null), context);
  const ways = [...("answer" in ratings ? ["ratings"] : []), ...("answer" in responses ? ["survey responses"] : [])];
  if (ways.length === 0) {
    return { ok: false, detail: `${subdomain}: neither ratings nor survey responses can be read`, missing: [] };
  }
  return { ok: true, detail: `${subdomain} as ${user.role ?? "a user"}; surveys: ${ways.join(" and ")}`, missing: [] };
}

function missingOf({ verdict }: SourceHalt): string[] {
  return verdict.kind === "forbidden" && verdict.missing !== null ? [verdict.missing] : [];
}
