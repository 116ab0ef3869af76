import { z } from "zod";
import { documentDifferences } from "./document-difference.ts";

/** Where a document differs; null stands for "not there". */
export const differencesSchema = z.array(z.strictObject({ path: z.string(), from: z.json(), to: z.json() }));
export type Differences = z.infer<typeof differencesSchema>;

/** A document that a change would touch. */
export const changedDocumentSchema = z.strictObject({
  kind: z.string(),
  id: z.string(),
  change: z.enum(["created", "changed", "removed"]),
  /** Of a changed one. */
  differences: differencesSchema,
});
export type ChangedDocument = z.infer<typeof changedDocumentSchema>;

interface Content {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
}

/** What separates two sets of documents, in order of kind and id. */
export function changedDocuments(live: readonly Content[], planned: readonly Content[]): readonly ChangedDocument[] {
  const named = (documents: readonly Content[]) =>
    new Map(documents.map((document) => [`${document.kind} ${document.id}`, document]));
  const [before, after] = [named(live), named(planned)];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name): ChangedDocument[] => {
    const [old, next] = [before.get(name), after.get(name)];
    const { kind, id } = next ?? old ?? { kind: "", id: "" };
    if (old === undefined) return [{ kind, id, change: "created", differences: [] }];
    if (next === undefined) return [{ kind, id, change: "removed", differences: [] }];
    const differences = differencesBetween(old.body, next.body);
    return differences.length === 0 ? [] : [{ kind, id, change: "changed", differences }];
  });
}

/** Where two versions of a document differ, as data. */
export function differencesBetween(from: unknown, to: unknown): Differences {
  return documentDifferences(from, to).map((one) => ({ path: one.path, from: jsonOf(one.from), to: jsonOf(one.to) }));
}

function jsonOf(value: unknown): z.infer<ReturnType<typeof z.json>> {
  return z
    .json()
    .catch(null)
    .parse(value ?? null);
}
