import { z } from "zod";
import { parseDuration } from "../../scoring/duration.ts";
import { type Input, streamKinds } from "../../scoring/records.ts";
import { SourceHalt } from "../call-port.ts";
import type { Mapped } from "../mapped-port.ts";
import type { Page, PullContext, Source, SourceCheck, SourceStream } from "../source-port.ts";
import { everyOf } from "../source-settings.ts";
import { comesAfter, listFiles, type WatchedFile } from "./folder.ts";
import { type FilesSettings, folderMapping } from "./folder-settings.ts";
import { FileFault, type MappedFile, mapFile, type RowBatch } from "./mapped-file.ts";
import type { FileMapping, Mapping } from "./mapping.ts";
import { MappingError } from "./value.ts";

const usualEveryMs = 60_000;

const placeSchema = z.strictObject({ path: z.string(), at: z.number() });
const cursorSchema = z.strictObject({
  /** The last file that was read to its end. */
  done: placeSchema.nullable(),
  /** The file being read, and how many of its batches are stored. */
  reading: placeSchema.extend({ bytes: z.number(), batches: z.int().positive() }).nullable(),
});
type Cursor = z.infer<typeof cursorSchema>;
type Reading = NonNullable<Cursor["reading"]>;

/** One part of the mapping: the files it fits are one stream. */
interface Part {
  readonly index: number;
  readonly file: FileMapping;
  /** The file of the last page, to go on reading where it ended; by itself it is nothing but speed. */
  open: OpenFile | null;
}

interface OpenFile {
  readonly place: Omit<Reading, "batches">;
  readonly mapped: MappedFile;
  readonly batches: AsyncGenerator<RowBatch>;
  read: number;
}

/** What a row of a file came to; mapped as it is read, since a file says only as a whole how far it goes. */
const rowSchema = z.object({ inputs: z.array(z.custom<Input>()), faults: z.array(z.string()) });
type Row = z.infer<typeof rowSchema>;

/** A folder of exports: every file is read once, and again when it has changed. */
export function openFilesSource(settings: FilesSettings): Source {
  const { id, accounts = "create", idsAreKeys } = settings;
  const compiled = folderMapping(settings);
  if ("faults" in compiled) throw new Error(`the mapping of "${id}": ${compiled.faults.join("; ")}`);
  const { mapping } = compiled;
  const parts = new Map(
    mapping.files.map((file, index) => [nameOf(mapping, index), { index, file, open: null } as Part]),
  );
  const backfilled = knownOf(settings.mapping["knownAt"]);
  return {
    id,
    kind: "files",
    accounts,
    idsAreKeys,
    limits: [],
    streams: [...parts].map(([name, part]) => streamOf(name, part, settings)),
    pull: async (name, cursor, context) => {
      const part = parts.get(name);
      if (part === undefined) throw new Error(`the source "${id}" has no stream "${name}"`);
      const page = await pullPage(settings, mapping, part, cursor, context).catch(haltOf);
      return backfilled === undefined ? page : { ...page, backfilled };
    },
    map: (_, raw) => mapRow(raw),
    classify: () => ({ kind: "fatal", reason: "a folder is not called" }),
    check: () => checkFiles(settings, mapping),
    close: async () => {
      for (const part of parts.values()) await part.open?.batches.return(undefined);
    },
  };
}

/** The name without its wildcards, such as `tickets` for `tickets-*.csv`; with its number where that is not unique. */
function nameOf(mapping: Mapping, index: number): string {
  const plain = (match: string) =>
    match
      .toLowerCase()
      .replace(/\.[a-z]+$/, "")
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "");
  const names = mapping.files.map(({ match }) => plain(match));
  const name = names[index] ?? "";
  const isUnique = name !== "" && names.indexOf(name) === names.lastIndexOf(name);
  return isUnique ? name : `${name === "" ? "files" : name}-${index + 1}`;
}

function streamOf(name: string, { file }: Part, { every }: FilesSettings): SourceStream {
  const kinds = new Set<string>(file.records.map(({ kind }) => kind));
  const feeds = streamKinds.filter((kind) => kinds.has(kind));
  return { name, feeds, everyMs: everyOf(every, usualEveryMs), mode: "incremental" };
}

function knownOf(knownAt: unknown): boolean | undefined {
  if (knownAt === undefined) return undefined;
  return knownAt === "occurred";
}

async function pullPage(
  settings: FilesSettings,
  mapping: Mapping,
  part: Part,
  stored: unknown,
  { now }: PullContext,
): Promise<Page> {
  const cursor = cursorSchema.nullish().parse(stored) ?? { done: null, reading: null };
  const restedAt = now.getTime() - (parseDuration(settings.settle) ?? 0);
  const files = (await listFiles(settings.path, mapping, part.index)).filter(({ at }) => at <= restedAt);
  const waiting = files.filter((file) => cursor.done === null || comesAfter(file, cursor.done));
  const [file] = waiting;
  if (file === undefined) return { raw: [], cursor, done: true };
  const stands = isSame(cursor.reading, file) ? cursor.reading.batches : 0;
  const open = await openAt(part, mapping, file, stands);
  const batch = await nextBatch(open);
  if (batch === null) {
    part.open = null;
    const isLast = waiting.length === 1;
    const through = throughOf(open.mapped);
    return {
      raw: [],
      cursor: { done: { path: file.path, at: file.at }, reading: null } satisfies Cursor,
      done: isLast,
      ...(through !== null && { coveredThrough: through }),
    };
  }
  return { raw: rowsOf(open.mapped, file, batch), cursor: { ...cursor, reading: standOf(open) }, done: false };
}

function isSame(reading: Cursor["reading"], file: WatchedFile): reading is Reading {
  return reading?.path === file.path && reading.at === file.at && reading.bytes === file.bytes;
}

/** The file with as many batches behind it as are stored. */
async function openAt(part: Part, mapping: Mapping, file: WatchedFile, batches: number): Promise<OpenFile> {
  const { open } = part;
  if (open !== null && isSame({ ...open.place, batches: 1 }, file) && open.read === batches) return open;
  await open?.batches.return(undefined);
  const { path, at, bytes } = file;
  const mapped = await mapFile(path, part.file, mapping);
  const fresh: OpenFile = { place: { path, at, bytes }, mapped, batches: mapped.read(), read: 0 };
  part.open = fresh;
  for (let passed = 0; passed < batches; passed += 1) {
    const batch = await nextBatch(fresh);
    // Only for how far the file says that it goes.
    if (batch !== null) rowsOf(mapped, file, batch);
  }
  return fresh;
}

async function nextBatch(open: OpenFile): Promise<RowBatch | null> {
  const next = await open.batches.next();
  if (next.done === true) return null;
  open.read += 1;
  return next.value;
}

function standOf({ place, read }: OpenFile): Reading {
  return { ...place, batches: read };
}

const nobody = { record: {}, account: {} };

function rowsOf(mapped: MappedFile, { path }: WatchedFile, { rows, broken }: RowBatch): Row[] {
  const where = (line: number) => `${path}:${line}`;
  return [
    ...broken.map(({ line, reason }) => ({ inputs: [], faults: [`${where(line)}: ${reason}`] })),
    ...rows.map((row): Row => {
      const owner = mapped.ownerOf(row);
      if (owner.kind === "unreadable") return { inputs: [], faults: [`${where(row.line)}: ${owner.reason}`] };
      const { inputs, faults } = mapped.map(row, owner.kind === "named" ? owner.name : "", nobody);
      return {
        inputs: inputs.map(({ input }) => input),
        faults: faults.map(({ kind, reason }) => `${where(row.line)}: ${kind}: ${reason}`),
      };
    }),
  ];
}

function mapRow(raw: unknown): Mapped {
  const row = rowSchema.safeParse(raw);
  if (!row.success) return { skipped: "not a row of a file" };
  const { inputs, faults } = row.data;
  return faults.length === 0 ? { inputs } : { inputs, skipped: faults.join("; ") };
}

/** The day up to which everything in the file is complete. */
function throughOf(mapped: MappedFile): string | null {
  const [first = null] = mapped
    .completeThrough()
    .map(({ throughDay }) => throughDay)
    .sort();
  return first;
}

/** A file that does not fit holds the stream up until somebody puts it right: rows left out silently would read as silence. */
function haltOf(error: unknown): never {
  if (error instanceof FileFault || error instanceof MappingError) {
    throw new SourceHalt({ kind: "fatal", reason: error.message });
  }
  throw error;
}

async function checkFiles({ path }: FilesSettings, mapping: Mapping): Promise<SourceCheck> {
  let count = 0;
  for (const [index, part] of mapping.files.entries()) {
    for (const file of await listFiles(path, mapping, index)) {
      count += 1;
      try {
        await mapFile(file.path, part, mapping);
      } catch (error) {
        if (!(error instanceof FileFault) && !(error instanceof MappingError)) throw error;
        return { ok: false, detail: error.message, missing: [] };
      }
    }
  }
  return { ok: true, detail: `${count} ${count === 1 ? "file" : "files"} in ${path}`, missing: [] };
}
