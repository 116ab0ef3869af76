import type { Instant } from "../scoring/history.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import type { Priority } from "./schema/words.ts";

/** What keeps a run from beginning. */
export type GuardName =
  | "snooze"
  | "window"
  | "account-cap"
  | "inhibition"
  | "storm-brake"
  | "budget"
  | "loop"
  | "holdout";

/** A run that would begin. */
export interface GuardQuestion {
  readonly playbook: CompiledPlaybook;
  readonly episode: number;
  /** The run of the episode that it would be, from 1. */
  readonly round: number;
  readonly priority: Priority;
  /** The guard that has kept it waiting so far; null: none. */
  readonly waitingFor: string | null;
}

/** What the guards say. Words are for people: `snoozed until …`, `2 of 2 runs within 30 days`. */
export type GuardVerdict =
  | { readonly kind: "go" }
  /** Judged again at `until`, and whenever the account is; null: something else makes it due. */
  | { readonly kind: "defer"; readonly guard: GuardName; readonly until: Instant | null; readonly words: string }
  | { readonly kind: "drop"; readonly guard: GuardName; readonly words: string }
  /** A run is kept, to compare with, and nothing is done. */
  | { readonly kind: "holdout"; readonly words: string };

/** Asked at the edge, once for each run that would begin; whoever asks takes "go" for begun. */
export type AskGuards = (question: GuardQuestion) => GuardVerdict;

/** Without guards every run begins. */
export const noGuards: AskGuards = () => ({ kind: "go" });
