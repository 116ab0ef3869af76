import { type Request, type RequestHandler, Router } from "express";
import { z } from "zod";
import type { Configuration } from "../playbooks/configuration.ts";
import {
  brakeWish,
  decideOfBrake,
  type NamedPlaybook,
  playbookDeedSchema,
  playbookSnoozeWish,
  playbookWakeWish,
  snoozePlaybook,
  wakePlaybook,
} from "../queries/playbooks/deeds.ts";
import { playbooksSchema, readPlaybooks } from "../queries/playbooks/overview.ts";
import { findAccountByKey } from "../store/account-list.ts";
import { type Db, readNow, type Tx } from "../store/db.ts";
import { requireScope } from "./bearer.ts";
import { byHand, type HandDeps, parseQuery } from "./hand.ts";
import { onlyMethods, Problem } from "./problem.ts";

/** Routes through which others see where playbooks stand, put them to sleep, and answer their questions. */
export function playbookRoutes(deps: HandDeps): Router {
  const router = Router();
  const mayRead = requireScope(deps.db, "accounts:read");
  router
    .route("/api/v1/playbooks")
    .get(mayRead, showPlaybooks(deps.db, deps.configuration))
    .all(onlyMethods("GET, HEAD"));
  const common = { scope: "accounts:write", done: playbookDeedSchema } as const;
  router
    .route("/api/v1/playbooks/:id/snooze")
    .put(
      ...byHand(deps, {
        ...common,
        wish: playbookSnoozeWish,
        deed: async (tx, { account, ...wish }, hand, request, now) =>
          snoozePlaybook(tx, await namedIn(tx, request, account), wish, hand, now),
      }),
    )
    .delete(
      ...byHand(deps, {
        ...common,
        wish: playbookWakeWish,
        deed: async (tx, { account, ...wish }, hand, request, now) =>
          wakePlaybook(tx, await namedIn(tx, request, account), wish, hand, now),
      }),
    )
    .all(onlyMethods("PUT, DELETE"));
  router
    .route("/api/v1/playbooks/:id/brake")
    .post(
      ...byHand(deps, {
        ...common,
        wish: brakeWish,
        deed: (tx, wish, hand, request, now) => decideOfBrake(tx, idIn(request), wish, hand, now),
      }),
    )
    .all(onlyMethods("POST"));
  return router;
}

function showPlaybooks(db: Db, configuration: () => Promise<Configuration>): RequestHandler {
  return async (request, response) => {
    parseQuery(z.strictObject({}), request);
    response.json(playbooksSchema.parse(await readPlaybooks(db, await configuration(), await readNow(db))));
  };
}

async function namedIn(tx: Tx, request: Request, account: string | undefined): Promise<NamedPlaybook> {
  const playbookId = idIn(request);
  if (account === undefined) return { playbookId, account: null };
  const found = await findAccountByKey(tx, account);
  if (found === null) throw new Problem(404, "There is no such account.");
  return { playbookId, account: found };
}

/** Ids of playbooks are of small letters, digits and hyphens: no other names one. */
function idIn(request: Request): string {
  const id = String(request.params["id"]);
  if (!/^[a-z0-9-]{1,80}$/.test(id)) throw new Problem(404, "There is no such playbook.");
  return id;
}
