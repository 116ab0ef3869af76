import type { Input } from "../../scoring/records.ts";
import { companyDomains } from "./domain.ts";

/** By what an account of a source may be known as one of ours: its own field for our key first, then its domains. */
export interface AccountClaim {
  /** The source's id for the account. */
  readonly externalId: string;
  readonly name: string | null;
  /** Our key, where the vendor has a field for it. */
  readonly ourKey: string | null;
  /** As stated by the vendor, or taken from e-mail addresses: those that tell nothing are dropped. */
  readonly domains: readonly string[];
}

/** All that a batch says of an account of its source. */
export interface StatedAccount extends AccountClaim {
  /** The batch has its record: it may be made from that. */
  readonly hasRecord: boolean;
  /** The batch says by which domains it is known, be it by none. */
  readonly saysDomains: boolean;
}

/** What a batch says of accounts, by the source's ids: its claims and its account records together. Domains are such as tell something. */
export function statedAccounts(
  inputs: Iterable<Input>,
  claims: readonly AccountClaim[],
): ReadonlyMap<string, StatedAccount> {
  const stated = new Map<string, StatedAccount>();
  const add = (more: StatedAccount) => {
    const known = stated.get(more.externalId);
    stated.set(more.externalId, known === undefined ? more : joined(known, more));
  };
  for (const claim of claims) {
    const ourKey = claim.ourKey === "" ? null : claim.ourKey;
    add({ ...claim, ourKey, domains: companyDomains(claim.domains), hasRecord: false, saysDomains: true });
  }
  for (const input of inputs) {
    if (input.kind !== "account") continue;
    const { name = null, domain } = input.set;
    const domains = domain == null ? [] : companyDomains([domain]);
    add({ externalId: input.id, name, ourKey: null, domains, hasRecord: true, saysDomains: domain !== undefined });
  }
  return stated;
}

function joined(one: StatedAccount, other: StatedAccount): StatedAccount {
  return {
    externalId: one.externalId,
    name: one.name ?? other.name,
    ourKey: other.ourKey ?? one.ourKey,
    domains: [...new Set([...one.domains, ...other.domains])],
    hasRecord: one.hasRecord || other.hasRecord,
    saysDomains: one.saysDomains || other.saysDomains,
  };
}
