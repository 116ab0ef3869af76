import { startServer } from "../../src/http/server.ts";
import { createSilentLog } from "../../src/log.ts";
import { openDatabase } from "../../src/store/db.ts";
import { signedApp } from "./signed-app.ts";

// A server in a process of its own, so that it can be killed.
const { db } = openDatabase(process.argv[2] ?? "");
const server = await startServer({
  ...{ db, log: createSilentLog(), host: "127.0.0.1", port: 0, publicUrl: null },
  configuration: () => Promise.reject(new Error("nobody asks for it")),
  sources: async () => [signedApp()],
});
process.send?.({ url: server.url });
process.once("disconnect", () => process.exit());
