import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import type { Configuration } from "../playbooks/configuration.ts";
import { dayOfInstant, formatDay, parseDay } from "../scoring/days.ts";
import { type Db, readNow } from "../store/db.ts";
import { hasLiveScores } from "../store/scores.ts";
import type { ReplaySummary } from "../worker/replay.ts";
import { parseDay as parseDayArgument } from "./arguments.ts";
import type { CliContext, ReachableDatabase } from "./context.ts";
import { ensureDocuments } from "./documents-in-force.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";
import { replayRange } from "./replay/range.ts";

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
  await context.withDatabase(async (database) => {
    const { db } = database;
    await ensureDocuments(context, db);
    await refuseOverwriting(db, options);
    const follow = context.composition.followConfiguration(db);
    let bar: ReturnType<CliContext["out"]["progress"]> | null = null;
    try {
      const { configuration } = await follow.live();
      const summary = await replayRange(database, configuration, {
        fromDay: parseDay(from),
        toDay: parseDay(to),
        isRecording: options.record === true,
        now: await readNow(db),
        onBegin: (accounts) => {
          bar = context.out.progress("replay", accounts);
        },
        onAccounts: (accounts) => bar?.advance(accounts),
      }).finally(() => bar?.stop());
      print(context, options, summary);
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
  database: ReachableDatabase,
  configuration: Configuration,
  options: { readonly days: number; readonly now: Date },
): Promise<ReplaySummary> {
  const today = dayOfInstant(configuration.scorer.company.zone, options.now.getTime());
  const range = { fromDay: today - options.days, toDay: today - 1, isRecording: true, now: options.now };
  return replayRange(database, configuration, range);
}

function print({ out }: CliContext, options: ReplayCommandOptions, summary: ReplaySummary): void {
  const { accounts, scores, stored } = summary;
  const days = summary.days.map(({ day, known, tenths, ...rest }) => {
    const meanScore = known === 0 ? null : Math.round(tenths / known) / 10;
    return { day: formatDay(day), accounts: rest.accounts, meanScore, bands: { ...rest.bands } };
  });
  if (options.json === true) {
    out.json(replayShape, { from: options.from, to: options.to, accounts, scores, stored, days });
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
  const kept = options.record === true ? `${stored} stored as replayed` : "nothing stored: --record does that";
  out.line(`${scores} scores of ${accounts} accounts; ${kept}.`);
}
