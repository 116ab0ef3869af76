import { dayMs, parseDuration } from "../../scoring/duration.ts";
import { cellText, openJsonPath } from "../json-path.ts";
import type { HttpJsonStream } from "./settings.ts";

/** From when on a stream is asked for changes. */
export interface Since {
  /** The text to fill in, for what is known up to `newest` (an ISO moment; null: nothing yet). */
  ask(newest: string | null, now: Date): string;
  /** The newest moment among the things and the one known before; one of the future counts as now, else nothing would come any more. */
  newest(things: readonly unknown[], known: string | null, now: Date): string | null;
}

type Settings = NonNullable<HttpJsonStream["since"]>;

/** Compiles what makes a stream incremental. */
export function openSince(settings: Settings): Since {
  const find = openJsonPath(settings.field);
  const overlapMs = parseDuration(settings.overlap) ?? 0;
  const firstMs = settings.first === undefined ? null : parseDuration(settings.first);
  return {
    ask: (newest, now) => write(startOf(newest, now, overlapMs, firstMs), settings.format),
    newest: (things, known, now) => {
      let latest = known === null ? Number.NEGATIVE_INFINITY : Date.parse(known);
      for (const thing of things) {
        const at = read(cellText(find(thing)[0]), settings.format);
        if (at > latest) latest = Math.min(at, now.getTime());
      }
      return Number.isFinite(latest) ? new Date(latest).toISOString() : null;
    },
  };
}

function startOf(newest: string | null, now: Date, overlapMs: number, firstMs: number | null): number {
  if (newest !== null) return Math.max(0, Date.parse(newest) - overlapMs);
  return firstMs === null ? 0 : Math.max(0, now.getTime() - firstMs);
}

function write(at: number, format: Settings["format"]): string {
  switch (format) {
    case "epoch-seconds":
      return String(Math.floor(at / 1_000));
    case "epoch-milliseconds":
      return String(at);
    case "day":
      return new Date(at - (at % dayMs)).toISOString().slice(0, 10);
    case "iso":
      return new Date(at).toISOString();
  }
}

/** Not a number for what is no moment: it moves nothing. A text without an offset is taken as UTC. */
function read(text: string, format: Settings["format"]): number {
  if (text === "") return Number.NaN;
  if (format === "epoch-seconds") return Number(text) * 1_000;
  if (format === "epoch-milliseconds") return Number(text);
  const isLocal = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/.test(text);
  return Date.parse(isLocal ? `${text.replace(" ", "T")}Z` : text);
}
