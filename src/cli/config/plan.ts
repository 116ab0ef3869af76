import type { Command } from "commander";
import { z } from "zod";
import { type LoadedConfiguration, loadConfiguration } from "../../queries/configuration.ts";
import { changePlanSchema, planChange } from "../../queries/plan/change.ts";
import { type ChangedDocument, changedDocumentSchema, changedDocuments } from "../../queries/plan/changed-documents.ts";
import { effectOf } from "../../queries/plan/effect.ts";
import { hashDocuments } from "../../queries/plan/planned-application.ts";
import { keepPlan } from "../../store/config-plans.ts";
import { type Db, readNow } from "../../store/db.ts";
import { readLiveDocuments } from "../../store/documents.ts";
import { parseWholeNumber } from "../arguments.ts";
import type { CliContext } from "../context.ts";
import { CommandEnd, exitCodes, UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import type { Output } from "../output.ts";
import { checkFolder, refuse } from "./checked-folder.ts";
import { printPlan } from "./plan-page.ts";

/** What `config plan --json` prints. */
const configPlanShape = z.strictObject({
  folder: z.string(),
  documents: z.array(changedDocumentSchema),
  ...changePlanSchema.shape,
  /** For `config apply --token`; null where nothing would change. */
  token: z.string().nullable(),
});

interface PlanOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `config plan`: what a folder of documents would change, before it is applied. */
export function registerConfigPlan(config: Command, context: CliContext): void {
  const plan = config
    .command("plan")
    .argument("[folder]", "the folder of the documents", context.settings.configFolder)
    .description("show what applying a folder would change: documents, scores, bands, stages, playbooks and tasks")
    .option("--limit <number>", "how many accounts to list", parseWholeNumber, 20)
    .addHelpText("after", "\nExample:\n  keepwell config plan ./config");
  offerJson(plan, configPlanShape).action((folder: string, options: PlanOptions) =>
    planFolder(context, folder, options),
  );
}

async function planFolder(context: CliContext, path: string, options: PlanOptions): Promise<void> {
  const { out } = context;
  const checked = await checkFolder(path);
  const { folder, configuration } = checked;
  if (configuration === null) {
    refuse(out, checked.faults, `in ${folder}; there is nothing to plan.`);
    throw new CommandEnd(exitCodes.badInput);
  }
  await context.withDatabase(async ({ db }) => {
    const before = await inForce(db);
    const documents = changedDocuments(await readLiveDocuments(db), checked.documents);
    const now = await readNow(db);
    const plan = await foretell(out, db, { before, after: configuration, documents, listed: options.limit }, now);
    const kept = {
      documentsHash: hashDocuments(checked.documents),
      revisionKey: before.revisionKey,
      effect: effectOf(plan),
    };
    const token = documents.length === 0 ? null : await keepPlan(db, kept, now);
    if (options.json === true) out.json(configPlanShape, { folder, documents: [...documents], ...plan, token });
    else printPlan(out, documents, plan, token);
  });
}

async function inForce(db: Db): Promise<LoadedConfiguration> {
  const live = await loadConfiguration(db);
  if ("configuration" in live) return live.configuration;
  throw new UsageError(
    "There are no documents in force to compare with: keepwell config apply brings the first ones in.",
  );
}

interface Question {
  readonly before: LoadedConfiguration;
  readonly after: LoadedConfiguration;
  readonly documents: readonly ChangedDocument[];
  readonly listed: number;
}

async function foretell(out: Output, db: Db, question: Question, now: Date) {
  let bar: ReturnType<Output["progress"]> | null = null;
  const onProgress = (accounts: number, total: number) => {
    bar ??= out.progress("plan", total);
    bar.advance(accounts);
  };
  return planChange(db, { ...question, onProgress }, now).finally(() => bar?.stop());
}
