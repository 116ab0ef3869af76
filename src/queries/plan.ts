import { z } from "zod";
import type { Scorer } from "../scoring/account-score.ts";
import { readCoverage } from "../store/coverage.ts";
import type { Db, Tx } from "../store/db.ts";
import { readPortfolio } from "../store/portfolio.ts";
import { comparePortfolio, type PlannedScore } from "./plan/planned-scores.ts";

const side = z.strictObject({
  score: z.number().nullable(),
  /** Null is unknown. */
  band: z.string().nullable(),
  model: z.string(),
  stage: z.string().nullable(),
});

/** What a change of documents would do to the scores of the whole portfolio. */
export const planSchema = z.strictObject({
  /** Accounts there are; those without any score yet cannot be compared. */
  accounts: z.number(),
  compared: z.number(),
  scores: z.strictObject({
    up: z.number(),
    down: z.number(),
    same: z.number(),
    /** Had none, and would have one. */
    gained: z.number(),
    lost: z.number(),
    /** Over the accounts with a score on both sides. */
    meanChange: z.number().nullable(),
  }),
  /** Accounts whose band moves; null is unknown. MRR in the reporting currency, as far as it is known. */
  bands: z.array(
    z.strictObject({ from: z.string().nullable(), to: z.string().nullable(), accounts: z.number(), mrr: z.number() }),
  ),
  stages: z.array(z.strictObject({ from: z.string().nullable(), to: z.string().nullable(), accounts: z.number() })),
  models: z.array(z.strictObject({ id: z.string(), before: z.number(), after: z.number() })),
  /** Those that change most: first whose band moves, by revenue, then by points. */
  moves: z.array(
    z.strictObject({
      account: z.string(),
      name: z.string(),
      owner: z.string().nullable(),
      mrr: z.number().nullable(),
      before: side,
      after: side,
      reason: z.string(),
    }),
  ),
  warnings: z.array(z.string()),
});
export type PortfolioPlan = z.infer<typeof planSchema>;

/** The documents in force and those that are planned, as far as they score. */
export interface PlanQuestion {
  readonly before: Scorer;
  readonly after: Scorer;
  /** See `Comparison`. */
  readonly isReusable: (metric: string) => boolean;
  /** How many of the accounts that move are listed. */
  readonly listed: number;
  readonly scoresAlike?: boolean;
  readonly onProgress?: (accounts: number, total: number) => void;
  /** Gets the scores as well, batch by batch. */
  readonly onScores?: (scores: readonly PlannedScore[]) => Promise<void>;
}

/** Computes the scores of all accounts under both sides and compares them. Writes nothing. */
export async function planScores(db: Db | Tx, question: PlanQuestion, now: Date): Promise<PortfolioPlan> {
  const coverage = await readCoverage(db);
  const accounts = await readPortfolio(db);
  const tally = new PlanTally(question.listed);
  await comparePortfolio(db, accounts, { comparison: question, coverage, now }, async (scores, batch) => {
    for (const score of scores) tally.add(score);
    await question.onScores?.(scores);
    question.onProgress?.(batch, accounts.length);
  });
  return tally.plan(accounts.length, question.after);
}

type Move = PortfolioPlan["moves"][number];

class PlanTally {
  readonly #listed: number;
  readonly #scores = { up: 0, down: 0, same: 0, gained: 0, lost: 0 };
  readonly #bands = new Map<string, PortfolioPlan["bands"][number]>();
  readonly #stages = new Map<string, PortfolioPlan["stages"][number]>();
  readonly #models = new Map<string, { before: number; after: number }>();
  readonly #oscillations = new Map<string, { accounts: number; first: string }>();
  #compared = 0;
  #tenths = 0;
  #moves: Move[] = [];

  constructor(listed: number) {
    this.#listed = listed;
  }

  add(score: PlannedScore): void {
    const { before, after, mrr } = score;
    this.#compared += 1;
    this.#addScores(before.health.score, after.health.score);
    this.#model(before.modelId).before += 1;
    this.#model(after.modelId).after += 1;
    const bands = { from: before.health.band, to: after.health.band };
    if (bands.from !== bands.to) {
      const cell = cellOf(this.#bands, bands, { ...bands, accounts: 0, mrr: 0 });
      cell.accounts += 1;
      cell.mrr += mrr ?? 0;
    }
    const stages = { from: before.lifecycle?.stage ?? null, to: after.lifecycle?.stage ?? null };
    if (stages.from !== stages.to) cellOf(this.#stages, stages, { ...stages, accounts: 0 }).accounts += 1;
    if (score.oscillation !== null) {
      const stages = score.oscillation.join(", ");
      const known = this.#oscillations.get(stages);
      if (known === undefined) this.#oscillations.set(stages, { accounts: 1, first: score.account.key });
      else known.accounts += 1;
    }
    if (differs(score)) this.#keep(moveOf(score));
  }

  plan(accounts: number, after: Scorer): PortfolioPlan {
    const both = this.#scores.up + this.#scores.down + this.#scores.same;
    const models = after.models.map(({ id }) => ({ id, ...this.#model(id) }));
    const gone = [...this.#models].filter(([id]) => !models.some((model) => model.id === id));
    return {
      accounts,
      compared: this.#compared,
      scores: { ...this.#scores, meanChange: both === 0 ? null : Math.round((this.#tenths / both) * 10) / 100 },
      bands: [...this.#bands.values()].sort((one, other) => other.accounts - one.accounts),
      stages: [...this.#stages.values()].sort((one, other) => other.accounts - one.accounts),
      models: [...models, ...gone.map(([id, counts]) => ({ id, ...counts }))],
      moves: this.#moves.sort(byWeight).slice(0, this.#listed),
      warnings: [...this.#idleModels(models), ...this.#circles()],
    };
  }

  #idleModels(models: PortfolioPlan["models"]): string[] {
    return models
      .filter((model) => model.after === 0 && this.#compared > 0)
      .map(({ id }) => `the health model "${id}" applies to nobody: 0 of ${this.#compared} accounts`);
  }

  #circles(): string[] {
    return [...this.#oscillations].map(
      ([stages, { accounts, first }]) =>
        `the stage rules oscillate for ${accounts} of ${this.#compared} accounts, ${first} for one, between ${stages}: these keep the stage they have`,
    );
  }

  #addScores(before: number | null, after: number | null): void {
    if (before === null && after === null) return;
    if (before === null) this.#scores.gained += 1;
    else if (after === null) this.#scores.lost += 1;
    else {
      const tenths = Math.round((after - before) * 10);
      this.#tenths += tenths;
      if (tenths === 0) this.#scores.same += 1;
      else if (tenths > 0) this.#scores.up += 1;
      else this.#scores.down += 1;
    }
  }

  #model(id: string): { before: number; after: number } {
    let counts = this.#models.get(id);
    if (counts === undefined) {
      counts = { before: 0, after: 0 };
      this.#models.set(id, counts);
    }
    return counts;
  }

  /** Only what may be listed is kept: of 100,000 accounts all may move. */
  #keep(move: Move): void {
    this.#moves.push(move);
    if (this.#moves.length < Math.max(1000, 4 * this.#listed)) return;
    this.#moves = this.#moves.sort(byWeight).slice(0, this.#listed);
  }
}

function cellOf<Cell>(cells: Map<string, Cell>, key: { from: string | null; to: string | null }, empty: Cell): Cell {
  const name = JSON.stringify([key.from, key.to]);
  const cell = cells.get(name) ?? empty;
  cells.set(name, cell);
  return cell;
}

function differs({ before, after }: PlannedScore): boolean {
  return (
    before.health.score !== after.health.score ||
    before.health.band !== after.health.band ||
    before.lifecycle?.stage !== after.lifecycle?.stage
  );
}

function moveOf({ account, mrr, before, after }: PlannedScore): Move {
  const sideOf = ({ health, modelId, lifecycle }: PlannedScore["before"]): Move["before"] => ({
    score: health.score,
    band: health.band,
    model: modelId,
    stage: lifecycle?.stage ?? null,
  });
  return {
    account: account.key,
    name: account.name,
    owner: account.owner,
    mrr,
    before: sideOf(before),
    after: sideOf(after),
    reason: after.health.reason,
  };
}

function byWeight(one: Move, other: Move): number {
  return (
    Number(hasMoved(other)) - Number(hasMoved(one)) ||
    (hasMoved(one) ? (other.mrr ?? 0) - (one.mrr ?? 0) : 0) ||
    pointsOf(other) - pointsOf(one) ||
    (one.account < other.account ? -1 : 1)
  );
}

function hasMoved({ before, after }: Move): boolean {
  return before.band !== after.band;
}

function pointsOf({ before, after }: Move): number {
  return Math.abs((after.score ?? 0) - (before.score ?? 0));
}
