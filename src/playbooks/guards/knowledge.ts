import type { CompanyFacts, Instant } from "../../scoring/history.ts";
import type { GuardQuestion } from "../guard.ts";
import type { HouseGuards } from "../guards-document.ts";
import type { Owners } from "../owners.ts";
import type { Priority } from "../schema/words.ts";
import type { PlaybookPause, SnoozeNotice } from "../snooze.ts";
import type { BudgetKnowledge } from "./budget.ts";

/** A run that would begin, for an account. */
export interface AskedRun {
  readonly accountId: number;
  readonly question: GuardQuestion;
}

/** A run that has begun for an account, as caps count it. */
export interface BegunRun {
  readonly playbookId: string;
  readonly priority: Priority;
  readonly startedAt: Instant;
}

/** A fact that a run has set lately. */
export interface SetFact {
  readonly fact: string;
  readonly playbookId: string;
  /** How many runs stood behind that run, and whose they were. */
  readonly depth: number;
  readonly chain: readonly string[];
}

/** What somebody decided about an episode that waited for a storm brake. */
export interface BrakeVerdict {
  readonly playbookId: string;
  readonly episode: number;
  readonly decision: "go" | "drop";
  readonly by: string;
  readonly at: Instant;
}

/** What guards go by for one account. */
export interface AskingAccount {
  /** The account's zone, else the company's. */
  readonly zone: string;
  readonly ownerId: string | null;
  readonly snooze: SnoozeNotice | null;
  /** Runs that are not over. */
  readonly underWay: readonly Omit<BegunRun, "startedAt">[];
  /** Runs within the longest time that a cap looks back. */
  readonly begun: readonly BegunRun[];
  readonly pauses: readonly PlaybookPause[];
  readonly setFacts: readonly SetFact[];
  readonly brakeVerdicts: readonly BrakeVerdict[];
  /** The topmost account above it, or itself: a family is held out together. */
  readonly rootId: number;
  readonly budget: BudgetKnowledge | null;
}

/** How much a playbook has done lately. */
export interface Storm {
  /** Runs begun within the sliding time of its brake. */
  readonly begun: number;
  /** Accounts in its audience. */
  readonly audience: number;
  /** Null: its brake is not pulled. */
  readonly brake: PulledBrake | null;
}

/** A brake that was pulled: what had begun then, what was to begin at once, and for how many accounts it is. */
export interface PulledBrake {
  readonly begun: number;
  readonly wanted: number;
  readonly audience: number;
}

/** What the guards go by, for all accounts that ask together. */
export interface GuardKnowledge {
  readonly house: HouseGuards;
  readonly owners: Owners;
  readonly company: Pick<CompanyFacts, "zone" | "calendarOf">;
  /** Of this installation; whoever does not know it cannot tell who is held out. */
  readonly salt: string;
  readonly accounts: ReadonlyMap<number, AskingAccount>;
  /** By playbook; of playbooks without a brake there is none. */
  readonly storms: ReadonlyMap<string, Storm>;
  /** Names of playbooks by id. */
  readonly names: ReadonlyMap<string, string>;
}
