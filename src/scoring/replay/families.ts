import type { Instant } from "../history.ts";

/** An account as a replay is told of it. */
export interface ReplayAccount {
  readonly accountId: number;
  readonly key: string;
  /** From then on it has no days; null while it is none of the archived. */
  readonly archivedAt: Instant | null;
}

/** Accounts that are replayed together: a family whole, or one that stands alone. */
export type Unit = readonly ReplayAccount[];

/** The accounts in units, in the order in which they are given, by who was ever whose parent. Ties to other accounts do not count. */
export function unitsOf(
  accounts: readonly ReplayAccount[],
  ties: readonly { readonly childId: number; readonly parentId: number }[],
): Unit[] {
  const heads = new Map(accounts.map(({ accountId }) => [accountId, accountId]));
  for (const { childId, parentId } of ties) {
    if (heads.has(childId) && heads.has(parentId)) heads.set(headOf(heads, childId), headOf(heads, parentId));
  }
  const units = new Map<number, ReplayAccount[]>();
  for (const account of accounts) {
    const head = headOf(heads, account.accountId);
    const unit = units.get(head);
    if (unit === undefined) units.set(head, [account]);
    else unit.push(account);
  }
  return [...units.values()];
}

/** The head of an account's family; the way there is made shorter for the next who asks. */
function headOf(heads: Map<number, number>, accountId: number): number {
  let head = accountId;
  for (let next = heads.get(head); next !== undefined && next !== head; next = heads.get(head)) {
    const beyond = heads.get(next) ?? next;
    heads.set(head, beyond);
    head = beyond;
  }
  return head;
}

/** Units put together to batches of at least so many accounts. */
export function batchesOf(units: readonly Unit[], size: number): Unit[][] {
  const batches: Unit[][] = [];
  let batch: Unit[] = [];
  let accounts = 0;
  for (const unit of units) {
    batch.push(unit);
    accounts += unit.length;
    if (accounts < size) continue;
    batches.push(batch);
    batch = [];
    accounts = 0;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
