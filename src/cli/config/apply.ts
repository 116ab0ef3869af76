import type { Command } from "commander";
import { z } from "zod";
import { readNow } from "../../store/db.ts";
import { applyDocuments } from "../../store/documents.ts";
import { authorOf, type CliContext } from "../context.ts";
import { CommandEnd, exitCodes } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import {
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
]);

interface ApplyOptions {
  readonly note?: string;
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
  const result = await context.withDatabase(async ({ db }) => {
    const now = await readNow(db);
    const { author, note = null } = options;
    return db.transaction().execute((tx) => applyDocuments(tx, checked.documents, { author, note, now }));
  });
  const { folder, warnings } = validation(checked);
  if (options.json === true) return out.json(applyShape, { ok: true, folder, ...resultJson(result), warnings });
  warn(out, checked);
  printResult(out, result);
}
