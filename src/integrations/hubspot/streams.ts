import type { StreamKind } from "../../scoring/records.ts";
import type { SourceStream } from "../source-port.ts";
import { everyOf } from "../source-settings.ts";
import { kindOf, type ObjectName, objectNames } from "./objects.ts";
import type { HubSpotSettings } from "./settings.ts";

/** A stream and how it is pulled: by searching for what changed, or by reading a list from end to end. */
export type HubSpotStream = SourceStream &
  (
    | { readonly way: "owners" }
    | { readonly way: "sweep"; readonly object: ObjectName }
    | { readonly way: "archived"; readonly object: ObjectName }
  );

const usualMs = 15 * 60_000;
/** What was deleted can only be listed as a whole; webhooks tell of it at once. */
const archivedEveryMs = 6 * 3_600_000;

/** The streams in their order: owners and companies come before what belongs to them, deletions last. */
export function streamsOf(settings: HubSpotSettings): readonly HubSpotStream[] {
  const everyMs = everyOf(settings.every, usualMs);
  const skipped: ReadonlySet<ObjectName> = new Set(settings.skip);
  const objects = objectNames.filter(
    (name) => !skipped.has(name) && (name !== "tasks" || settings.tasks !== undefined),
  );
  const owners = { name: "owners", feeds: [], everyMs, mode: "incremental", way: "owners" } as const;
  return [
    owners,
    ...objects.map((object) => {
      const feeds: readonly StreamKind[] = kindOf[object] === null ? [] : [kindOf[object]];
      return { name: object, feeds, everyMs, mode: "incremental", way: "sweep", object } as const;
    }),
    ...objects
      .filter((object) => kindOf[object] !== null)
      .map((object) => {
        const name = `archived-${object}`;
        return { name, feeds: [], everyMs: archivedEveryMs, mode: "incremental", way: "archived", object } as const;
      }),
  ];
}
