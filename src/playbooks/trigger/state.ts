import type { Instant } from "../../scoring/history.ts";
import type { Priority } from "../schema/words.ts";

/** What a playbook remembers of one account between two judgements. */
export interface TriggerState {
  /** The `triggerKey` it was judged under; another one means that the trigger was edited. */
  readonly triggerKey: string;
  readonly state: "inactive" | "pending" | "firing" | "recovering";
  /** Since when it is in this state. */
  readonly since: Instant;
  /** When time alone may change the state; never at or before the judgement that set it. */
  readonly dueAt: Instant | null;
  /** Number of the newest episode; 0 before the first. */
  readonly episode: number;
  /** When a run was last started. */
  readonly lastFiredAt: Instant | null;
  /**
   * While firing: this episode was taken as it was found, silently. While inactive: the first known answer is still awaited and will
   * be taken as it is found.
   */
  readonly baseline: boolean;
  /** What it goes by rested on a source that failed when it was judged last. */
  readonly held: boolean;
  /** Why it is in this state; while firing, why the episode began. */
  readonly reason: string;
  /**
   * What the newest episode is about, as in the day on which a period ends, or the record that came, in words; null where its trigger has no
   * occasions, or it was not known.
   */
  readonly occasion: string | null;
  /** The guard that keeps a run from beginning, while pending the first of the episode, while firing a further one; null: none does. */
  readonly guard: string | null;
  /** Whether the account was in the audience; null: not known. */
  readonly inAudience: boolean | null;
  /** Runs that the present episode has begun. */
  readonly round: number;
  /** The priority with which a run was last begun, or an episode taken as it was found; null before the first. */
  readonly priority: Priority | null;
  /** Where it stands among the records or times that its trigger waits for; null where it waits for none. */
  readonly seen: Seen | null;
}

/** All that came up to `floor` is taken, or was there before it began; of what came later, what is named. */
export interface Seen {
  readonly floor: Instant;
  readonly taken: readonly string[];
}
