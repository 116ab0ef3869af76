import type { AskGuards, GuardQuestion, GuardVerdict } from "../../playbooks/guard.ts";
import { capVerdict } from "../../playbooks/guards/cap.ts";
import type { AskingAccount } from "../../playbooks/guards/knowledge.ts";
import { windowVerdict } from "../../playbooks/guards/window.ts";
import { snoozeVerdict } from "../../playbooks/snooze.ts";
import type { Instant } from "../../scoring/history.ts";
import type { Judges } from "./judges.ts";

/** What of an account its guards go by. */
export type GuardedAccount = Pick<AskingAccount, "zone" | "ownerId" | "snooze" | "begun" | "rootId">;

/** Runs that never were have no steps under way, and nobody has decided about them. */
const unknown = { underWay: [], pauses: [], setFacts: [], brakeVerdicts: [], budget: null } as const;

/** Those guards that go by one account alone: snoozes, caps and working hours, in the order of the live ones. */
export function accountGuards({ guardKnowledge }: Judges, guarded: GuardedAccount, now: Instant): AskGuards {
  const account = { ...unknown, ...guarded };
  const guards: readonly ((question: GuardQuestion) => GuardVerdict)[] = [
    (question) => snoozeVerdict(question, account),
    (question) => capVerdict(question, account, guardKnowledge.house, now),
    (question) => windowVerdict(question, account, guardKnowledge, now),
  ];
  return (question) => {
    for (const guard of guards) {
      const verdict = guard(question);
      if (verdict.kind !== "go") return verdict;
    }
    return { kind: "go" };
  };
}
