import type { GuardQuestion, GuardVerdict } from "../guard.ts";
import { textHash } from "../text-hash.ts";

const hashes = 2 ** 53;

/** Whether nothing is done for the account, to compare with. The same account always has the same answer; a greater percentage only adds accounts. */
export function holdoutVerdict({ playbook }: GuardQuestion, rootId: number, salt: string): GuardVerdict {
  const { holdoutPercent } = playbook;
  // A family shares its people and its outcome: its accounts are in the group together.
  const place = (textHash(`${salt}/${playbook.id}/${rootId}`) / hashes) * 100;
  if (place >= holdoutPercent) return { kind: "go" };
  return {
    kind: "holdout",
    words: `in the holdout group (${holdoutPercent} % of the accounts): nothing is done, to compare with`,
  };
}
