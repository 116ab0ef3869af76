import { parseDuration } from "../../scoring/duration.ts";
import { type StreamKind, streamKinds } from "../../scoring/records.ts";
import type { Source } from "../source-port.ts";
import { everyOf, type ReadSecret } from "../source-settings.ts";
import { checkSql } from "./check.ts";
import { haltOf } from "./faults.ts";
import { openRowMapping } from "./row-mapping.ts";
import type { SqlSettings, SqlStream } from "./settings.ts";
import { openWalker, type Walk } from "./walk.ts";

const usualEveryMs = 3_600_000;
const usualTimeoutMs = 60_000;

/** A database that is read by queries, over one connection that may only read. Throws when a secret is not set. */
export function openSqlSource(settings: SqlSettings, read: ReadSecret): Source {
  const url = read(settings.url);
  const walks = new Map(settings.streams.map((stream) => [stream.name, walkOf(settings, stream, url)]));
  const mappings = new Map(settings.streams.map((stream) => [stream.name, openRowMapping(stream, settings.zone)]));
  const walker = openWalker();
  return {
    id: settings.id,
    kind: "sql",
    accounts: settings.accounts ?? "create",
    idsAreKeys: true,
    streams: settings.streams.map((stream) => ({
      name: stream.name,
      feeds: feedsOf(stream),
      everyMs: everyOf(stream.every ?? settings.every, usualEveryMs),
      mode: stream.deletes === "missing" ? "snapshot" : "incremental",
    })),
    limits: [],
    async pull(name, cursor, context) {
      const walk = walks.get(name);
      if (walk === undefined) throw new Error(`The source "${settings.id}" has no stream "${name}".`);
      try {
        return await walker.next(walk, cursor, context);
      } catch (error) {
        throw haltOf(error, url);
      }
    },
    map: (name, raw, context) => mappings.get(name)?.(raw, context) ?? { skipped: `there is no stream "${name}"` },
    classify: () => ({ kind: "fatal", reason: "a database does not speak HTTP" }),
    check: (context) => checkSql([...walks.values()], context),
    close: () => walker.close(),
  };
}

function walkOf({ zone, timeout }: SqlSettings, stream: SqlStream, url: string): Walk {
  return {
    url,
    stream,
    key: stream.key ?? keyOf(stream),
    zone: zone ?? null,
    timeoutMs: parseDuration(timeout) ?? usualTimeoutMs,
  };
}

function keyOf({ record }: SqlStream): string[] {
  return record === "usage" ? ["account", "name"] : ["id"];
}

function feedsOf({ record, mapping }: SqlStream): StreamKind[] {
  const kinds: readonly (string | undefined)[] =
    mapping === undefined ? [record] : mapping.records.map(({ kind }) => kind);
  return streamKinds.filter((kind) => kinds.includes(kind));
}
