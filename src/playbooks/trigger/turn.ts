import type { Instant } from "../../scoring/history.ts";
import type { AskGuards } from "../guard.ts";
import type { CompiledPlaybook } from "../playbook.ts";
import type { Priority } from "../schema/words.ts";
import type { Answer } from "./answer.ts";
import type { Awaited } from "./awaited.ts";
import type { TriggerState } from "./state.ts";

/** One judgement: what was asked, what came of it, and when. */
export interface Turn {
  readonly playbook: CompiledPlaybook;
  readonly answer: Answer;
  /** The priority that a run would have now. */
  readonly priority: Priority;
  readonly guards: AskGuards;
  /** Null where the trigger waits for no records or times. */
  readonly awaited: Awaited | null;
  /** Only what changes is put into words. */
  readonly isTerse: boolean;
  readonly now: Instant;
}

/** The state after a judgement, and how a run begins, if one does. */
export interface Moved {
  readonly state: TriggerState;
  /** `holdout`: it is kept, and nothing is done. */
  readonly begins: "run" | "holdout" | null;
  /** What this judgement found. */
  readonly words: string;
}

/** No run begins; without other words the state's reason is all there is to say. */
export function stay(state: TriggerState, words = state.reason): Moved {
  return { state, begins: null, words };
}

/** A deadline that has passed while the answer was unknown must not ring again and again. */
export function later(deadline: Instant | null, now: Instant): Instant | null {
  return deadline !== null && deadline > now ? deadline : null;
}
