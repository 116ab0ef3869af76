import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { pairFiles } from "../integrations/files/file-set.ts";
import { FileFault, type MappedFile, mapFile } from "../integrations/files/mapped-file.ts";
import { type Mapping, parseMapping } from "../integrations/files/mapping.ts";
import { RejectsFiles } from "../integrations/files/rejects-file.ts";
import { MappingError } from "../integrations/files/value.ts";
import {
  type ConfigFault,
  configFaultText,
  inReadingOrder,
  locateFault,
} from "../queries/configuration/config-fault.ts";
import { parseJson } from "../queries/configuration/json-text.ts";
import { type ImportSummary, importFiles } from "../queries/import.ts";
import { readNow } from "../store/db.ts";
import type { CliContext } from "./context.ts";
import { CommandEnd, exitCodes, UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";
import type { Output } from "./output.ts";

const fileShape = z.strictObject({
  file: z.string(),
  rows: z.number(),
  inputs: z.record(z.string(), z.number()),
  written: z.number(),
  unchanged: z.number(),
  held: z.number(),
  accountsCreated: z.number(),
  rejectedRows: z.number(),
  rejects: z.array(z.strictObject({ kind: z.string(), cause: z.string(), count: z.number() })),
  warnings: z.array(z.strictObject({ warning: z.string(), rows: z.number() })),
});

/** What `import --json` prints. */
const importShape = z.strictObject({
  source: z.string(),
  isDryRun: z.boolean(),
  files: z.array(fileShape),
  coverage: z.array(z.strictObject({ kind: z.string(), throughDay: z.string() })),
  /** Where the rejected rows are. */
  rejectsFiles: z.array(z.string()),
});

interface ImportOptions {
  readonly dryRun?: boolean;
  readonly rejects?: string;
  readonly json?: boolean;
}

/** `import`: other people's exports, through a mapping. */
export function registerImport(program: Command, context: CliContext): void {
  const command = program
    .command("import")
    .description("import CSV or NDJSON files through a mapping; twice, or overlapping, changes nothing more")
    .argument("<mapping>", "the mapping, a JSON file (docs/import.md)")
    .argument("<files...>", "files, or folders with files that the mapping names")
    .option("--dry-run", "do everything and undo it: the same summary, nothing stored")
    .option(
      "--rejects <folder>",
      "where <file>.rejects.csv with the rejected rows goes; the current folder unless told",
    )
    .addHelpText("after", "\nExample:\n  keepwell import examples/ravenstack/mapping.json exports/ --dry-run");
  offerJson(command, importShape).action((mapping: string, files: string[], options: ImportOptions) =>
    run(context, mapping, files, options),
  );
}

async function run(
  context: CliContext,
  mappingPath: string,
  paths: readonly string[],
  options: ImportOptions,
): Promise<void> {
  const { out } = context;
  const mapping = await readMapping(out, mappingPath);
  const files = await fitFiles(out, mappingPath, mapping, paths);
  // A dry run leaves nothing behind, unless it is told where.
  const rejects =
    options.dryRun === true && options.rejects === undefined ? null : new RejectsFiles(options.rejects ?? ".");
  await rejects?.clear(files.map((file) => file.path));
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const bar = out.progress("import", total);
  const summary = await context
    .withOwnDatabase(
      async ({ db }) =>
        importFiles(
          db,
          {
            source: mapping.source,
            files,
            isDryRun: options.dryRun === true,
            onBytes: (count) => bar.advance(count),
            onReject: async (file, row) => rejects?.add(file, row),
          },
          await readNow(db),
        ),
      options.dryRun === true,
    )
    .finally(() => bar.stop());
  print(out, options, summary, (await rejects?.close()) ?? []);
}

async function readMapping(out: Output, path: string): Promise<Mapping> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UsageError(`The mapping ${path} cannot be read.`, { cause });
  });
  const json = parseJson(text);
  if (json.kind === "faults") {
    return refuse(
      out,
      json.faults.map((fault) => ({ ...fault, met: undefined, file: path })),
    );
  }
  const parsed = parseMapping(json.value);
  const lost = json.faults.map((fault) => ({ ...fault, met: undefined, file: path }));
  if (parsed.kind === "mapping" && lost.length === 0) return parsed.mapping;
  const faults = parsed.kind === "faults" ? parsed.faults : [];
  const located = faults.map((fault) => locateFault(fault, { file: path, positionOf: json.positionOf }));
  return refuse(out, [...lost, ...located]);
}

function refuse(out: Output, faults: readonly ConfigFault[]): never {
  for (const fault of inReadingOrder(faults)) out.note(configFaultText(fault));
  throw new CommandEnd(exitCodes.badInput);
}

async function fitFiles(
  out: Output,
  mappingPath: string,
  mapping: Mapping,
  paths: readonly string[],
): Promise<readonly MappedFile[]> {
  const { pairs, faults } = await pairFiles(paths, mapping);
  for (const fault of faults) out.note(fault);
  if (faults.length > 0) throw new CommandEnd(exitCodes.badInput);
  try {
    return await Promise.all(pairs.map(({ path, file }) => mapFile(path, file, mapping)));
  } catch (error) {
    if (error instanceof MappingError) throw new UsageError(`${mappingPath}: ${error.message}`);
    if (error instanceof FileFault) throw new UsageError(error.message);
    throw error;
  }
}

function print(out: Output, options: ImportOptions, summary: ImportSummary, rejectsFiles: readonly string[]): void {
  if (options.json === true) {
    const files = summary.files.map((file) => ({ ...file, rejects: [...file.rejects], warnings: [...file.warnings] }));
    out.json(importShape, {
      ...summary,
      files,
      coverage: [...summary.coverage],
      rejectsFiles: [...rejectsFiles],
    });
    return;
  }
  out.table({
    head: ["file", "rows", "written", "unchanged", "held", "rejected rows"],
    rows: summary.files.map((file) => [
      file.file,
      file.rows,
      file.written,
      file.unchanged,
      file.held,
      file.rejectedRows,
    ]),
    right: [1, 2, 3, 4, 5],
  });
  for (const file of summary.files) {
    for (const { kind, cause, count } of file.rejects) out.line(`${file.file}: ${count} × ${kind} rejected: ${cause}`);
    for (const { warning, rows } of file.warnings) out.line(`${file.file}: ${rows} × warning: ${warning}`);
  }
  const created = summary.files.reduce((sum, file) => sum + file.accountsCreated, 0);
  if (created > 0) out.line(`${created} accounts are new.`);
  for (const { kind, throughDay } of summary.coverage) out.line(`${kind}: complete through ${throughDay}`);
  for (const file of rejectsFiles) out.line(`Rejected rows: ${file}`);
  if (summary.isDryRun) out.note("A dry run: nothing was stored.");
}
