/** An account of ours that a claim may mean. */
export interface Candidate {
  readonly key: string;
  /** False where a source made it that had no key of ours for it: it may still be the account that another key names. */
  readonly hasOwnKey: boolean;
  /** Another id by which the claim's source knows it already; null where there is none. */
  readonly knownAs: string | null;
}

/** What an account of a source goes by, and what of ours is known by that. */
export interface Hints {
  readonly source: string;
  /** Our key as the source has it; null where it has none. */
  readonly key: string | null;
  /** The key is the source's own id: it is never wrong. */
  readonly isKeyItsId: boolean;
  /** The account that has this key; null: none. */
  readonly byKey: Candidate | null;
  /** The accounts known by one of its domains, each once, with the domain. */
  readonly byDomain: readonly { readonly domain: string; readonly candidate: Candidate }[];
}

/** Which of our accounts an account of a source is. Reasons are for people. */
export type IdentityVerdict =
  | { readonly kind: "found"; readonly key: string; readonly how: "key" | "domain" }
  /** Several may be meant, or its hints contradict each other. */
  | { readonly kind: "unclear"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * Judges by key, then by domain. Two different keys of ours are two accounts, whatever domain they share; and a source that knows an account
 * by one id already does not mean the same by another one.
 */
export function judgeIdentity(hints: Hints): IdentityVerdict {
  const { key, byKey } = hints;
  if (byKey !== null) return judgeKey(hints, byKey);
  const rivals = key === null ? hints.byDomain : hints.byDomain.filter(({ candidate }) => !candidate.hasOwnKey);
  const [first, second] = rivals;
  if (first === undefined) return { kind: "unknown", reason: unknownReason(hints) };
  if (second !== undefined) {
    return { kind: "unclear", reason: `${namedByDomain(rivals)}: several accounts may be meant` };
  }
  const { domain, candidate } = first;
  if (candidate.knownAs !== null) {
    const reason = `${domain} is ${candidate.key}, which ${hints.source} knows as ${candidate.knownAs} already`;
    return { kind: "unclear", reason };
  }
  return { kind: "found", key: candidate.key, how: "domain" };
}

function judgeKey({ key, isKeyItsId, byDomain }: Hints, byKey: Candidate): IdentityVerdict {
  const others = byDomain.filter(({ candidate }) => candidate.key !== byKey.key);
  const isContradicted = others.length === byDomain.length && others.some(({ candidate }) => !candidate.hasOwnKey);
  if (isKeyItsId || !isContradicted) return { kind: "found", key: byKey.key, how: "key" };
  return { kind: "unclear", reason: `its key says ${key}, but ${namedByDomain(others)}` };
}

function namedByDomain(named: Hints["byDomain"]): string {
  return named.map(({ domain, candidate }) => `${domain} is ${candidate.key}`).join(", ");
}

function unknownReason({ key, byDomain }: Hints): string {
  if (key === null) return byDomain.length === 0 ? "no account is known by its domains" : "no account fits";
  const near = byDomain.length === 0 ? "" : `; ${namedByDomain(byDomain)}, which has another key`;
  return `no account has the key ${key}${near}`;
}
