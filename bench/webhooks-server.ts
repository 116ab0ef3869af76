import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import express from "express";
import { startServer } from "../src/http/server.ts";
import { standardWebhooksSettings } from "../src/integrations/standard-webhooks/settings.ts";
import { openStandardWebhooksSource } from "../src/integrations/standard-webhooks/source.ts";
import { createLog } from "../src/log.ts";
import { openDatabase } from "../src/store/db.ts";
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

async function serveBare(): Promise<string> {
  const app = express();
  app.post("/webhooks/:source", express.raw({ type: () => true, limit: "1mb" }), async (request, response) => {
    const values = [`bare-${request.params["source"]}`, randomUUID(), String(request.body)];
    await pool.query("insert into inbox (source, dedupe_key, body) values ($1, $2, $3)", values);
    response.status(200).end();
  });
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("there is no free port");
  return `http://127.0.0.1:${address.port}`;
}

process.send?.({ url: await (kind === "bare" ? serveBare() : serveKeepwell()) });
process.once("disconnect", () => process.exit());
