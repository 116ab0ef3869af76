import { startServer } from "../src/http/server.ts";
import { createLog } from "../src/log.ts";
import { loadConfiguration } from "../src/queries/configuration.ts";
import { openDatabase } from "../src/store/db.ts";

// The HTTP half of the program, in a process of its own as under `keepwell serve`.
const { db } = openDatabase(process.argv[2] ?? "");
const log = createLog({ level: "warn", format: "text" });
const configuration = async () => {
  const compiled = await loadConfiguration(db);
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
  return compiled.configuration;
};
const server = await startServer({
  db,
  log,
  host: "127.0.0.1",
  port: 0,
  configuration,
  sources: async () => [],
  publicUrl: null,
});
process.send?.({ url: server.url });
process.once("disconnect", () => process.exit());
