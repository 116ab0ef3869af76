import type { Tx } from "../../store/db.ts";
import {
  type DocumentApplication,
  type DocumentRevision,
  findApplicationAt,
  listApplications,
  readRevisions,
} from "../../store/document-history.ts";
import { lockDocuments, readLiveDocuments } from "../../store/documents.ts";
import { restoreRevisions, type Saving, type SavingHand } from "./saving.ts";

/** What is to be in force again: what was before the last application, what was at a moment, or one document's revision. */
export type RollbackWish =
  | { readonly kind: "last" }
  | { readonly kind: "moment"; readonly at: Date }
  | { readonly kind: "revision"; readonly document: DocumentRevision };

/**
 * Brings back, as new revisions, what was in force: what was removed since comes back, what was added goes. The same checks and the same
 * effects as an application, of which it is one.
 */
export async function rollBack(tx: Tx, wish: RollbackWish, hand: SavingHand, now: Date): Promise<Saving> {
  await lockDocuments(tx);
  const target = await targetOf(tx, wish);
  if ("missing" in target) return { kind: "missing", reason: target.missing };
  const note = hand.note === null ? target.note : `${target.note}: ${hand.note}`;
  return restoreRevisions(tx, target.live, { ...hand, note }, now);
}

type Target = { readonly live: readonly DocumentRevision[]; readonly note: string } | { readonly missing: string };

async function targetOf(tx: Tx, wish: RollbackWish): Promise<Target> {
  switch (wish.kind) {
    case "last": {
      const [last, before] = await listApplications(tx, 2);
      if (last === undefined || before === undefined) {
        return { missing: "There is no application before the last one to go back to." };
      }
      return { live: before.live, note: `rollback of what ${last.author} applied on ${momentOf(last)}` };
    }
    case "moment": {
      const then = await findApplicationAt(tx, wish.at);
      const asked = wish.at.toISOString();
      if (then === null) return { missing: `What was in force at ${asked} is not known: nothing had been applied.` };
      return { live: then.live, note: `rollback to ${asked}` };
    }
    case "revision":
      return oneRevision(tx, wish.document);
    default:
      return wish satisfies never;
  }
}

async function oneRevision(tx: Tx, document: DocumentRevision): Promise<Target> {
  const { kind, id, revision } = document;
  const [found] = await readRevisions(tx, [document]);
  if (found === undefined) return { missing: `There is no revision ${revision} of ${kind} ${id}.` };
  const others = (await readLiveDocuments(tx)).filter((one) => one.kind !== kind || one.id !== id);
  return { live: [...others, document], note: `rollback to revision ${revision} of ${kind} ${id}` };
}

function momentOf({ at }: DocumentApplication): string {
  return at.toISOString();
}
