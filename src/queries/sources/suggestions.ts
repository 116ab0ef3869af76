/** What is looked for. */
export interface Wanted {
  readonly name: string | null;
  readonly domains: readonly string[];
  readonly ourKey: string | null;
}

/** An account of ours that may be meant. */
export interface NearAccount {
  readonly key: string;
  readonly name: string;
  readonly domains: readonly string[];
}

/** An account that is likely to be meant, and why. */
export interface Suggestion {
  readonly account: string;
  readonly name: string;
  readonly why: string;
}

const mostSuggestions = 3;
/** Two names that share less than this part of their letter pairs are not alike. */
const leastAlikeness = 0.4;
/** Words that many companies have in their names. */
const commonWords = new Set(
  "the and inc incorporated ltd limited llc llp plc corp corporation company group holding holdings gmbh mbh ag kg ohg ug sa sas sarl srl spa bv nv ab as oy aps kft doo pty pvt co com net org www https http".split(
    " ",
  ),
);

/** The words by which accounts are looked for that may be meant: those of its name, and its domains without their endings. */
export function searchWords({ name, domains, ourKey }: Wanted): string[] {
  const roots = domains.map(rootOf);
  return [...new Set([...wordsOf(name ?? ""), ...roots, ...wordsOf(ourKey ?? "")])].filter(({ length }) => length > 2);
}

/** Up to three of these accounts, the likeliest first. */
export function suggest(wanted: Wanted, accounts: readonly NearAccount[]): Suggestion[] {
  return accounts
    .map((account) => ({ account, ...likeness(wanted, account) }))
    .filter(({ weight }) => weight >= leastAlikeness)
    .sort((one, other) => other.weight - one.weight || (one.account.key < other.account.key ? -1 : 1))
    .slice(0, mostSuggestions)
    .map(({ account: { key, name }, why }) => ({ account: key, name, why }));
}

function likeness(wanted: Wanted, account: NearAccount): { readonly weight: number; readonly why: string } {
  const shared = wanted.domains.find((domain) => account.domains.includes(domain));
  if (shared !== undefined) return { weight: 2, why: `the domain ${shared}` };
  const roots = new Set(account.domains.map(rootOf));
  const akin = wanted.domains.find((domain) => roots.has(rootOf(domain)));
  const alike = Math.max(0, ...[wanted.name, wanted.ourKey].flatMap((text) => alikenessOf(text, account)));
  if (akin !== undefined) return { weight: 1 + alike, why: `a domain like ${akin}` };
  const isNamedAlike = domainsNaming(wanted, account);
  if (isNamedAlike !== null) return { weight: Math.max(alike, 0.6), why: `its name is in ${isNamedAlike}` };
  return { weight: alike, why: alike === 1 ? "the same name" : `a similar name (${Math.round(alike * 100)} %)` };
}

function alikenessOf(text: string | null, { key, name }: NearAccount): number[] {
  if (text === null) return [];
  const plain = wordsOf(text).join(" ");
  return [name, key].map((other) => pairsShared(plain, wordsOf(other).join(" ")));
}

function domainsNaming({ domains }: Wanted, { name }: NearAccount): string | null {
  const plain = wordsOf(name).join("");
  return plain.length < 3 ? null : (domains.find((domain) => rootOf(domain).replaceAll("-", "") === plain) ?? null);
}

/** The share of letter pairs that two texts have in common (Sørensen–Dice), 0–1. */
function pairsShared(one: string, other: string): number {
  if (one === "" || other === "") return 0;
  if (one === other) return 1;
  const left = pairsOf(one);
  const right = pairsOf(other);
  const rest = new Map<string, number>();
  for (const pair of right) rest.set(pair, (rest.get(pair) ?? 0) + 1);
  let common = 0;
  for (const pair of left) {
    const count = rest.get(pair) ?? 0;
    if (count === 0) continue;
    rest.set(pair, count - 1);
    common += 1;
  }
  return left.length + right.length === 0 ? 0 : (2 * common) / (left.length + right.length);
}

function pairsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2));
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "" && !commonWords.has(word));
}

/** `acme` of `acme.co.uk`: domains are such as somebody has registered, so the first part is the name. */
function rootOf(domain: string): string {
  return domain.split(".")[0] ?? domain;
}
