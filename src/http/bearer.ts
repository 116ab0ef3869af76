import type { RequestHandler, Response } from "express";
import { type Db, readNow } from "../store/db.ts";
import { type ApiToken, type TokenScope, verifyToken } from "../store/tokens.ts";
import { Problem } from "./problem.ts";

/** Lets a request through only with a bearer token of that scope. */
export function requireScope(db: Db, scope: TokenScope): RequestHandler {
  return async (request, response, next) => {
    const [scheme, presented] = (request.headers.authorization ?? "").split(" ");
    const isBearer = scheme?.toLowerCase() === "bearer" && presented !== undefined;
    const token = isBearer ? await verifyToken(db, presented, await readNow(db)) : null;
    if (token === null) {
      response.setHeader("www-authenticate", 'Bearer realm="keepwell"');
      throw new Problem(401, "Not authorised", "A valid bearer token is needed: see `keepwell token create`.");
    }
    if (!token.scopes.includes(scope)) {
      throw new Problem(403, "Not allowed", `The token "${token.name}" does not have the scope ${scope}.`);
    }
    response.locals["token"] = token;
    next();
  };
}

/** The token that `requireScope` let through. */
export function tokenOf(response: Response): ApiToken {
  return response.locals["token"];
}
