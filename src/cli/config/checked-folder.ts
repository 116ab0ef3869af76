import { resolve } from "node:path";
import { z } from "zod";
import { hasSecret } from "../../config.ts";
import { type ConfigFault, configFaultText } from "../../queries/configuration/config-fault.ts";
import { configFaultSchema, toFaultJson } from "../../queries/configuration/fault-json.ts";
import { missingSecrets } from "../../queries/configuration/secrets.ts";
import { type CheckedFolder, compileFolder } from "../../queries/configuration.ts";
import { unconfirmedSenders } from "../../queries/mail-readiness.ts";
import type { ApplyResult, DocumentName } from "../../store/documents.ts";
import { type Output, oneLine } from "../output.ts";

/** A document by its name, in JSON. */
const documentShape = z.strictObject({ kind: z.string(), id: z.string() });

/** What `config validate --json` prints, and other commands where there are faults. */
export const validationShape = z.strictObject({
  ok: z.boolean(),
  folder: z.string(),
  documents: z.array(documentShape),
  faults: z.array(configFaultSchema),
  /** What is no fault of the folder: secrets that are not set in this environment, mail to customers that nobody has confirmed. */
  warnings: z.array(configFaultSchema),
});

/** What came of an application, in JSON. */
export const resultShape = z.strictObject({
  created: z.array(documentShape),
  changed: z.array(documentShape),
  unchanged: z.array(documentShape),
  removed: z.array(documentShape),
});

/** A folder of documents, and all that is wrong with it. */
export interface Checked extends CheckedFolder {
  readonly folder: string;
  readonly warnings: readonly ConfigFault[];
}

/** Reads a folder of documents and lists everything that is wrong with it. */
export async function checkFolder(path: string): Promise<Checked> {
  const folder = resolve(path);
  const checked = await compileFolder(folder);
  const { documents, configuration } = checked;
  const channels = documents.find(({ kind }) => kind === "channels");
  const warnings = [
    ...missingSecrets(documents, hasSecret),
    ...(configuration === null ? [] : unconfirmedSenders(configuration, channels)),
  ];
  return { ...checked, folder, warnings };
}

/** Says beside the result what is wrong, and that nothing came of it. */
export function refuse(out: Output, faults: readonly ConfigFault[], consequence: string): void {
  for (const fault of faults) out.note(oneLine(configFaultText(fault)));
  out.note(`error: ${countOf(faults.length, "fault")} ${consequence}`);
}

/** Says beside the result what will be wrong when the program starts. */
export function warn(out: Output, { warnings }: Checked): void {
  for (const warning of warnings) out.note(`warning: ${oneLine(configFaultText(warning))}`);
}

/** The check as JSON. */
export function validation({ folder, documents, faults, warnings }: Checked): z.input<typeof validationShape> {
  return {
    ok: faults.length === 0,
    folder,
    documents: documents.map(nameOf),
    faults: faults.map(toFaultJson),
    warnings: warnings.map(toFaultJson),
  };
}

/** What came of an application, as JSON. */
export function resultJson(result: ApplyResult): z.input<typeof resultShape> {
  return {
    created: result.created.map(nameOf),
    changed: result.changed.map(nameOf),
    unchanged: result.unchanged.map(nameOf),
    removed: result.removed.map(nameOf),
  };
}

/** A line for each document that an application touched, and what follows from it. */
export function printResult(out: Output, result: ApplyResult): void {
  for (const what of ["created", "changed", "removed"] as const) {
    for (const { kind, id } of result[what]) out.line(`${what.padEnd(8)} ${kind} ${id}`);
  }
  const touched = result.created.length + result.changed.length + result.removed.length;
  const live = result.created.length + result.changed.length + result.unchanged.length;
  const now = `In force now: ${countOf(live, "document")}. Every account is judged anew.`;
  out.line(touched === 0 ? "Nothing has changed." : now);
}

/** `1 document`, `2 documents`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function nameOf({ kind, id }: DocumentName): z.input<typeof documentShape> {
  return { kind, id };
}
