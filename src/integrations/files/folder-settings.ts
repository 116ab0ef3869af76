import { z } from "zod";
import { durationSchema } from "../../scoring/duration.ts";
import { sourceBase } from "../source-settings.ts";
import { type Mapping, parseMapping } from "./mapping.ts";

/** A folder, or files by a pattern, watched for CSV and NDJSON; read by the mapping of an import. */
export const filesSettings = z
  .strictObject({
    id: sourceBase.id,
    kind: z.literal("files"),
    every: sourceBase.every,
    accounts: sourceBase.accounts,
    /** A folder, or a pattern such as `exports/*.csv`; relative to where Keepwell is started. */
    path: z.string().min(1).max(1000),
    /** Its ids of accounts are our keys. */
    idsAreKeys: z.boolean().default(true),
    /** A file is read once nobody has touched it for this long: until then somebody may still be writing it. */
    settle: durationSchema.default("5s"),
    /** As of `keepwell import`; `source` is this source's id. */
    mapping: z.record(z.string(), z.unknown()),
  })
  .superRefine((settings, context) => {
    const parsed = folderMapping(settings);
    if (!("faults" in parsed)) return;
    for (const message of parsed.faults) context.addIssue({ code: "custom", path: ["mapping"], message });
  });

export type FilesSettings = z.infer<typeof filesSettings>;

/** The mapping of a watched folder, or all that is wrong with it, a line each. */
export function folderMapping({
  id,
  mapping,
}: Pick<FilesSettings, "id" | "mapping">): { readonly mapping: Mapping } | { readonly faults: readonly string[] } {
  if (mapping["source"] !== undefined && mapping["source"] !== id) {
    return { faults: [`source: expected "${id}", this source's id, or nothing`] };
  }
  const parsed = parseMapping({ ...mapping, source: id });
  if (parsed.kind === "faults") return { faults: parsed.faults.map(({ path, message }) => `${path}: ${message}`) };
  const faults = parsed.mapping.files.flatMap((file, index) =>
    unfit(file).map((message) => `files[${index}]${message}`),
  );
  return faults.length > 0 ? { faults } : { mapping: parsed.mapping };
}

/** What only an import can do, which looks into the database for each row. */
function unfit(file: Mapping["files"][number]): string[] {
  const faults: string[] = [];
  if (typeof file.account === "object" && "via" in file.account) {
    faults.push(
      ".account: a watched folder cannot join rows by an earlier record: expected the account's id in the row",
    );
  }
  if (file.checks.some(({ before, after }) => typeof (before ?? after) === "string")) {
    faults.push(".checks: a watched folder cannot compare with fields of the account or a record: expected columns");
  }
  if ([file, ...file.records].some(({ knownAt }) => typeof knownAt === "object")) {
    faults.push('.knownAt: a watched folder knows rows when they come: expected "now", "occurred" or nothing');
  }
  return faults;
}
