import type { Configuration } from "../../playbooks/configuration.ts";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";

/** A playbook whose accounts a change may move. A side is null where it is not there or not enabled. */
export interface TouchedPlaybook {
  readonly id: string;
  readonly name: string;
  readonly change: "added" | "removed" | "enabled" | "disabled" | "edited" | "facts";
  readonly before: CompiledPlaybook | null;
  readonly after: CompiledPlaybook | null;
}

/**
 * The playbooks that a change touches: those that are edited, and, where scores, stages or metrics may move, all others. What never was enabled
 * touches nobody.
 */
export function touchedPlaybooks(
  before: Configuration,
  after: Configuration,
  { edited, movesFacts }: { readonly edited: ReadonlySet<string>; readonly movesFacts: boolean },
): readonly TouchedPlaybook[] {
  const [old, next] = [byId(before), byId(after)];
  const ids = [...new Set([...old.keys(), ...next.keys()])].sort();
  return ids.flatMap((id) => {
    const [was, is] = [old.get(id) ?? null, next.get(id) ?? null];
    const sides = { before: was?.enabled === true ? was : null, after: is?.enabled === true ? is : null };
    if (sides.before === null && sides.after === null) return [];
    const change = changeOf(was, is, edited.has(id));
    if (change === "facts" && !movesFacts) return [];
    return [{ id, name: (is ?? was)?.name ?? id, change, ...sides }];
  });
}

function changeOf(
  was: CompiledPlaybook | null,
  is: CompiledPlaybook | null,
  isEdited: boolean,
): TouchedPlaybook["change"] {
  if (was === null) return "added";
  if (is === null) return "removed";
  if (was.enabled !== is.enabled) return is.enabled ? "enabled" : "disabled";
  return isEdited ? "edited" : "facts";
}

function byId({ playbooks }: Configuration): ReadonlyMap<string, CompiledPlaybook> {
  return new Map(playbooks.map((playbook) => [playbook.id, playbook]));
}
