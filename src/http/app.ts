import express, { type Express, type RequestHandler } from "express";
import type { Source } from "../integrations/source-port.ts";
import type { Log } from "../log.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import { type Db, readNow } from "../store/db.ts";
import { accountRoutes } from "./accounts.ts";
import { byHandRoutes } from "./by-hand.ts";
import { configRoutes } from "./config.ts";
import { within } from "./deadline.ts";
import type { InboxDoor } from "./inbox-door.ts";
import { openLiveSources } from "./live-sources.ts";
import { createMetrics } from "./metrics.ts";
import { playbookRoutes } from "./playbooks.ts";
import { notFound, onlyMethods, Problem, problemHandler } from "./problem.ts";
import { recordRoutes } from "./records.ts";
import { sourceRoutes } from "./sources.ts";
import { surveyRoutes } from "./surveys.ts";
import { taskRoutes } from "./tasks.ts";
import { trackingRoutes } from "./tracking.ts";
import { unsubscribeRoutes } from "./unsubscribe.ts";
import { webhookRoutes } from "./webhooks.ts";

export interface HttpDeps {
  readonly db: Db;
  readonly log: Log;
  /** False while the server is to get no new work: it is stopping. */
  readonly isReady: () => boolean;
  readonly configuration: () => Promise<Configuration>;
  /** What sources.json names and is open; asked about once a second. */
  readonly sources: () => Promise<readonly Source[]>;
  readonly inbox: InboxDoor;
  /** Where others reach this server, without a slash at the end. */
  readonly publicUrl: () => string;
  /** By the clock of this machine. */
  readonly now: () => Date;
  /** Whether the environment has a variable that documents name. */
  readonly hasSecret: (name: string) => boolean;
}

/** Whoever asks whether we are ready gives up soon. */
const readyDeadlineMs = 2_000;

/** The whole HTTP surface. Routers hold whole paths, so that they are the labels of metrics, too. */
export function buildApp(deps: HttpDeps): Express {
  const metrics = createMetrics(deps.db);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(metrics.observe);
  app.use(setHeaders);
  app
    .route("/healthz")
    .get((_request, response) => {
      response.json({ status: "ok" });
    })
    .all(onlyMethods("GET, HEAD"));
  app.use(refuseWhen(() => !deps.isReady()));
  app
    .route("/readyz")
    .get(async (_request, response) => {
      await within(readyDeadlineMs, readNow(deps.db));
      response.json({ status: "ready" });
    })
    .all(onlyMethods("GET, HEAD"));
  app.route("/metrics").get(metrics.expose).all(onlyMethods("GET, HEAD"));
  const sources = openLiveSources(deps.sources, deps.now);
  app.use(webhookRoutes({ ...deps, sources, metrics }));
  app.use(trackingRoutes({ ...deps, sources, metrics }));
  app.use(recordRoutes(deps.db));
  app.use(accountRoutes(deps.db, deps.configuration));
  app.use(byHandRoutes(deps));
  app.use(playbookRoutes(deps));
  app.use(configRoutes(deps));
  app.use(sourceRoutes({ ...deps, sources }));
  app.use(taskRoutes(deps));
  app.use(surveyRoutes(deps));
  app.use(unsubscribeRoutes(deps));
  app.use(notFound);
  app.use(problemHandler(deps.log));
  return app;
}

const setHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("cache-control", "no-store");
  next();
};

/** New requests still come over connections that are open. */
function refuseWhen(isStopping: () => boolean): RequestHandler {
  return (_request, _response, next) => {
    if (isStopping()) throw new Problem(503, "The server is stopping; try again.", { connection: "close" });
    next();
  };
}
