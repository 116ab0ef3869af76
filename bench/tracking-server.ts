import { startServer } from "../src/http/server.ts";
import { createLog } from "../src/log.ts";
import { openDatabase } from "../src/store/db.ts";
import { serveBare, tellUrl } from "./bare-server.ts";
import { benchProduct } from "./tracking-source.ts";

// A process of its own, as under `keepwell serve`; or the floor beneath it, which looks at nothing and writes each body by itself.
const [url = "", kind = ""] = process.argv.slice(2);
const { db, pool } = openDatabase(url);

async function serveKeepwell(): Promise<string> {
  const server = await startServer({
    ...{ db, log: createLog({ level: "warn", format: "text" }), host: "127.0.0.1", port: 0, publicUrl: null },
    configuration: () => Promise.reject(new Error("nobody asks for it")),
    sources: async () => [benchProduct],
  });
  return server.url;
}

tellUrl(await (kind === "bare" ? serveBare(pool, "/v1/batch") : serveKeepwell()));
