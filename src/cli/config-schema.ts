import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { z } from "zod";
import { type DeploymentWords, deploymentWords } from "../queries/configuration/deployment-words.ts";
import { readFolder } from "../queries/configuration/folder.ts";
import { configSchemas, type SchemaDraft, schemaDrafts } from "../queries/configuration/schemas.ts";
import { readDataWords } from "../store/data-words.ts";
import { readLiveDocuments } from "../store/documents.ts";
import type { CliContext } from "./context.ts";
import { publishedShapes } from "./json-option.ts";

interface SchemaOptions {
  readonly out?: string;
  readonly draft: SchemaDraft;
  readonly general?: boolean;
}

/** `config schema`: the formats for editors, with this company's own names. */
export function registerConfigSchema(program: Command, config: Command, context: CliContext): void {
  config
    .command("schema")
    .description("print the formats of all documents as JSON Schemas, or write them for an editor")
    .option("--out <folder>", "write one file per format there, and the shapes of all --json outputs")
    .option("--general", "without the names of this company's facts, channels, owners and so on; needs no database")
    .addOption(new Option("--draft <draft>", "of JSON Schema").choices(schemaDrafts).default("2020-12"))
    .addHelpText("after", "\nExample:\n  keepwell config schema --out config/schemas --draft 7")
    .action((options: SchemaOptions) => publishSchemas(program, context, options));
}

async function publishSchemas(program: Command, context: CliContext, options: SchemaOptions): Promise<void> {
  const { out } = context;
  const words = options.general === true ? null : await readWords(context);
  const schemas = configSchemas(options.draft, words);
  // A JSON Schema has no narrower shape than "an object".
  if (options.out === undefined) return out.json(z.record(z.string(), z.looseObject({})), schemas);
  const folder = resolve(options.out);
  const outputs = publishedShapes(program, options.draft === "7" ? "draft-7" : "draft-2020-12");
  await mkdir(join(folder, "outputs"), { recursive: true });
  const files = [
    ...Object.entries(schemas).map(([kind, schema]) => ({ name: `${kind}.json`, schema })),
    ...[...outputs].map(([command, schema]) => ({ name: `outputs/${command.replaceAll(" ", "-")}.json`, schema })),
  ];
  for (const { name, schema } of files) await writeFile(join(folder, name), `${JSON.stringify(schema, null, 2)}\n`);
  out.line(`${files.length} schemas in ${folder}`);
}

/** Of the documents in force, or before the first those of the folder; and of the data. */
async function readWords(context: CliContext): Promise<DeploymentWords> {
  return context.withDatabase(async ({ db }) => {
    const live = await readLiveDocuments(db);
    const documents = live.length > 0 ? live : (await readFolder(context.settings.configFolder)).documents;
    return deploymentWords(documents, await readDataWords(db));
  });
}
