import { z } from "zod";
import { brakeOf } from "../playbooks/guards/storm-brake.ts";
import type { CompiledPlaybook } from "../playbooks/playbook.ts";
import { formatDay } from "../scoring/days.ts";
import type { Candidates } from "./backtest/candidates.ts";
import { firedReport, firedSchema, versionReport, versionSchema } from "./backtest/report.ts";
import type { Sweep } from "./backtest/sweep.ts";
import type { WalkRange } from "./backtest/walk.ts";
import type { Walked } from "./backtest/walked.ts";

/** What a playbook would have done in the past, and what became of the accounts. */
export const backtestSchema = z.strictObject({
  playbook: z.strictObject({ id: z.string(), name: z.string() }),
  from: z.string(),
  to: z.string(),
  accounts: z.number(),
  accountDays: z.number(),
  /** Accounts whose stored scores sufficed; those of the others were computed anew. */
  fromStored: z.number(),
  /** The last day of which contracts are known; null: of none. */
  knownThrough: z.string().nullable(),
  /** The path of the number that is swept; null: nothing is. */
  swept: z.string().nullable(),
  versions: z.array(versionSchema),
  /** The newest runs of the first version; none where a number is swept. */
  fired: z.array(firedSchema),
  /** What is left out, in words. */
  notes: z.array(z.string()),
});
export type Backtest = z.infer<typeof backtestSchema>;

/** What is reported of a walk. */
export interface BacktestQuestion {
  readonly trial: Candidates;
  readonly sweep: Sweep | null;
  readonly range: WalkRange;
  /** How many runs are listed. */
  readonly limit: number;
}

/** What a walk over all accounts came to. */
export function backtestReport({ trial, sweep, range, limit }: BacktestQuestion, walked: Walked): Backtest {
  const { configuration, candidates } = trial;
  const [first] = candidates;
  if (first === undefined) throw new Error("A backtest tries at least one version of a playbook.");
  const brake = brakeOf(first, configuration.guards);
  return {
    playbook: { id: first.id, name: first.name },
    from: formatDay(range.fromDay),
    to: formatDay(range.toDay),
    accounts: walked.accounts,
    accountDays: walked.accountDays,
    fromStored: walked.fromStored,
    knownThrough: walked.knownThrough === null ? null : formatDay(walked.knownThrough),
    swept: sweep?.path ?? null,
    versions: candidates.map((_, version) =>
      versionReport(walked, version, range, { value: sweep?.values[version] ?? null, brake }),
    ),
    fired: sweep === null ? [...firedReport(walked, 0, limit)] : [],
    notes: notesOf(first, walked, configuration.playbooks.length > 1),
  };
}

/** What the numbers are to be read with. */
function notesOf(playbook: CompiledPlaybook, { knownThrough }: Walked, hasOthers: boolean): string[] {
  const notes = [
    "Scores are those of the ends of days. Snoozes of accounts, caps and working hours are kept as they would have been.",
  ];
  const left = ["alert budgets", "inhibition", "pauses of playbooks"];
  if (playbook.holdoutPercent > 0) left.push(`the holdout of ${playbook.holdoutPercent} %`);
  notes.push(`Left out: ${left.join(", ")}. A storm brake is told, and nobody is stopped by it.`);
  if (hasOthers) notes.push("The other playbooks fire as they stand today, not as they stood then.");
  if (knownThrough === null) notes.push("No source delivers subscriptions: nobody knows who churned.");
  return notes;
}
