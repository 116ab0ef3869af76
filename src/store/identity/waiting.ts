import type { Tx } from "../db.ts";
import { takeHeldInputs } from "../intake/held-inputs.ts";
import type { Written } from "../intake/known-input.ts";
import { nothingWritten, sumWritten, writeInputs } from "../intake/write.ts";
import { type ListedAccount, listUnmatched, readUnmatchedBy, unlist } from "../unmatched.ts";
import { bringBack } from "./archive.ts";
import { Directory } from "./directory.ts";
import { keepDomains } from "./domains.ts";
import { rememberIdentities } from "./identities.ts";
import { judgeIdentity } from "./verdict.ts";

/** What has come to be known of accounts, for which something may have waited. */
export interface KnownNow {
  /** Accounts that have got an identity. */
  readonly placed: readonly PlacedAccount[];
  /** Keys of new accounts. */
  readonly keys: readonly string[];
  /** New domains of accounts. */
  readonly domains: readonly string[];
}

/** An account of a source, and which of ours it is. */
export interface PlacedAccount {
  readonly source: string;
  readonly accountId: number;
  /** As it was listed with; null: nothing is said of them. */
  readonly domains: readonly string[] | null;
}

/**
 * Writes what was held for accounts that are known now, and places the listed ones that may be known by that, until nothing more follows.
 * Asked behind the gate, by a writer that is alone.
 */
export async function applyWaiting(tx: Tx, known: KnownNow, now: Date): Promise<Written> {
  let written = nothingWritten;
  for (let round = known; ; ) {
    const accountIds = round.placed.map(({ accountId }) => accountId);
    const held = await takeHeldInputs(tx, accountIds);
    written = sumWritten([written, await writeInputs(tx, held, now)]);
    await bringBack(tx, accountIds, now);
    const domains = [...round.domains];
    for (const { source, accountId, domains: claimed } of round.placed) {
      if (claimed === null) continue;
      domains.push(...(await keepDomains(tx, { source, byAccount: new Map([[accountId, claimed]]) }, now)));
    }
    const placed = await placeListed(tx, { keys: round.keys, domains }, now);
    if (placed.length === 0) return written;
    round = { placed, keys: [], domains: [] };
  }
}

async function placeListed(
  tx: Tx,
  by: { readonly keys: readonly string[]; readonly domains: readonly string[] },
  now: Date,
): Promise<PlacedAccount[]> {
  if (by.keys.length === 0 && by.domains.length === 0) return [];
  const placed: PlacedAccount[] = [];
  for (const listed of await readUnmatchedBy(tx, by)) {
    const accountId = await placeOne(tx, listed, now);
    if (accountId !== null) placed.push({ source: listed.source, accountId, domains: listed.domains });
  }
  return placed;
}

/** Our account's id, or null where it still cannot be told; the list then says why. */
async function placeOne(tx: Tx, listed: ListedAccount, now: Date): Promise<number | null> {
  const { source, externalId, ourKey, idsAreKeys, domains } = listed;
  const directory = await Directory.read(tx, { source, idsAreKeys, keys: [ourKey ?? externalId], domains });
  const verdict = judgeIdentity(directory.hintsOf(listed));
  const accountId = verdict.kind === "found" ? directory.idOf(verdict.key) : null;
  if (verdict.kind !== "found" || accountId === null) {
    await listUnmatched(tx, [{ ...listed, reason: verdict.kind === "found" ? listed.reason : verdict.reason }], now);
    return null;
  }
  await rememberIdentities(tx, [{ source, externalId, accountId, how: verdict.how, madeBy: "source" }], now);
  await unlist(tx, source, [externalId]);
  return accountId;
}
