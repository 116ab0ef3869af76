import { resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { type Pull, pullDocuments } from "../../queries/configuration/pull.ts";
import { readLiveDocuments } from "../../store/documents.ts";
import type { CliContext } from "../context.ts";
import { CommandEnd, exitCodes, UsageError } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { oneLine } from "../output.ts";
import { countOf } from "./checked-folder.ts";

/** What `config pull --json` prints. */
const pullShape = z.strictObject({
  folder: z.string(),
  written: z.array(z.string()),
  unchanged: z.array(z.string()),
  /** Files that say something else than what is in force; without `--force` nothing is written then. */
  differing: z.array(z.string()),
  /** Files of documents that are not in force; they stay. */
  extra: z.array(z.string()),
});

/** `config pull`: the documents in force as files. */
export function registerConfigPull(config: Command, context: CliContext): void {
  const pull = config
    .command("pull")
    .argument("[folder]", "where to write them", context.settings.configFolder)
    .description("write the documents in force into a folder; files that say something else are not replaced unasked")
    .option("--force", "replace files that say something else")
    .addHelpText("after", "\nExample:\n  keepwell config pull ./config");
  offerJson(pull, pullShape).action((folder: string, options: { force?: boolean; json?: boolean }) =>
    writeFolder(context, resolve(folder), options),
  );
}

async function writeFolder(
  { out, withDatabase }: CliContext,
  folder: string,
  { force = false, json = false }: { force?: boolean; json?: boolean },
): Promise<void> {
  const live = await withDatabase(({ db }) => readLiveDocuments(db));
  if (live.length === 0) throw new UsageError("There are no documents in force: there is nothing to write.");
  const pull = await pullDocuments(folder, live, force);
  if (json) out.json(pullShape, { folder, ...lists(pull) });
  else {
    for (const file of pull.written) out.line(`written  ${oneLine(file)}`);
    for (const file of pull.extra) out.note(`${oneLine(file)} is not in force; it stays as it is.`);
  }
  if (pull.differing.length > 0 && !force) {
    for (const file of pull.differing) out.note(`${oneLine(file)} says something else than what is in force.`);
    out.note("error: nothing is written. --force replaces these files.");
    throw new CommandEnd(exitCodes.failure);
  }
  if (!json) out.line(`${folder} has ${countOf(live.length, "document")} in force, ${pull.written.length} written.`);
}

function lists({ written, unchanged, differing, extra }: Pull) {
  return { written: [...written], unchanged: [...unchanged], differing: [...differing], extra: [...extra] };
}
