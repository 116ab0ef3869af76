import { type FoundAccount, findAccount } from "../store/accounts-directory.ts";
import type { Db, Tx } from "../store/db.ts";
import { UsageError } from "./failure.ts";

/** The account somebody typed: its key, a source's id for it, or its name. Refuses what is unknown or ambiguous, and says what is near. */
export async function accountOf(db: Db | Tx, text: string): Promise<Extract<FoundAccount, { kind: "found" }>> {
  const found = await findAccount(db, text);
  if (found.kind === "found") return found;
  if (found.kind === "ambiguous") {
    throw new UsageError(`Several accounts are called ${text}: ${found.keys.join(", ")}.`);
  }
  const hint = found.near.length === 0 ? "" : ` Did you mean ${found.near.join(", ")}?`;
  throw new UsageError(`There is no account ${text}.${hint}`);
}
