import type { AccountScore } from "../account-score.ts";
import type { ChildScore, Instant } from "../history.ts";
import { accountAsOf } from "../record-state.ts";
import { mrrOf } from "../roll-up.ts";
import { momentsOf, type ReplayedAccount, type ReplayGround, scoreMoment } from "./account-days.ts";

/** What of an account's newest score its parent sees. */
export type NewestScore = Pick<ChildScore, "score" | "band" | "mrr">;

/** An account that was a parent or had one, at any time. */
export interface FamilyMember extends ReplayedAccount {
  /** Null while it was never scored. */
  newest: NewestScore | null;
}

const unscored: NewestScore = { score: null, band: null, mrr: null };

/**
 * All days of accounts that belong together, moment by moment: children before their parents, whose children have their newest scores
 * of that moment. Who belonged to whom is what was known then.
 */
export function replayFamily<Member extends FamilyMember>(
  ground: ReplayGround,
  members: readonly Member[],
  visit: (member: Member, score: AccountScore, at: Instant) => void,
): void {
  const turns = members.flatMap((member) => momentsOf(ground, member).map((at) => ({ member, at })));
  turns.sort((a, b) => a.at - b.at);
  for (let from = 0, end = 0; from < turns.length; from = end) {
    const at = turns[from]?.at ?? 0;
    while (turns[end]?.at === at) end += 1;
    const childrenOf = childrenAt(members, at);
    for (const member of childrenFirst(turns.slice(from, end), childrenOf)) {
      const children = (childrenOf.get(member.history.key) ?? []).map((child) => childScore(child, at));
      const score = scoreMoment(ground, member, children, at);
      member.newest = { score: score.health.score, band: score.health.band, mrr: mrrOf(score.metrics) };
      visit(member, score, at);
    }
  }
}

type ChildrenOf<Member> = ReadonlyMap<string, readonly Member[]>;

/** By the parent's key, in order of the children's ids, as live passes read them. */
function childrenAt<Member extends FamilyMember>(members: readonly Member[], at: Instant): ChildrenOf<Member> {
  const childrenOf = new Map<string, Member[]>();
  for (const member of members) {
    const { parent } = accountAsOf(member.history, at);
    if (parent == null || (member.archivedAt !== null && member.archivedAt <= at)) continue;
    const siblings = childrenOf.get(parent);
    if (siblings === undefined) childrenOf.set(parent, [member]);
    else siblings.push(member);
  }
  return childrenOf;
}

function childScore({ history, newest }: FamilyMember, at: Instant): ChildScore {
  return { key: history.key, name: accountAsOf(history, at).name ?? history.key, ...(newest ?? unscored) };
}

/** Deepest first. Accounts that were in a ring for a while, as told now, are passed through once. */
function childrenFirst<Member extends FamilyMember>(
  turns: readonly { readonly member: Member }[],
  childrenOf: ChildrenOf<Member>,
): Member[] {
  const due = new Set(turns.map(({ member }) => member));
  const seen = new Set<Member>();
  const ordered: Member[] = [];
  const enter = (member: Member): void => {
    if (seen.has(member)) return;
    seen.add(member);
    for (const child of childrenOf.get(member.history.key) ?? []) enter(child);
    if (due.has(member)) ordered.push(member);
  };
  for (const { member } of turns) enter(member);
  return ordered;
}
