import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Log } from "../log.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import type { Db } from "../store/db.ts";
import { buildApp } from "./app.ts";

export interface RunningServer {
  /** `http://host:port`. */
  readonly url: string;
  /** Takes no new requests, lets those under way end (10 s at most), then closes. */
  stop(): Promise<void>;
}

const graceMs = 10_000;

/** Serves until stopped. Port 0 takes any free one. Rejects when the port cannot be had. */
export async function startServer(deps: {
  readonly db: Db;
  readonly log: Log;
  readonly host: string;
  readonly port: number;
  readonly configuration: () => Promise<Configuration>;
}): Promise<RunningServer> {
  let isReady = true;
  const server = createServer(buildApp({ ...deps, isReady: () => isReady }));
  // Node allows a slow client 60 s for headers and 300 s for a request.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(deps.port, deps.host, resolve);
  });
  const address: string | AddressInfo | null = server.address();
  const port = typeof address === "object" && address !== null ? address.port : deps.port;
  return {
    url: `http://${deps.host.includes(":") ? `[${deps.host}]` : deps.host}:${port}`,
    async stop() {
      isReady = false;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
