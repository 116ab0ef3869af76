import { findAccountIds } from "../accounts-directory.ts";
import type { Tx } from "../db.ts";
import type { StatedAccount } from "../identity/claim.ts";
import { type ClaimedDomains, hasNewDomain } from "../identity/domains.ts";
import { type NewIdentity, rememberIdentities } from "../identity/identities.ts";
import { type SettledAccounts, settleAccounts } from "../identity/settle.ts";
import { readPlacedByHand, unlist } from "../unmatched.ts";
import { passGate } from "./gate.ts";
import { holdInputs, takeHeldInputs } from "./held-inputs.ts";
import { accountNameOf, type KnownInput, type PlacedInput, type Rejection } from "./known-input.ts";
import { saysParent } from "./parents.ts";

/** Inputs of a source, and what is said of its accounts. */
export interface UnplacedBatch {
  readonly source: string;
  readonly inputs: readonly KnownInput[];
  readonly stated: ReadonlyMap<string, StatedAccount>;
  /** Undefined for a door that goes by keys alone. */
  readonly claims?: readonly unknown[];
  readonly accounts?: "create" | "match";
  readonly idsAreKeys?: boolean;
  readonly unknownAccounts: "reject" | "hold";
}

/** Where inputs belong. */
export interface Placement {
  readonly placed: readonly PlacedInput[];
  /** What was held for accounts that are known from now on. */
  readonly taken: readonly PlacedInput[];
  /** How many are held from now on. */
  readonly held: number;
  /** How many belong to accounts that a person said are none of ours. */
  readonly dropped: number;
  readonly rejected: readonly Rejection[];
  /** Keys of the accounts that were made. */
  readonly created: readonly string[];
  /** The source's ids of accounts whose records came. */
  readonly described: readonly string[];
  /** Accounts whose records came, and those that have got an identity. */
  readonly accountIds: readonly number[];
  /** What the source states of the domains of accounts. */
  readonly domains: ClaimedDomains["byAccount"];
}

/** Finds the accounts of inputs, makes those that are new, and passes the gate as that asks for. */
export async function placeInputs(tx: Tx, batch: UnplacedBatch, now: Date): Promise<Placement> {
  const { source, inputs, stated, idsAreKeys = true } = batch;
  const names = [...new Set([...inputs.map(({ input }) => accountNameOf(input) ?? ""), ...stated.keys()])];
  const look = () => findAccountIds(tx, source, names, idsAreKeys);
  const before = await look();
  const isUnknown = ({ externalId }: StatedAccount) => !before.has(externalId);
  const isAlone =
    [...stated.values()].some(isUnknown) ||
    inputs.some(saysParent) ||
    (await hasNewDomain(tx, { source, byAccount: domainsOf(stated, before) }));
  await passGate(tx, isAlone ? "alone" : "together");
  // Behind the gate nobody makes accounts, so what is unknown now stays unknown until this transaction ends.
  const known = before.size === names.length ? before : await look();
  const settled = await settleUnknown(tx, batch, known, now);
  await rememberKeys(tx, batch, known, now);
  const ids = new Map([...known, ...settled.ids]);
  const taken = await takeHeldInputs(tx, [...settled.ids.values()]);
  const described = [...stated.values()].filter(({ hasRecord }) => hasRecord).map(({ externalId }) => externalId);
  const met = [...described.map((externalId) => ids.get(externalId)), ...settled.ids.values()];
  return {
    ...(await sortOut(tx, batch, ids)),
    taken,
    created: settled.created,
    described,
    accountIds: [...new Set(met.filter((id) => id !== undefined))],
    domains: domainsOf(stated, ids),
  };
}

function domainsOf(
  stated: UnplacedBatch["stated"],
  ids: ReadonlyMap<string, number>,
): ReadonlyMap<number, readonly string[]> {
  const domains = new Map<number, readonly string[]>();
  for (const [externalId, each] of stated) {
    const accountId = each.saysDomains ? ids.get(externalId) : undefined;
    if (accountId !== undefined) domains.set(accountId, [...(domains.get(accountId) ?? []), ...each.domains]);
  }
  return domains;
}

async function settleUnknown(
  tx: Tx,
  batch: UnplacedBatch,
  known: ReadonlyMap<string, number>,
  now: Date,
): Promise<SettledAccounts> {
  const { source, accounts = "create", idsAreKeys = true } = batch;
  const rules = { source, accounts, idsAreKeys, findsByDomain: batch.claims !== undefined };
  const unknown = [...batch.stated.values()].filter(({ externalId }) => !known.has(externalId));
  const settled = await settleAccounts(tx, rules, unknown, now);
  await unlist(tx, source, [...settled.ids.keys()]);
  return settled;
}

/** An account that was found by its key is known by this source from now on. */
async function rememberKeys(
  tx: Tx,
  { source, stated }: UnplacedBatch,
  known: ReadonlyMap<string, number>,
  now: Date,
): Promise<void> {
  const identities = [...stated.values()].flatMap(({ externalId, hasRecord }): NewIdentity[] => {
    const accountId = known.get(externalId);
    if (!hasRecord || accountId === undefined) return [];
    return [{ source, externalId, accountId, how: "key", madeBy: "source" }];
  });
  await rememberIdentities(tx, identities, now);
}

async function sortOut(
  tx: Tx,
  batch: UnplacedBatch,
  ids: ReadonlyMap<string, number>,
): Promise<Pick<Placement, "placed" | "held" | "dropped" | "rejected">> {
  const placed: PlacedInput[] = [];
  const unplaced: KnownInput[] = [];
  for (const each of batch.inputs) {
    const name = accountNameOf(each.input) ?? "";
    const accountId = ids.get(name);
    if (accountId !== undefined) placed.push({ ...each, accountId });
    else unplaced.push(each);
  }
  if (batch.unknownAccounts === "hold") {
    const held = await withoutDismissed(tx, batch.source, unplaced);
    await holdInputs(tx, held);
    return { placed, held: held.length, dropped: unplaced.length - held.length, rejected: [] };
  }
  const rejected = unplaced.map(({ index, input }) => ({
    index,
    reason: `no account ${accountNameOf(input) ?? "was named"}`,
    cause: "unknown account",
  }));
  return { placed, held: 0, dropped: 0, rejected };
}

async function withoutDismissed(tx: Tx, source: string, inputs: readonly KnownInput[]): Promise<readonly KnownInput[]> {
  if (inputs.length === 0) return inputs;
  const names = [...new Set(inputs.map(({ input }) => accountNameOf(input) ?? ""))];
  const byHand = await readPlacedByHand(tx, source, names);
  return inputs.filter(({ input }) => byHand.get(accountNameOf(input) ?? "") !== true);
}
