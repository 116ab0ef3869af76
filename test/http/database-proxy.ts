import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import pg from "pg";

/** A way to a database that can be cut and mended, over TCP. */
export interface DatabaseProxy {
  /** The same database, by way of the proxy. */
  readonly url: string;
  /** Ends every connection with a reset, and refuses new ones. */
  cut(): Promise<void>;
  /** Takes connections and passes nothing on, as a server behind a broken network. */
  stall(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** Puts a proxy before a database. */
export async function openDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const { host, port } = new pg.Client({ connectionString: databaseUrl });
  const dial = () => connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  const sockets = new Set<Socket>();
  let isStalled = false;

  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  };
  const pass = (client: Socket) => {
    keep(client);
    if (isStalled) return;
    const server = dial();
    keep(server);
    client.pipe(server).pipe(client);
    client.once("close", () => server.destroy());
    server.once("close", () => client.destroy());
  };
  const reset = () => {
    for (const socket of sockets) socket.destroy();
  };
  const listen = async (wanted: number): Promise<Server> => {
    const server = createServer(pass);
    server.listen(wanted, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  const stop = async (server: Server) => {
    const closed = once(server, "close");
    server.close();
    reset();
    await closed;
  };

  let current: Server | null = await listen(0);
  const address = current.address();
  const ownPort = typeof address === "object" && address !== null ? address.port : 0;
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${ownPort}`;
  const cut = async () => {
    if (current !== null) await stop(current);
    current = null;
  };
  return {
    url: url.href,
    cut,
    async stall() {
      isStalled = true;
      reset();
      current ??= await listen(ownPort);
    },
    async mend() {
      isStalled = false;
      reset();
      current ??= await listen(ownPort);
    },
    close: cut,
  };
}
