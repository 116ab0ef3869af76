import { walkAll } from "../src/cli/playbooks/backtest/walk.ts";
import { replayRange } from "../src/cli/replay/range.ts";
import { compileCandidates } from "../src/queries/backtest/candidates.ts";
import { loadConfiguration } from "../src/queries/configuration.ts";
import { dayOfInstant } from "../src/scoring/days.ts";
import { openDatabase } from "../src/store/db.ts";
import { scoreNow } from "./score-data.ts";

const playbook = {
  id: "save",
  name: "Save",
  enabled: true,
  trigger: { on: "threshold", when: { fact: "score", below: 65 }, for: "2d", recover: { fact: "score", atLeast: 70 } },
  entry: { mode: "episode", cooldown: "30d" },
  steps: [{ id: "call", do: "task", title: "Call {{ account.name }}", assignee: "owner" }],
};

// A process of its own, so that its peak memory is the backtest's, all its threads included.
const [url = "", days = "365", how] = process.argv.slice(2);
const database = openDatabase(url, { statementTimeoutMs: 0 });
const tried = { id: playbook.id, bodies: [playbook] };
const trial = await compileCandidates(database.db, tried);
if ("faults" in trial) throw new Error(JSON.stringify(trial.faults, null, 2));
const toDay = dayOfInstant("Etc/UTC", scoreNow.getTime()) - 1;
const fromDay = toDay - Number(days) + 1;
if (how === "record") {
  const compiled = await loadConfiguration(database.db);
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults, null, 2));
  const range = { fromDay, toDay, isRecording: true, now: scoreNow };
  await replayRange({ ...database, url }, compiled.configuration, range);
} else {
  const startedAt = performance.now();
  const range = { fromDay, toDay, now: scoreNow.getTime(), isFresh: how === "fresh" };
  const listener = { onBegin: () => undefined, onAccounts: () => undefined };
  const walked = await walkAll({ ...database, url }, { ...trial, tried }, range, listener);
  const milliseconds = performance.now() - startedAt;
  const fires = walked.notable.reduce((sum, account) => sum + account.fires.length, 0);
  const { accounts, accountDays, fromStored } = walked;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ accounts, accountDays, fromStored, fires, milliseconds, peakBytes }));
}
await database.close();
