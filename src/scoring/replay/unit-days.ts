import type { AccountScore } from "../account-score.ts";
import type { Instant } from "../history.ts";
import { enterReplay, momentsOf, type ReplayGround, scoreMoment } from "./account-days.ts";
import { type FamilyMember, replayFamily } from "./family-days.ts";

/** All days of a unit of accounts, each score as of the last moment of its day; those of one account in order. */
export function replayUnit<Member extends FamilyMember>(
  ground: ReplayGround,
  unit: readonly Member[],
  visit: (account: Member, score: AccountScore, at: Instant) => void,
): void {
  const members = unit.map(enterReplay);
  const [alone] = members;
  if (members.length > 1) {
    replayFamily(ground, members, visit);
    return;
  }
  if (alone === undefined) return;
  for (const at of momentsOf(ground, alone)) visit(alone, scoreMoment(ground, alone, [], at), at);
}
