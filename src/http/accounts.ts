import { type RequestHandler, Router } from "express";
import { z } from "zod";
import type { Configuration } from "../playbooks/configuration.ts";
import { listScoredAccounts } from "../queries/accounts.ts";
import { explainAccount } from "../queries/explain.ts";
import { daySchema } from "../scoring/records.ts";
import { type Db, readNow } from "../store/db.ts";
import { requireScope } from "./bearer.ts";
import { Problem } from "./problem.ts";

const listQuerySchema = z.strictObject({
  owner: z.string().optional(),
  segment: z.string().optional(),
  /** A band's id, or `unknown`. */
  band: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `next` of the page before. */
  cursor: z.string().optional(),
});

const detailQuerySchema = z.strictObject({ at: daySchema.optional() });

/** Routes through which others read accounts. */
export function accountRoutes(db: Db, configuration: () => Promise<Configuration>): Router {
  const router = Router();
  router.get("/accounts", requireScope(db, "accounts:read"), listAccounts(db));
  router.get("/accounts/:id", requireScope(db, "accounts:read"), showAccount(db, configuration));
  return router;
}

function listAccounts(db: Db): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(listQuerySchema, request.query);
    const { limit, cursor, ...filter } = query;
    const rows = await listScoredAccounts(db, { ...filter, afterKey: cursor, order: "key", limit: limit + 1 });
    const accounts = rows.slice(0, limit);
    response.json({ accounts, next: rows.length > limit ? (accounts.at(-1)?.account ?? null) : null });
  };
}

function showAccount(db: Db, configuration: () => Promise<Configuration>): RequestHandler {
  return async (request, response) => {
    const { at } = parseQuery(detailQuerySchema, request.query);
    const key = String(request.params["id"]);
    const answer = await explainAccount(db, await configuration(), { key, day: at ?? null }, await readNow(db));
    if (answer === null) throw new Problem(404, "Not found", `There is no account "${key}".`);
    response.json(answer.explanation);
  };
}

function parseQuery<T extends z.ZodType>(schema: T, query: unknown): z.infer<T> {
  const parsed = schema.safeParse(query);
  if (!parsed.success) throw new Problem(400, "Bad request", z.prettifyError(parsed.error));
  return parsed.data;
}
