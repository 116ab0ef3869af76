import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Source } from "../integrations/source-port.ts";
import type { Log } from "../log.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import type { Db } from "../store/db.ts";
import { buildApp } from "./app.ts";
import { openInboxDoor } from "./inbox-door.ts";

export interface RunningServer {
  /** `http://host:port`. */
  readonly url: string;
  /** Takes no new requests, lets those under way end, then closes: at the latest after the grace. */
  stop(): Promise<void>;
}

/** How long a client may take, in milliseconds. */
export interface ServerLimits {
  /** To send its headers; Node would allow a minute. */
  readonly headersMs: number;
  /** To send its whole request; Node would allow five minutes. */
  readonly requestMs: number;
  /** To have its answer once the server stops. */
  readonly graceMs: number;
}

const usualLimits: ServerLimits = { headersMs: 10_000, requestMs: 30_000, graceMs: 10_000 };

/** Serves until stopped. Port 0 takes any free one. Rejects when the port cannot be had. */
export async function startServer(deps: {
  readonly db: Db;
  readonly log: Log;
  readonly host: string;
  readonly port: number;
  readonly configuration: () => Promise<Configuration>;
  readonly sources: () => Promise<readonly Source[]>;
  /** Where others reach the server; null: where it listens. */
  readonly publicUrl: string | null;
  readonly now?: () => Date;
  /** Whether the environment has a variable that documents name; it has unless given. */
  readonly hasSecret?: (name: string) => boolean;
  readonly limits?: Partial<ServerLimits>;
}): Promise<RunningServer> {
  const limits = { ...usualLimits, ...deps.limits };
  let isStopping = false;
  const inbox = openInboxDoor(deps.db, deps.log);
  let url = "";
  const app = buildApp({
    ...deps,
    isReady: () => !isStopping,
    inbox,
    publicUrl: () => deps.publicUrl ?? url,
    now: deps.now ?? (() => new Date()),
    hasSecret: deps.hasSecret ?? (() => true),
  });
  const unanswered = new Set<ServerResponse>();
  const timing = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    // Node looks for slow clients only this often, every 30 s by itself.
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
  };
  const server = createServer(timing, (request, response) => {
    unanswered.add(response);
    response.once("close", () => unanswered.delete(response));
    app(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(deps.port, deps.host, resolve);
  });
  const address: string | AddressInfo | null = server.address();
  const port = typeof address === "object" && address !== null ? address.port : deps.port;
  url = `http://${deps.host.includes(":") ? `[${deps.host}]` : deps.host}:${port}`;
  return {
    url,
    async stop() {
      isStopping = true;
      // Else their connections would stay open for a next request.
      for (const response of unanswered) if (!response.headersSent) response.setHeader("connection", "close");
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => server.closeAllConnections(), limits.graceMs);
      await closed;
      clearTimeout(timer);
      await inbox.close();
    },
  };
}
