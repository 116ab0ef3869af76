import type { Command } from "commander";
import { type Explanation, explanationSchema } from "../queries/explain/explanation.ts";
import { explainAccount } from "../queries/explain.ts";
import { readNow } from "../store/db.ts";
import { accountOf } from "./account-argument.ts";
import { parseDay } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { ensureDocuments } from "./documents-in-force.ts";
import { printExplanation } from "./explanation-page.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";
import { printPlaybookExplanation } from "./playbook-explanation.ts";

interface ExplainOptions {
  readonly at?: string;
  readonly since?: string;
  readonly playbook?: string;
  readonly json?: boolean;
}

/** `explain`: why an account scores what it scores, and why playbooks fired or did not. */
export function registerExplain(program: Command, context: CliContext): void {
  const explain = program
    .command("explain")
    .argument("<account>", "its key, a source's id for it, or its name")
    .description("say why an account scores what it scores, and why each playbook fired or did not")
    .option("--at <day>", "as of the end of that day, from what was known then", parseDay)
    .option("--since <day>", "say why the score moved since the end of that day (default: four weeks before)", parseDay)
    .option("--playbook <id>", "only this playbook")
    .addHelpText("after", "\nExample:\n  keepwell explain acme --at 2026-01-31");
  offerJson(explain, explanationSchema).action((account: string, options: ExplainOptions) =>
    run(context, account, options),
  );
}

async function run(context: CliContext, text: string, options: ExplainOptions): Promise<void> {
  const { out } = context;
  await context.withDatabase(async ({ db }) => {
    await ensureDocuments(context, db);
    const follow = context.composition.followConfiguration(db);
    try {
      const { configuration } = await follow.live();
      const { key } = await accountOf(db, text);
      const question = { key, day: options.at ?? null, since: options.since ?? null };
      const answer = await explainAccount(db, configuration, question, await readNow(db));
      if (answer === null) throw new UsageError(`There is no account ${key}.`);
      const explanation = onlyPlaybook(answer.explanation, options.playbook);
      if (options.json === true) out.json(explanationSchema, explanation);
      else if (options.playbook !== undefined) printPlaybookExplanation(out, explanation);
      else printExplanation(out, explanation, answer.isStored);
    } finally {
      await follow.close();
    }
  });
}

function onlyPlaybook(explanation: Explanation, id: string | undefined): Explanation {
  if (id === undefined) return explanation;
  const playbooks = explanation.playbooks.filter((playbook) => playbook.id === id);
  if (playbooks.length > 0) return { ...explanation, playbooks };
  const known = explanation.playbooks.map((playbook) => playbook.id).join(", ") || "none";
  throw new UsageError(`There is no playbook ${id} in force; there is ${known}.`);
}
