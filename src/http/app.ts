import express, { type Express } from "express";
import type { Log } from "../log.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import { type Db, readNow } from "../store/db.ts";
import { accountRoutes } from "./accounts.ts";
import { createMetrics } from "./metrics.ts";
import { notFound, Problem, problemHandler } from "./problem.ts";
import { recordRoutes } from "./records.ts";

export interface HttpDeps {
  readonly db: Db;
  readonly log: Log;
  /** False while the server is to get no new work: it is stopping. */
  readonly isReady: () => boolean;
  readonly configuration: () => Promise<Configuration>;
}

/** The whole HTTP surface. */
export function buildApp(deps: HttpDeps): Express {
  const metrics = createMetrics(deps.db);
  const app = express();
  app.disable("x-powered-by");
  app.set("query parser", "simple");
  app.use(metrics.observe);
  app.use((_request, response, next) => {
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("cache-control", "no-store");
    next();
  });
  app.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.get("/readyz", async (_request, response) => {
    if (!deps.isReady()) throw new Problem(503, "Not now", "The server is stopping.");
    await readNow(deps.db);
    response.json({ status: "ready" });
  });
  app.get("/metrics", async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.use("/api/v1", recordRoutes(deps.db));
  app.use("/api/v1", accountRoutes(deps.db, deps.configuration));
  app.use(notFound);
  app.use(problemHandler(deps.log));
  return app;
}
