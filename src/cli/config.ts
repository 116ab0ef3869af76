import { resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { readSecret } from "../config.ts";
import { type ConfigFault, configFaultText } from "../queries/configuration/config-fault.ts";
import { missingSecrets } from "../queries/configuration/secrets.ts";
import { compileFolder, type SourceDocument } from "../queries/configuration.ts";
import { readNow } from "../store/db.ts";
import { type ApplyResult, applyDocuments, type DocumentName } from "../store/documents.ts";
import { registerConfigPlan } from "./config-plan.ts";
import { registerConfigSchema } from "./config-schema.ts";
import { authorOf, type CliContext } from "./context.ts";
import { CommandEnd, exitCodes } from "./failure.ts";
import { offerJson } from "./json-option.ts";
import { type Output, oneLine } from "./output.ts";

const faultShape = z.strictObject({
  file: z.string().nullable(),
  line: z.int().nullable(),
  column: z.int().nullable(),
  path: z.string(),
  met: z.json().optional(),
  message: z.string(),
});
const documentShape = z.strictObject({ kind: z.string(), id: z.string() });

/** What `config validate --json` prints, and `config apply --json` where there are faults. */
const validateShape = z.strictObject({
  ok: z.boolean(),
  folder: z.string(),
  documents: z.array(documentShape),
  faults: z.array(faultShape),
  /** What would stop the start here, but is no fault of the folder: secrets that are not set in this environment. */
  warnings: z.array(faultShape),
});

/** What `config apply --json` prints. */
const applyShape = z.union([
  z.strictObject({
    ok: z.literal(true),
    folder: z.string(),
    created: z.array(documentShape),
    changed: z.array(documentShape),
    unchanged: z.array(documentShape),
    removed: z.array(documentShape),
    warnings: z.array(faultShape),
  }),
  validateShape,
]);

interface ApplyOptions {
  readonly note?: string;
  readonly author: string;
  readonly json?: boolean;
}

interface Checked {
  readonly folder: string;
  readonly documents: readonly SourceDocument[];
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}

/** `config validate|plan|apply|schema`: the documents managers edit. */
export function registerConfig(program: Command, context: CliContext): void {
  const config = program.command("config").description("check, apply and describe the documents that say what happens");

  const validate = config
    .command("validate")
    .argument("[folder]", "the folder of the documents", context.settings.configFolder)
    .description("list everything that is wrong with a folder of documents; changes nothing")
    .addHelpText("after", "\nExample:\n  keepwell config validate ./config");
  offerJson(validate, validateShape).action((folder: string, options: { json?: boolean }) =>
    validateFolder(context, folder, options),
  );

  const apply = config
    .command("apply")
    .argument("[folder]", "the folder of the documents", context.settings.configFolder)
    .description("make the documents of a folder the ones in force")
    .option("--note <text>", "why, for the history")
    .option("--author <name>", "who does this", authorOf(context))
    .addHelpText("after", '\nExample:\n  keepwell config apply ./config --note "Alert earlier on enterprise accounts"');
  offerJson(apply, applyShape).action((folder: string, options: ApplyOptions) => applyFolder(context, folder, options));

  registerConfigPlan(config, context);

  registerConfigSchema(program, config, context);
}

async function validateFolder({ out }: CliContext, path: string, options: { json?: boolean }): Promise<void> {
  const checked = await checkFolder(path);
  const { faults } = checked;
  if (options.json === true) {
    out.json(validateShape, validation(checked));
  } else {
    warn(out, checked);
    for (const fault of faults) out.line(oneLine(configFaultText(fault)));
    const found = faults.length === 0 ? countOf(checked.documents.length, "document") : countOf(faults.length, "fault");
    out.line(`${checked.folder} ${faults.length === 0 ? "is in order" : "is not in order"}: ${found}.`);
  }
  if (faults.length > 0) throw new CommandEnd(exitCodes.badInput);
}

async function applyFolder(context: CliContext, path: string, options: ApplyOptions): Promise<void> {
  const { out } = context;
  const checked = await checkFolder(path);
  if (checked.faults.length > 0) {
    if (options.json === true) out.json(applyShape, validation(checked));
    else refuse(out, checked);
    throw new CommandEnd(exitCodes.badInput);
  }
  const result = await context.withDatabase(async ({ db }) => {
    const now = await readNow(db);
    const { author, note = null } = options;
    return db.transaction().execute((tx) => applyDocuments(tx, checked.documents, { author, note, now }));
  });
  if (options.json === true) return out.json(applyShape, application(checked, result));
  warn(out, checked);
  for (const what of ["created", "changed", "removed"] as const) {
    for (const { kind, id } of result[what]) out.line(`${what.padEnd(8)} ${kind} ${id}`);
  }
  const touched = result.created.length + result.changed.length + result.removed.length;
  if (touched === 0) return out.line("Nothing has changed.");
  out.line(`In force now: ${countOf(checked.documents.length, "document")}. Every account is judged anew.`);
}

async function checkFolder(path: string): Promise<Checked> {
  const folder = resolve(path);
  const { documents, faults } = await compileFolder(folder);
  return { folder, documents, faults, warnings: missingSecrets(documents, (name) => readSecret(name) !== undefined) };
}

function refuse(out: Output, checked: Checked): void {
  warn(out, checked);
  for (const fault of checked.faults) out.note(oneLine(configFaultText(fault)));
  out.note(`error: ${countOf(checked.faults.length, "fault")} in ${checked.folder}; nothing is applied.`);
}

function warn(out: Output, { warnings }: Checked): void {
  for (const warning of warnings) out.note(`warning: ${oneLine(configFaultText(warning))}`);
}

function validation({ folder, documents, faults, warnings }: Checked): z.input<typeof validateShape> {
  return {
    ok: faults.length === 0,
    folder,
    documents: documents.map(nameOf),
    faults: faults.map(faultJson),
    warnings: warnings.map(faultJson),
  };
}

function application({ folder, warnings }: Checked, result: ApplyResult): z.input<typeof applyShape> {
  return {
    ok: true,
    folder,
    created: result.created.map(nameOf),
    changed: result.changed.map(nameOf),
    unchanged: result.unchanged.map(nameOf),
    removed: result.removed.map(nameOf),
    warnings: warnings.map(faultJson),
  };
}

function nameOf({ kind, id }: DocumentName): z.input<typeof documentShape> {
  return { kind, id };
}

function faultJson({ file, position, path, met, message }: ConfigFault): z.input<typeof faultShape> {
  const printable = z.json().safeParse(met);
  return {
    file,
    line: position?.line ?? null,
    column: position?.column ?? null,
    path,
    ...(printable.success && { met: printable.data }),
    message,
  };
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
