import { startServer } from "../src/http/server.ts";
import { standardWebhooksSettings } from "../src/integrations/standard-webhooks/settings.ts";
import { openStandardWebhooksSource } from "../src/integrations/standard-webhooks/source.ts";
import { createLog } from "../src/log.ts";
import { openDatabase } from "../src/store/db.ts";
import { serveBare, tellUrl } from "./bare-server.ts";
import { benchHook } from "./webhooks-hook.ts";

// A process of its own, as under `keepwell serve`; or the floor beneath it, which verifies nothing and writes each body by itself.
const [url = "", kind = ""] = process.argv.slice(2);
const { db, pool } = openDatabase(url);

async function serveKeepwell(): Promise<string> {
  const settings = {
    id: benchHook.source,
    kind: "standard-webhooks",
    secret: { env: "SECRET" },
    account: "$.data.account",
  };
  const source = openStandardWebhooksSource(standardWebhooksSettings.parse(settings), () => benchHook.secret);
  const server = await startServer({
    ...{ db, log: createLog({ level: "warn", format: "text" }), host: "127.0.0.1", port: 0, publicUrl: null },
    configuration: () => Promise.reject(new Error("nobody asks for it")),
    sources: async () => [source],
  });
  return server.url;
}

tellUrl(await (kind === "bare" ? serveBare(pool, "/webhooks/:source") : serveKeepwell()));
