import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import express from "express";
import type { Pool } from "pg";

/** The floor beneath what is received: it looks at nothing and writes each body by itself. Answers its URL. */
export async function serveBare(pool: Pool, path: string): Promise<string> {
  const app = express();
  app.post(path, express.raw({ type: () => true, limit: "1mb" }), async (request, response) => {
    const values = ["bare", randomUUID(), String(request.body)];
    await pool.query("insert into inbox (source, dedupe_key, body) values ($1, $2, $3)", values);
    response.json({ success: true });
  });
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("there is no free port");
  return `http://127.0.0.1:${address.port}`;
}

/** Tells the parent process where this one serves, and ends with it. */
export function tellUrl(url: string): void {
  process.send?.({ url });
  process.once("disconnect", () => process.exit());
}
