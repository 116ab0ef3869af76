import { type RequestHandler, Router } from "express";
import { z } from "zod";
import type { Configuration } from "../playbooks/configuration.ts";
import { listScoredAccounts } from "../queries/accounts.ts";
import { explainAccount } from "../queries/explain.ts";
import { readJourney } from "../queries/journey.ts";
import { daySchema } from "../scoring/records.ts";
import { type Db, readNow } from "../store/db.ts";
import { requireScope } from "./bearer.ts";
import { onlyMethods, Problem } from "./problem.ts";

/** No stored text holds a NUL, and PostgreSQL refuses a question that does. */
const word = z
  .string()
  .max(300)
  .refine((text) => !text.includes("\0"), { error: "holds a NUL" });

const listQuerySchema = z.strictObject({
  owner: word.optional(),
  segment: word.optional(),
  /** A band's id, or `unknown`. */
  band: word.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `next` of the page before. */
  cursor: word.optional(),
});

const detailQuerySchema = z.strictObject({ at: daySchema.optional(), since: daySchema.optional() });

/** Routes through which others read accounts. */
export function accountRoutes(db: Db, configuration: () => Promise<Configuration>): Router {
  const router = Router();
  const mayRead = requireScope(db, "accounts:read");
  router.route("/api/v1/accounts").get(mayRead, listAccounts(db)).all(onlyMethods("GET, HEAD"));
  router.route("/api/v1/accounts/:id").get(mayRead, showAccount(db, configuration)).all(onlyMethods("GET, HEAD"));
  router
    .route("/api/v1/accounts/:id/journey")
    .get(mayRead, showJourney(db, configuration))
    .all(onlyMethods("GET, HEAD"));
  router
    .route("/api/v1/accounts/:id/playbooks/:playbook")
    .get(mayRead, showPlaybook(db, configuration))
    .all(onlyMethods("GET, HEAD"));
  return router;
}

function listAccounts(db: Db): RequestHandler {
  return async (request, response) => {
    const { limit, cursor, ...filter } = parseQuery(listQuerySchema, request.query);
    const rows = await listScoredAccounts(db, { ...filter, afterKey: cursor, order: "key", limit: limit + 1 });
    const accounts = rows.slice(0, limit);
    response.json({ accounts, next: rows.length > limit ? (accounts.at(-1)?.account ?? null) : null });
  };
}

function showAccount(db: Db, configuration: () => Promise<Configuration>): RequestHandler {
  return async (request, response) => {
    const { at, since } = parseQuery(detailQuerySchema, request.query);
    const key = word.safeParse(request.params["id"]);
    const question = { key: key.data ?? "", day: at ?? null, since: since ?? null };
    const answer = key.success ? await explainAccount(db, await configuration(), question, await readNow(db)) : null;
    if (answer === null) throw new Problem(404, "There is no such account.");
    response.json(answer.explanation);
  };
}

function showPlaybook(db: Db, configuration: () => Promise<Configuration>): RequestHandler {
  return async (request, response) => {
    parseQuery(z.strictObject({}), request.query);
    const key = word.safeParse(request.params["id"]);
    const question = { key: key.data ?? "", day: null };
    const answer = key.success ? await explainAccount(db, await configuration(), question, await readNow(db)) : null;
    if (answer === null) throw new Problem(404, "There is no such account.");
    const told = answer.explanation.playbooks.find(({ id }) => id === request.params["playbook"]);
    if (told === undefined) throw new Problem(404, "There is no such playbook in force.");
    response.json({ account: answer.explanation.account, ...told });
  };
}

function showJourney(db: Db, configuration: () => Promise<Configuration>): RequestHandler {
  return async (request, response) => {
    parseQuery(z.strictObject({}), request.query);
    const key = word.safeParse(request.params["id"]);
    const journey = key.success ? await readJourney(db, await configuration(), key.data, await readNow(db)) : null;
    if (journey === null) throw new Problem(404, "There is no such account.");
    response.json(journey);
  };
}

function parseQuery<T extends z.ZodType>(schema: T, query: unknown): z.infer<T> {
  const parsed = schema.safeParse(query);
  if (!parsed.success) throw new Problem(400, z.prettifyError(parsed.error));
  return parsed.data;
}
