import type { Command } from "commander";
import { z } from "zod";
import { applyPlanned, type PlannedApplication } from "../../queries/plan/planned-application.ts";
import { readNow, type Tx } from "../../store/db.ts";
import { applyDocuments } from "../../store/documents.ts";
import { authorOf, type CliContext } from "../context.ts";
import { CommandEnd, exitCodes } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { type Output, oneLine } from "../output.ts";
import {
  type Checked,
  checkFolder,
  printResult,
  refuse,
  resultJson,
  resultShape,
  validation,
  validationShape,
  warn,
} from "./checked-folder.ts";

/** What `config apply --json` prints. */
const applyShape = z.union([
  z.strictObject({
    ok: z.literal(true),
    folder: z.string(),
    ...resultShape.shape,
    warnings: validationShape.shape.warnings,
  }),
  validationShape,
  z.strictObject({ ok: z.literal(false), folder: z.string(), drift: z.array(z.string()) }),
]);

interface ApplyOptions {
  readonly note?: string;
  readonly token?: string;
  readonly author: string;
  readonly json?: boolean;
}

/** `config apply`: a folder of documents becomes what is in force. */
export function registerConfigApply(config: Command, context: CliContext): void {
  const apply = config
    .command("apply")
    .argument("[folder]", "the folder of the documents", context.settings.configFolder)
    .description("make the documents of a folder the ones in force")
    .option("--note <text>", "why, for the history")
    .option("--author <name>", "who does this", authorOf(context))
    .option("--token <token>", "only if everything is still as config plan has shown it")
    .addHelpText("after", '\nExample:\n  keepwell config apply ./config --note "Alert earlier on enterprise accounts"');
  offerJson(apply, applyShape).action((folder: string, options: ApplyOptions) => applyFolder(context, folder, options));
}

async function applyFolder(context: CliContext, path: string, options: ApplyOptions): Promise<void> {
  const { out } = context;
  const checked = await checkFolder(path);
  if (checked.faults.length > 0) {
    if (options.json === true) out.json(applyShape, validation(checked));
    else {
      warn(out, checked);
      refuse(out, checked.faults, `in ${checked.folder}; nothing is applied.`);
    }
    throw new CommandEnd(exitCodes.badInput);
  }
  const outcome = await context.withDatabase(async ({ db }) => {
    const now = await readNow(db);
    return db.transaction().execute((tx) => applyChecked(tx, checked, options, now));
  });
  if (outcome.kind === "drifted") return tellDrift(out, checked, outcome.reasons, options);
  const { result } = outcome;
  const { folder, warnings } = validation(checked);
  if (options.json === true) return out.json(applyShape, { ok: true, folder, ...resultJson(result), warnings });
  warn(out, checked);
  printResult(out, result);
}

async function applyChecked(tx: Tx, checked: Checked, options: ApplyOptions, now: Date): Promise<PlannedApplication> {
  const { author, note = null, token } = options;
  if (token !== undefined) return applyPlanned(tx, token, checked, { author, note }, now);
  return { kind: "applied", result: await applyDocuments(tx, checked.documents, { author, note, now }) };
}

function tellDrift(out: Output, { folder }: Checked, reasons: readonly string[], options: ApplyOptions): never {
  if (options.json === true) out.json(applyShape, { ok: false, folder, drift: [...reasons] });
  else {
    for (const reason of reasons) out.note(`${oneLine(reason)}.`);
    out.note(
      "error: this is no longer what was planned; nothing is applied. keepwell config plan shows it as it is now.",
    );
  }
  throw new CommandEnd(exitCodes.failure);
}
