import { planScores } from "../src/queries/plan.ts";
import { openDatabase } from "../src/store/db.ts";
import { editedConfiguration, scoreConfiguration } from "./score-configuration.ts";
import { scoreNow } from "./score-data.ts";

// A process of its own, so that its peak memory is the plan's.
const database = openDatabase(process.argv[2] ?? "");
const edit = process.argv[3] === "read" ? "read" : "kept";
const before = scoreConfiguration().scorer;
const after = editedConfiguration(edit).scorer;
await database.pool.query("select 1");
const startedAt = performance.now();
const plan = await planScores(database.db, { before, after, isReusable: () => true, listed: 20 }, scoreNow);
const milliseconds = performance.now() - startedAt;
const peakBytes = process.resourceUsage().maxRSS * 1024;
await database.close();
const moved = plan.scores.up + plan.scores.down;
console.log(JSON.stringify({ compared: plan.compared, moved, milliseconds, peakBytes }));
