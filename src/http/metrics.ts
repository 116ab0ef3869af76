import type { RequestHandler } from "express";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Db } from "../store/db.ts";
import { type Overview, readOverview } from "../store/overview.ts";
import { within } from "./deadline.ts";

/** What Prometheus is told: HTTP by this process; accounts, queues and actions as the database has them. */
export interface HttpMetrics {
  /** Counts and times every request, by route pattern so that ids never become labels. */
  readonly observe: RequestHandler;
  /** Counts a delivery of a webhook. */
  readonly countDelivery: (source: string, outcome: string) => void;
  /** Answers with everything, in the text format. */
  readonly expose: RequestHandler;
}

/** Shorter than Prometheus waits: it is to hear that the database is away. */
const databaseDeadlineMs = 3_000;

/** Makes the metrics of one server. */
export function createMetrics(db: Db): HttpMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const setGauges = makeGauges(registry);
  return {
    observe: makeObserver(registry),
    countDelivery: makeDeliveryCounter(registry),
    async expose(_request, response) {
      // Read before the registry is asked: it takes all its numbers at one moment, and would not wait for these.
      setGauges(await within(databaseDeadlineMs, readOverview(db)).catch(() => null));
      response.type(registry.contentType).send(await registry.metrics());
    },
  };
}

function makeObserver(registry: Registry): RequestHandler {
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
  return (request, response, next) => {
    const end = seconds.startTimer();
    response.on("finish", () => {
      const route = typeof request.route?.path === "string" ? request.route.path : "none";
      requests.inc({ method: request.method, route, status: String(response.statusCode) });
      end({ method: request.method, route });
    });
    next();
  };
}

function makeDeliveryCounter(registry: Registry): (source: string, outcome: string) => void {
  const deliveries = new Counter({
    name: "keepwell_webhook_deliveries_total",
    help: "Deliveries of webhooks, by source and outcome.",
    labelNames: ["source", "outcome"],
    registers: [registry],
  });
  return (source, outcome) => deliveries.inc({ source, outcome });
}

function makeGauges(registry: Registry): (overview: Overview | null) => void {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const up = gauge("keepwell_database_up", "1 when the numbers of this scrape could be read.");
  const accounts = gauge("keepwell_accounts", "Accounts, by the band of their newest score.", ["band"]);
  const actions = gauge("keepwell_actions", "Actions, by kind and state.", ["kind", "state"]);
  const work = gauge("keepwell_accounts_waiting", "Accounts that wait for a stage.", ["stage"]);
  const failing = gauge("keepwell_accounts_failing", "Accounts put aside because they fail.");
  const inbox = gauge("keepwell_inbox_pending", "Kept webhook items that wait to be applied.");
  const inboxAge = gauge(
    "keepwell_inbox_oldest_seconds",
    "How long the oldest of them has waited; 0 when there is none.",
  );
  return (overview) => {
    up.set(overview === null ? 0 : 1);
    // A number that nobody could read is left out: the last one known would be taken for today's.
    for (const one of [accounts, actions, work]) one.reset();
    for (const one of [failing, inbox, inboxAge]) one.remove();
    if (overview === null) return;
    for (const row of overview.bands) accounts.set({ band: row.band ?? "unknown" }, row.accounts);
    for (const row of overview.actions) actions.set({ kind: row.kind, state: row.state }, row.actions);
    work.set({ stage: "score" }, overview.waitingForScore);
    work.set({ stage: "respond" }, overview.waitingForResponse);
    failing.set(overview.failing);
    inbox.set(overview.inboxPending);
    inboxAge.set(overview.inboxOldestSeconds);
  };
}
