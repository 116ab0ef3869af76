import type { Database } from "../../store/db.ts";
import { copyScores } from "../../store/scores/copy.ts";
import { type StoredScore, writeScores } from "../../store/scores.ts";

/** About 6 MB. */
const mostWaiting = 2000;
const uniqueViolation = "23505";

/** Stores replayed scores as they come, some at a time. */
export class ScoreSink {
  readonly #database: Pick<Database, "db" | "pool">;
  readonly #isEmpty: boolean;
  #waiting: StoredScore[] = [];
  stored = 0;

  /** `isEmpty`: nothing is stored yet of the days to come, so that they can be copied in. */
  constructor(database: Pick<Database, "db" | "pool">, isEmpty: boolean) {
    this.#database = database;
    this.#isEmpty = isEmpty;
  }

  add(score: StoredScore): void {
    this.#waiting.push(score);
  }

  /** Stores what has come together, once it is enough or at the end. */
  async flush(isEnd: boolean): Promise<void> {
    while (this.#waiting.length >= mostWaiting || (isEnd && this.#waiting.length > 0)) {
      const scores = this.#waiting.splice(0, mostWaiting);
      this.stored += await this.#store(scores);
    }
  }

  async #store(scores: readonly StoredScore[]): Promise<number> {
    if (!this.#isEmpty) return writeScores(this.#database.db, scores, false);
    try {
      await copyScores(this.#database.pool, scores);
      return scores.length;
    } catch (error) {
      // A worker stored one of these days meanwhile.
      if (!(error instanceof Error && "code" in error && error.code === uniqueViolation)) throw error;
      return writeScores(this.#database.db, scores, false);
    }
  }
}
