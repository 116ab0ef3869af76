import { type Request, type RequestHandler, Router } from "express";
import { z } from "zod";
import { readSources, sourcesSchema } from "../queries/sources/overview.ts";
import { matchAccount, matchWish, placingDeedSchema } from "../queries/sources/placing.ts";
import { listUnmatchedAccounts, unmatchedSchema } from "../queries/sources/unmatched.ts";
import { findAccountByKey } from "../store/account-list.ts";
import type { Db } from "../store/db.ts";
import type { NamedAccount } from "../store/identity/placing.ts";
import { requireScope } from "./bearer.ts";
import { byHand, type HandDeps, parseQuery } from "./hand.ts";
import type { LiveSources } from "./live-sources.ts";
import { onlyMethods, Problem } from "./problem.ts";

/** Routes through which others see how sources do, and place accounts that nobody could. */
export function sourceRoutes(deps: HandDeps & { readonly sources: LiveSources }): Router {
  const router = Router();
  const { db } = deps;
  const mayRead = requireScope(db, "accounts:read");
  router.route("/api/v1/sources").get(mayRead, showSources(db, deps.sources)).all(onlyMethods("GET, HEAD"));
  router.route("/api/v1/unmatched").get(mayRead, showUnmatched(db)).all(onlyMethods("GET, HEAD"));
  router
    .route("/api/v1/unmatched/:source/:id/match")
    .post(
      ...byHand(deps, {
        scope: "accounts:write",
        wish: matchWish,
        done: placingDeedSchema,
        deed: async (tx, wish, hand, request, now) => {
          const account = await findAccountByKey(tx, wish.account);
          if (account === null) return { kind: "missing", reason: "There is no such account" };
          return matchAccount(tx, namedIn(request), account, hand, now);
        },
      }),
    )
    .all(onlyMethods("POST"));
  return router;
}

/** No stored text holds a NUL, and PostgreSQL refuses a question that does. */
const word = z
  .string()
  .min(1)
  .max(300)
  .refine((text) => !/\0|\p{Cs}/u.test(text), { error: "holds a NUL or a broken character" });

function namedIn(request: Request): NamedAccount {
  const named = z.object({ source: word, id: word }).safeParse(request.params);
  if (!named.success) throw new Problem(404, "There is no such account.");
  return { source: named.data.source, externalId: named.data.id };
}

const unmatchedQuerySchema = z.strictObject({
  source: word.optional(),
  dismissed: z.enum(["true", "false"]).default("false"),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

function showSources(db: Db, sources: LiveSources): RequestHandler {
  return async (request, response) => {
    parseQuery(z.strictObject({}), request);
    response.json(sourcesSchema.parse(await readSources(db, [...(await sources.all())])));
  };
}

function showUnmatched(db: Db): RequestHandler {
  return async (request, response) => {
    const { dismissed, ...filter } = parseQuery(unmatchedQuerySchema, request);
    const list = await listUnmatchedAccounts(db, { ...filter, dismissed: dismissed === "true" });
    response.json(unmatchedSchema.parse(list));
  };
}
