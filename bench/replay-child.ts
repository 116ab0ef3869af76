import { replayRange } from "../src/cli/replay/range.ts";
import { loadConfiguration } from "../src/queries/configuration.ts";
import { dayOfInstant } from "../src/scoring/days.ts";
import { openDatabase } from "../src/store/db.ts";
import { scoreNow } from "./score-data.ts";

// A process of its own, so that its peak memory is the replay's, all its threads included.
const [url = "", days = "365", how] = process.argv.slice(2);
const database = openDatabase(url);
const compiled = await loadConfiguration(database.db);
if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults, null, 2));
const yesterday = dayOfInstant("Etc/UTC", scoreNow.getTime()) - 1;
const startedAt = performance.now();
const { accounts, scores, stored } = await replayRange({ ...database, url }, compiled.configuration, {
  fromDay: yesterday - Number(days) + 1,
  toDay: yesterday,
  isRecording: how === "record",
  now: scoreNow,
});
const milliseconds = performance.now() - startedAt;
const peakBytes = process.resourceUsage().maxRSS * 1024;
await database.close();
console.log(JSON.stringify({ accounts, scores, stored, milliseconds, peakBytes }));
