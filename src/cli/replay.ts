import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import type { Configuration } from "../playbooks/configuration.ts";
import { dayOfInstant, parseDay } from "../scoring/days.ts";
import { readAllAccounts } from "../store/account-list.ts";
import { type Db, readNow } from "../store/db.ts";
import { ensurePartitions } from "../store/partitions.ts";
import { hasLiveScores, type StoredScore } from "../store/scores.ts";
import { type ReplaySummary, replayScores } from "../worker/replay.ts";
import { parseDay as parseDayArgument } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { ensureDocuments } from "./documents-in-force.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";

const dayShape = z.strictObject({
  day: z.string(),
  accounts: z.number(),
  /** Mean of the known scores. */
  meanScore: z.number().nullable(),
  /** Accounts by band; `unknown` where coverage was too low. */
  bands: z.record(z.string(), z.number()),
});

/** What `replay --json` prints. */
const replayShape = z.strictObject({
  from: z.string(),
  to: z.string(),
  accounts: z.number(),
  scores: z.number(),
  stored: z.number(),
  days: z.array(dayShape),
});

interface ReplayCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly record?: boolean;
  readonly backfill?: boolean;
  readonly json?: boolean;
}

/** `replay`: scores of past days, from what was known then. */
export function registerReplay(program: Command, context: CliContext): void {
  const replay = program
    .command("replay")
    .description("compute the scores of past days from what was known then; nothing fires and nothing is sent")
    .requiredOption("--from <day>", "the first day", parseDayArgument)
    .requiredOption("--to <day>", "the last day", parseDayArgument)
    .option("--record", "store the scores, marked as replayed; otherwise they are only summed up here")
    .option("--backfill", "with --record: also where later scores exist already")
    .addHelpText("after", "\nExample:\n  keepwell replay --from 2024-12-01 --to 2024-12-31 --record");
  offerJson(replay, replayShape).action((options: ReplayCommandOptions) => run(context, options));
}

async function run(context: CliContext, options: ReplayCommandOptions): Promise<void> {
  const { from, to } = options;
  if (from > to) throw new InvalidArgumentError(`--from ${from} is after --to ${to}.`);
  await context.withDatabase(async ({ db }) => {
    await ensureDocuments(context, db);
    await refuseOverwriting(db, options);
    const follow = context.composition.followConfiguration(db);
    try {
      const { configuration } = await follow.live();
      const tally = new Tally();
      const accounts = await readAllAccounts(db);
      const bar = context.out.progress("replay", accounts.length);
      const summary = await replayRange(db, configuration, {
        fromDay: parseDay(from),
        toDay: parseDay(to),
        isRecording: options.record === true,
        now: await readNow(db),
        onScores: (scores, batch) => {
          tally.add(scores);
          bar.advance(batch);
        },
      }).finally(() => bar.stop());
      print(context, options, summary, tally);
    } finally {
      await follow.close();
    }
  });
}

/** Stored bands remember the days before them: history written beneath scores that exist would contradict them unasked. */
async function refuseOverwriting(db: Db, options: ReplayCommandOptions): Promise<void> {
  if (options.record !== true || options.backfill === true) return;
  if (!(await hasLiveScores(db, options.from, "9999-12-31"))) return;
  throw new UsageError(
    `Scores of ${options.from} or later days exist already: --backfill writes the days before them all the same, and leaves them as they are.`,
  );
}

/** Replays and stores the last `days` days before today. */
export async function replayDays(
  db: Db,
  configuration: Configuration,
  options: { readonly days: number; readonly now: Date },
): Promise<ReplaySummary> {
  const today = dayOfInstant(configuration.scorer.company.zone, options.now.getTime());
  return replayRange(db, configuration, {
    fromDay: today - options.days,
    toDay: today - 1,
    isRecording: true,
    now: options.now,
    onScores: () => undefined,
  });
}

interface RangeOptions {
  readonly fromDay: number;
  readonly toDay: number;
  readonly isRecording: boolean;
  readonly now: Date;
  readonly onScores: (scores: readonly StoredScore[], accounts: number) => void;
}

async function replayRange(db: Db, configuration: Configuration, options: RangeOptions): Promise<ReplaySummary> {
  const accounts = await readAllAccounts(db);
  const [from, to] = [options.fromDay, options.toDay].map((day) =>
    new Date(day * 86_400_000).toISOString().slice(0, 10),
  );
  if (options.isRecording && from !== undefined && to !== undefined) {
    await ensurePartitions(db, "scores", from, to, options.now);
  }
  return replayScores(db, configuration, { ...options, accounts });
}

/** Sums replayed scores up by day. */
class Tally {
  readonly #days = new Map<string, { accounts: number; sum: number; known: number; bands: Map<string, number> }>();

  add(scores: readonly StoredScore[]): void {
    for (const { day, score, band } of scores) {
      let entry = this.#days.get(day);
      if (entry === undefined) {
        entry = { accounts: 0, sum: 0, known: 0, bands: new Map() };
        this.#days.set(day, entry);
      }
      entry.accounts += 1;
      if (score !== null) {
        entry.sum += score;
        entry.known += 1;
      }
      entry.bands.set(band ?? "unknown", (entry.bands.get(band ?? "unknown") ?? 0) + 1);
    }
  }

  days(): z.infer<typeof dayShape>[] {
    return [...this.#days]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([day, { accounts, sum, known, bands }]) => ({
        day,
        accounts,
        meanScore: known === 0 ? null : Math.round((sum / known) * 10) / 10,
        bands: Object.fromEntries([...bands].sort()),
      }));
  }
}

function print({ out }: CliContext, options: ReplayCommandOptions, summary: ReplaySummary, tally: Tally): void {
  const days = tally.days();
  if (options.json === true) {
    out.json(replayShape, { from: options.from, to: options.to, ...summary, days });
    return;
  }
  const bands = [...new Set(days.flatMap((day) => Object.keys(day.bands)))].sort();
  out.table({
    head: ["day", "accounts", "mean score", ...bands],
    rows: days.map((day) => [
      day.day,
      day.accounts,
      day.meanScore?.toFixed(1) ?? null,
      ...bands.map((band) => day.bands[band] ?? 0),
    ]),
    right: [1, 2, ...bands.map((_, index) => 3 + index)],
  });
  const kept = options.record === true ? `${summary.stored} stored as replayed` : "nothing stored: --record does that";
  out.line(`${summary.scores} scores of ${summary.accounts} accounts; ${kept}.`);
}
