import type { Command } from "commander";
import { loadConfiguration } from "../queries/configuration.ts";
import { readSources, type SourcesOverview, type StreamOverview, sourcesSchema } from "../queries/sources/overview.ts";
import type { CliContext } from "./context.ts";
import { offerJson } from "./json-option.ts";
import { oneLine } from "./output.ts";
import { registerSourceCheck } from "./sources/check.ts";
import { registerPlacing } from "./sources/placing.ts";
import { registerStreamOrders } from "./sources/stream-orders.ts";
import { registerUnmatched } from "./sources/unmatched.ts";

/** `sources`: who is pulled and how that goes; what of theirs nobody could place; orders for both. */
export function registerSources(program: Command, context: CliContext): void {
  const sources = program
    .command("sources")
    .description("see who is pulled, place their accounts, stop and start them");
  const list = sources
    .command("list", { isDefault: true })
    .description("list sources with their streams, how far they are, and what is wrong with them")
    .addHelpText("after", "\nExample:\n  keepwell sources");
  offerJson(list, sourcesSchema).action((options: { json?: boolean }) => printSources(context, options));
  registerSourceCheck(sources, context);
  registerUnmatched(sources, context);
  registerPlacing(sources, context);
  registerStreamOrders(sources, context);
}

async function printSources({ out, withDatabase }: CliContext, options: { json?: boolean }): Promise<void> {
  const overview = await withDatabase(async ({ db }) => {
    const loaded = await loadConfiguration(db);
    return readSources(db, "configuration" in loaded ? loaded.configuration.sources : []);
  });
  if (options.json === true) return out.json(sourcesSchema, overview);
  if (overview.sources.length === 0) return out.line("There are no sources: sources.json names them.");
  out.table({
    head: ["source", "kind", "stream", "last page (UTC)", "complete through", "next pull (UTC)", "state"],
    rows: overview.sources.flatMap(rowsOf),
  });
  const unmatched = overview.sources.filter((source) => source.unmatched > 0);
  for (const { id, unmatched: count } of unmatched) {
    const accounts = count === 1 ? "1 account that nobody could place" : `${count} accounts that nobody could place`;
    out.note(`${id} has ${accounts}: keepwell sources unmatched --source ${id}`);
  }
  for (const { id, failedFields } of overview.sources) {
    if (failedFields === null) continue;
    const accounts = failedFields.accounts === 1 ? "1 account" : `${failedFields.accounts} accounts`;
    out.note(`${id} refused the fields of ${accounts}, the last: ${oneLine(failedFields.reason)}`);
  }
}

function rowsOf({ id, kind, streams }: SourcesOverview["sources"][number]): (string | null)[][] {
  const shownKind = kind ?? "not in the documents";
  if (streams.length === 0) return [[id, shownKind, null, null, null, null, "nothing yet"]];
  return streams.map((stream) => [
    ...[id, shownKind, stream.name, minuteOf(stream.lastPageAt), stream.coveredThrough],
    ...[nextText(stream), stateText(stream)],
  ]);
}

function nextText({ pausedAt, nextPullAt, lastPageAt }: StreamOverview): string | null {
  if (pausedAt !== null) return null;
  return nextPullAt === null && lastPageAt !== null ? "now" : minuteOf(nextPullAt);
}

function stateText({ pausedAt, trouble, lastError, rejected, lastRejection }: StreamOverview): string {
  if (pausedAt !== null) return `paused since ${minuteOf(pausedAt)}`;
  if (trouble !== null) {
    return `${trouble.kind} since ${minuteOf(trouble.since)}, its measures are held: ${oneLine(trouble.reason)}`;
  }
  if (lastError !== null) return `last pull: ${oneLine(lastError)}`;
  return rejected === 0 ? "ok" : `ok; ${rejected} rejected, the last: ${oneLine(lastRejection ?? "")}`;
}

function minuteOf(moment: string | null): string | null {
  return moment === null ? null : moment.slice(0, 16).replace("T", " ");
}
