import { createHash } from "node:crypto";
import { findPlan } from "../../store/config-plans.ts";
import type { Tx } from "../../store/db.ts";
import { listApplications } from "../../store/document-history.ts";
import {
  type ApplyResult,
  applyDocuments,
  type DocumentInput,
  hashDocument,
  lockDocuments,
  readLiveDocuments,
  readRevisionKey,
} from "../../store/documents.ts";
import type { SavingHand } from "../configuration/saving.ts";
import { type CheckedFolder, loadConfiguration } from "../configuration.ts";
import { planChange } from "./change.ts";
import { changedDocuments } from "./changed-documents.ts";
import { effectDrift, effectOf, effectSchema } from "./effect.ts";

/** What came of a wish to apply exactly what was planned. */
export type PlannedApplication =
  | { readonly kind: "applied"; readonly result: ApplyResult }
  /** It is no longer what was shown, and why, in words. */
  | { readonly kind: "drifted"; readonly reasons: readonly string[] };

/** Names a set of documents by their contents. */
export function hashDocuments(documents: readonly DocumentInput[]): string {
  const lines = documents.map(({ kind, id, body }) => `${kind} ${id} ${hashDocument(body)}`).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

/** Applies documents if they, what is in force, and what the change does to the portfolio are what the token's plan has shown. */
export async function applyPlanned(
  tx: Tx,
  token: string,
  checked: Pick<CheckedFolder, "documents" | "configuration">,
  hand: SavingHand,
  now: Date,
): Promise<PlannedApplication> {
  await lockDocuments(tx);
  const plan = await findPlan(tx, token);
  if (plan === null) return drifted(`there is no plan ${token}; plans are kept for 30 days`);
  if (plan.documentsHash !== hashDocuments(checked.documents)) {
    return drifted("the folder says something else than when it was planned");
  }
  if (plan.revisionKey !== (await readRevisionKey(tx))) {
    const [last] = await listApplications(tx, 1);
    const by = last === undefined ? "" : `: ${last.author} changed it at ${last.at.toISOString()}`;
    return drifted(`what is in force is no longer what it was when planned${by}`);
  }
  const reasons = await effectReasons(tx, checked, effectSchema.parse(plan.effect), now);
  if (reasons.length > 0) return { kind: "drifted", reasons };
  return { kind: "applied", result: await applyDocuments(tx, checked.documents, { ...hand, now }) };
}

async function effectReasons(
  tx: Tx,
  { documents, configuration }: Pick<CheckedFolder, "documents" | "configuration">,
  planned: ReturnType<typeof effectOf>,
  now: Date,
): Promise<readonly string[]> {
  const live = await loadConfiguration(tx);
  if ("faults" in live || configuration === null) return ["the documents in force cannot be read any more"];
  const changed = changedDocuments(await readLiveDocuments(tx), documents);
  const question = { before: live.configuration, after: configuration, documents: changed, listed: 0 };
  return effectDrift(planned, effectOf(await planChange(tx, question, now)));
}

function drifted(reason: string): PlannedApplication {
  return { kind: "drifted", reasons: [reason] };
}
