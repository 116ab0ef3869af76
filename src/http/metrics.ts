import type { RequestHandler } from "express";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Db } from "../store/db.ts";
import { readOverview } from "../store/overview.ts";

/** What Prometheus is told: HTTP by this process; accounts, queues and actions as the database has them. */
export interface HttpMetrics {
  readonly registry: Registry;
  /** Counts and times every request, by route pattern so that ids never become labels. */
  readonly observe: RequestHandler;
}

/** Makes the metrics of one server. The gauges are read from the database when they are asked for. */
export function createMetrics(db: Db): HttpMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "keepwell_http_requests_total",
    help: "Requests answered, by method, route and status.",
    labelNames: ["method", "route", "status"],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "keepwell_http_request_seconds",
    help: "Time from request to answer.",
    labelNames: ["method", "route"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  registerDatabaseGauges(registry, db);
  return {
    registry,
    observe(request, response, next) {
      const end = seconds.startTimer();
      response.on("finish", () => {
        const route = typeof request.route?.path === "string" ? request.route.path : "none";
        requests.inc({ method: request.method, route, status: String(response.statusCode) });
        end({ method: request.method, route });
      });
      next();
    },
  };
}

function registerDatabaseGauges(registry: Registry, db: Db): void {
  const accounts = gauge(registry, "keepwell_accounts", "Accounts, by the band of their newest score.", ["band"]);
  const actions = gauge(registry, "keepwell_actions", "Actions, by kind and state.", ["kind", "state"]);
  const work = gauge(registry, "keepwell_accounts_waiting", "Accounts that wait for a stage.", ["stage"]);
  const failing = gauge(registry, "keepwell_accounts_failing", "Accounts put aside because they fail.", []);
  new Gauge({
    name: "keepwell_database_up",
    help: "1 when the numbers of this scrape could be read.",
    registers: [registry],
    async collect() {
      const overview = await readOverview(db).catch(() => null);
      this.set(overview === null ? 0 : 1);
      for (const one of [accounts, actions, work, failing]) one.reset();
      if (overview === null) return;
      for (const row of overview.bands) accounts.set({ band: row.band ?? "unknown" }, row.accounts);
      for (const row of overview.actions) actions.set({ kind: row.kind, state: row.state }, row.actions);
      work.set({ stage: "score" }, overview.waitingForScore);
      work.set({ stage: "respond" }, overview.waitingForResponse);
      failing.set(overview.failing);
    },
  });
}

function gauge(registry: Registry, name: string, help: string, labelNames: string[]): Gauge {
  return new Gauge({ name, help, labelNames, registers: [registry] });
}
