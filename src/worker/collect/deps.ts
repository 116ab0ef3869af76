import type { Source } from "../../integrations/source-port.ts";
import type { Log } from "../../log.ts";
import type { Owners } from "../../playbooks/owners.ts";
import type { Db } from "../../store/db.ts";

/** The boundaries of one page at which a process may die; tests make it die there. */
export type PageBoundary = "before the call" | "after the call" | "in transaction" | "stored";

/** What a collect pass needs. */
export interface CollectDeps {
  readonly db: Db;
  readonly sources: readonly Source[];
  /** The company's. */
  readonly zone: string;
  readonly owners: Owners;
  readonly log: Log;
  /** 0–1: spreads retries. */
  readonly jitter: () => number;
  /** Ends early, by throwing, when the signal fires. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Fires when the process is to stop: pulls under way are given up, and lost is nothing. */
  readonly stopping: AbortSignal;
  readonly atBoundary?: (boundary: PageBoundary, stream: string) => void | Promise<void>;
}
