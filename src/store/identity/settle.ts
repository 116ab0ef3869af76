import type { Tx } from "../db.ts";
import { createAccounts, type NewAccount } from "../intake/accounts.ts";
import { type ListedAccount, listUnmatched, readPlacedByHand } from "../unmatched.ts";
import type { StatedAccount } from "./claim.ts";
import { Directory, sourceKey } from "./directory.ts";
import { type NewIdentity, rememberIdentities } from "./identities.ts";
import { judgeIdentity } from "./verdict.ts";

/** How accounts of a source are known as ours. */
export interface IdentityRules {
  readonly source: string;
  readonly idsAreKeys: boolean;
  readonly accounts: "create" | "match";
  /** Also by their domains; an import and the API go by keys alone. */
  readonly findsByDomain: boolean;
}

/** What became of accounts of a source that nobody knew. */
export interface SettledAccounts {
  /** Our accounts, by the source's ids. */
  readonly ids: ReadonlyMap<string, number>;
  /** Keys of the accounts that were made. */
  readonly created: readonly string[];
}

/**
 * Finds our accounts for those of a source, makes those that are new, and lists those that nobody can place. Asked behind the gate, by a
 * writer that is alone.
 */
export async function settleAccounts(
  tx: Tx,
  rules: IdentityRules,
  stated: readonly StatedAccount[],
  now: Date,
): Promise<SettledAccounts> {
  if (stated.length === 0) return { ids: new Map(), created: [] };
  const { source, idsAreKeys, findsByDomain } = rules;
  const names = stated.map(({ externalId }) => externalId);
  const byHand = await readPlacedByHand(tx, source, names);
  const open = stated.filter(({ externalId }) => !byHand.has(externalId));
  const directory = await Directory.read(tx, {
    ...{ source, idsAreKeys },
    keys: open.flatMap(({ externalId, ourKey }) => [ourKey ?? externalId, sourceKey(source, externalId)]),
    domains: findsByDomain ? open.flatMap(({ domains }) => domains) : [],
  });
  const plan = planOf(directory, rules, open);
  const created = await createAccounts(tx, plan.made, now);
  const identities = plan.found.flatMap(({ key, ...found }): NewIdentity[] => {
    const accountId = created.get(key) ?? directory.idOf(key);
    return accountId === null ? [] : [{ ...found, accountId, source, madeBy: "source" }];
  });
  await rememberIdentities(tx, identities, now);
  await listUnmatched(tx, plan.listed, now);
  return {
    ids: new Map(identities.map(({ externalId, accountId }) => [externalId, accountId])),
    created: [...created.keys()],
  };
}

interface Plan {
  readonly found: (Pick<NewIdentity, "externalId" | "how"> & { readonly key: string })[];
  readonly made: NewAccount[];
  readonly listed: ListedAccount[];
}

function planOf(directory: Directory, rules: IdentityRules, accounts: readonly StatedAccount[]): Plan {
  const plan: Plan = { found: [], made: [], listed: [] };
  for (const stated of accounts) {
    const { externalId, name, ourKey, domains } = stated;
    const verdict = judgeIdentity(directory.hintsOf(rules.findsByDomain ? stated : { ...stated, domains: [] }));
    if (verdict.kind === "found") {
      plan.found.push({ externalId, key: verdict.key, how: verdict.how });
      directory.note(verdict.key, stated, false);
    } else if (verdict.kind === "unclear" || rules.accounts === "match") {
      const { source, idsAreKeys } = rules;
      plan.listed.push({ source, externalId, name, domains, ourKey, idsAreKeys, reason: verdict.reason });
    } else if (stated.hasRecord) {
      const how = ourKey === null && !rules.idsAreKeys ? "new" : "key";
      const key = directory.freeKey(stated);
      plan.made.push({ key, name: name ?? externalId });
      plan.found.push({ externalId, key, how });
      directory.note(key, stated, how === "new");
    }
  }
  return plan;
}
