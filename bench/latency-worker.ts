import { openSlackChannel } from "../src/integrations/slack/channel.ts";
import { createLog } from "../src/log.ts";
import { loadConfiguration } from "../src/queries/configuration.ts";
import { openDatabase } from "../src/store/db.ts";
import { startWorker } from "../src/worker/worker.ts";
import { slackChannel } from "./latency-configuration.ts";

// The four stages, in a process of their own as under `keepwell worker`; only the channel is opened by hand, to reach this machine.
const [url = "", slackUrl = ""] = process.argv.slice(2);
const { db } = openDatabase(url);
const channel = openSlackChannel({ id: slackChannel, url: slackUrl, allowPrivate: true });
const compiled = await loadConfiguration(db);
if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
const live = {
  configuration: compiled.configuration,
  channels: new Map([[slackChannel, channel]]),
  sources: [],
  tell: null,
};
const log = createLog({ level: "warn", format: "text" });
startWorker({ db, log, author: "bench", jitter: () => 0, live: async () => live }, url);
process.send?.({});
process.once("disconnect", () => process.exit());
