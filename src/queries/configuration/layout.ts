/** Files that hold the one document of their kind. */
export const singles: ReadonlyMap<string, string> = new Map([
  ["company.json", "company"],
  ["owners.json", "owners"],
  ["channels.json", "channels"],
  ["sources.json", "sources"],
  ["guards.json", "guards"],
  ["lifecycle.json", "lifecycle"],
  ["metrics.json", "metrics"],
]);

/** Folders that hold one document per file. */
export const collections: ReadonlyMap<string, string> = new Map([
  ["health-models", "health-model"],
  ["playbooks", "playbook"],
]);

/** True for a name that a document of this kind may have: the one of its kind is called after it. */
export function isDocumentName(kind: string, id: string): boolean {
  if ([...singles.values()].includes(kind)) return id === kind;
  return [...collections.values()].includes(kind) && /^[a-z0-9][a-z0-9-]{0,99}$/.test(id);
}

/** The file of a document in a folder that is laid out as `config/`. */
export function fileOf({ kind, id }: { readonly kind: string; readonly id: string }): string {
  if (!isDocumentName(kind, id)) throw new Error(`No document is called ${kind} ${id}.`);
  const single = [...singles].find(([, known]) => known === kind);
  if (single !== undefined) return single[0];
  const folder = [...collections].find(([, known]) => known === kind)?.[0];
  return `${folder}/${id}.json`;
}
