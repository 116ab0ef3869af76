import type { RequestHandler, Response } from "express";
import { type Db, readNow } from "../store/db.ts";
import { type ApiToken, type TokenScope, verifyToken } from "../store/tokens.ts";
import { Problem } from "./problem.ts";

/** Lets a request through only with a bearer token of that scope. */
export function requireScope(db: Db, scope: TokenScope): RequestHandler {
  return async (request, response, next) => {
    const presented = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const token = presented === undefined ? null : await verifyToken(db, presented, await readNow(db));
    // One answer for all that does not open: whoever guesses learns nothing.
    if (token === null) {
      const challenge = { "www-authenticate": 'Bearer realm="keepwell"' };
      throw new Problem(401, "A valid bearer token is needed: see `keepwell token create`.", challenge);
    }
    if (!token.scopes.includes(scope)) {
      const challenge = `Bearer realm="keepwell", error="insufficient_scope", scope="${scope}"`;
      throw new Problem(403, `The token does not have the scope ${scope}.`, { "www-authenticate": challenge });
    }
    response.locals["token"] = token;
    next();
  };
}

/** The token that `requireScope` let through. */
export function tokenOf(response: Response): ApiToken {
  return response.locals["token"];
}
