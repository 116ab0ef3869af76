import { createLog } from "../src/log.ts";
import { openDatabase } from "../src/store/db.ts";
import { scoreDue } from "../src/worker/score.ts";
import { scoreConfiguration } from "./score-configuration.ts";
import { scoreNow } from "./score-data.ts";

// A process of its own, so that its peak memory is the score stage's.
const database = openDatabase(process.argv[2] ?? "");
const log = createLog({ level: "warn", format: "text" });
const configuration = scoreConfiguration();
await database.pool.query("select 1");
const startedAt = performance.now();
const before = process.cpuUsage();
const summary = await scoreDue({ db: database.db, configuration, log }, scoreNow);
const milliseconds = performance.now() - startedAt;
const { user, system } = process.cpuUsage(before);
const peakBytes = process.resourceUsage().maxRSS * 1024;
await database.close();
console.log(JSON.stringify({ ...summary, milliseconds, cpuMilliseconds: (user + system) / 1000, peakBytes }));
