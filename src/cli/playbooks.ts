import type { Command } from "commander";
import { loadConfiguration } from "../queries/configuration.ts";
import { type PlaybookOverview, playbooksSchema, readPlaybooks } from "../queries/playbooks/overview.ts";
import { readNow } from "../store/db.ts";
import type { CliContext } from "./context.ts";
import { offerJson } from "./json-option.ts";
import { oneLine } from "./output.ts";
import { registerPlaybookBacktest } from "./playbooks/backtest.ts";
import { registerPlaybookBrake } from "./playbooks/brake.ts";
import { registerPlaybookEffect } from "./playbooks/effect.ts";
import { registerPlaybookSnooze } from "./playbooks/snooze.ts";
import { registerPlaybookTest } from "./playbooks/test.ts";

/** `playbooks`: what is in force, where it stands, and what can be tried and decided of it. */
export function registerPlaybooks(program: Command, context: CliContext): void {
  const playbooks = program.command("playbooks").description("see what playbooks do, put them to sleep, try them");
  const list = playbooks
    .command("list", { isDefault: true })
    .description("list the playbooks in force with the accounts in each state, pulled brakes and pauses")
    .addHelpText("after", "\nExample:\n  keepwell playbooks");
  registerPlaybookTest(playbooks, context);
  registerPlaybookBacktest(playbooks, context);
  registerPlaybookEffect(playbooks, context);
  registerPlaybookSnooze(playbooks, context);
  registerPlaybookBrake(playbooks, context);
  offerJson(list, playbooksSchema).action((options: { json?: boolean }) => printPlaybooks(context, options));
}

async function printPlaybooks({ out, withDatabase }: CliContext, options: { json?: boolean }): Promise<void> {
  const overview = await withDatabase(async ({ db }) => {
    const loaded = await loadConfiguration(db);
    const inForce = "configuration" in loaded ? loaded.configuration : { playbooks: [] };
    return readPlaybooks(db, inForce, await readNow(db));
  });
  if (options.json === true) return out.json(playbooksSchema, overview);
  if (overview.playbooks.length === 0) return out.line("There are no playbooks in force.");
  out.table({
    head: ["playbook", "name", "priority", "inactive", "pending", "firing", "recovering", "now"],
    rows: overview.playbooks.map((playbook) => {
      const { inactive, pending, firing, recovering } = playbook.states;
      const { id, name, priority } = playbook;
      return [id, name, priority, inactive, pending, firing, recovering, standing(playbook)];
    }),
    right: [3, 4, 5, 6],
  });
  for (const { id, snoozes } of overview.playbooks) {
    for (const { account, until, author, reason } of snoozes) {
      out.note(`${id} sleeps for ${account ?? "all accounts"} until ${until} (${author}): ${oneLine(reason)}`);
    }
  }
}

function standing({ enabled, brake, waiting, snoozes }: PlaybookOverview): string {
  if (!enabled) return "disabled";
  const parts = [
    ...(brake === null ? [] : [`storm brake since ${brake.pulledAt.slice(0, 16).replace("T", " ")}`]),
    ...(snoozes.some(({ account }) => account === null) ? ["asleep"] : []),
    ...Object.entries(waiting).map(([guard, accounts]) => `${accounts} wait: ${guard}`),
  ];
  return parts.length === 0 ? "ok" : parts.join(", ");
}
