import type { Command } from "commander";
import { configFaultText } from "../../queries/configuration/config-fault.ts";
import type { CliContext } from "../context.ts";
import { CommandEnd, exitCodes } from "../failure.ts";
import { offerJson } from "../json-option.ts";
import { oneLine } from "../output.ts";
import { checkFolder, countOf, validation, validationShape, warn } from "./checked-folder.ts";

/** `config validate`: everything that is wrong with a folder of documents. */
export function registerConfigValidate(config: Command, context: CliContext): void {
  const validate = config
    .command("validate")
    .argument("[folder]", "the folder of the documents", context.settings.configFolder)
    .description("list everything that is wrong with a folder of documents; changes nothing")
    .addHelpText("after", "\nExample:\n  keepwell config validate ./config");
  offerJson(validate, validationShape).action((folder: string, options: { json?: boolean }) =>
    validateFolder(context, folder, options),
  );
}

async function validateFolder({ out }: CliContext, path: string, options: { json?: boolean }): Promise<void> {
  const checked = await checkFolder(path);
  const { faults } = checked;
  if (options.json === true) {
    out.json(validationShape, validation(checked));
  } else {
    warn(out, checked);
    for (const fault of faults) out.line(oneLine(configFaultText(fault)));
    const found = faults.length === 0 ? countOf(checked.documents.length, "document") : countOf(faults.length, "fault");
    out.line(`${checked.folder} ${faults.length === 0 ? "is in order" : "is not in order"}: ${found}.`);
  }
  if (faults.length > 0) throw new CommandEnd(exitCodes.badInput);
}
