import type { VersionReport } from "../../../queries/backtest/report.ts";
import type { Horizon } from "../../../queries/backtest/verdict.ts";
import type { Backtest } from "../../../queries/backtest.ts";
import type { Chart } from "../../chart.ts";
import type { Output } from "../../output.ts";

type Verdict = VersionReport["verdicts"][number];

/** Prints a backtest: of one version all there is to say, of several a table to compare them. */
export function printBacktest(out: Output, report: Backtest, within: Horizon): void {
  const { playbook, from, to, accounts, accountDays, fromStored } = report;
  const anew = accounts - fromStored;
  out.line(`"${playbook.name}" from ${from} to ${to}: ${accounts} accounts, ${accountDays} days of accounts.`);
  out.line(`Scores: of ${fromStored} accounts as they are stored, of ${anew} computed anew.`);
  const [only] = report.versions;
  if (report.swept !== null) printSweep(out, report, report.swept, within);
  else if (only !== undefined) printVersion(out, report, only);
  out.line();
  for (const note of report.notes) out.line(note);
  out.line("Nothing was written and nothing was sent.");
}

/** Precision, recall and alerts a week over the number that was swept. */
export function sweepChart({ playbook, from, to, swept, versions }: Backtest, within: Horizon): Chart {
  const verdicts = versions.map((version) => verdictWithin(version, within));
  return {
    title: playbook.name,
    subtitle: `${from} to ${to}; churned within ${within} days`,
    points: swept ?? "",
    at: versions.map(({ value }) => value ?? 0),
    counts: "alerts a week",
    lines: [
      { name: "precision", scale: "share", values: verdicts.map((verdict) => verdict?.precision.share ?? null) },
      { name: "recall", scale: "share", values: verdicts.map((verdict) => verdict?.recall.share ?? null) },
      { name: "alerts a week", scale: "count", values: versions.map(({ perWeek }) => round(perWeek)) },
    ],
  };
}

function printSweep(out: Output, { versions }: Backtest, path: string, within: Horizon): void {
  out.line();
  out.line(`Against who churned within ${within} days of a run:`);
  out.table({
    head: [path, "runs", "accounts", "a week", "precision", "95 %", "recall", "95 %", "lead days", "false/CSM-week"],
    rows: versions.map((version) => {
      const verdict = verdictWithin(version, within);
      const { value, fires, accounts, perWeek } = version;
      const outcome = verdict === null ? [null, null, null, null, null, null] : outcomeCells(verdict);
      return [value, fires, accounts, round(perWeek), ...outcome];
    }),
    right: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  });
}

function printVersion(out: Output, report: Backtest, version: VersionReport): void {
  const { fires, accounts, perWeek, baseline } = version;
  out.line(
    `${fires} runs for ${accounts} accounts, ${round(perWeek)} a week; ${baseline} accounts matched at first and were taken silently.`,
  );
  if (fires > 0) {
    printOwners(out, version);
    printWeeks(out, version);
  }
  printVerdicts(out, report, version);
  printOverlap(out, version);
  for (const { day, fires: times, audience } of version.stormDays) {
    out.note(`storm: ${times} runs on ${day} for an audience of ${audience}: its brake would have been pulled`);
  }
  if (report.fired.length === 0) return;
  out.line();
  out.table({
    head: ["day", "account", "owner", "priority", "churned", "why"],
    rows: report.fired.map(({ day, name, owner, priority, churnedOn, reason }) => [
      day,
      name,
      owner,
      priority,
      churnedOn,
      reason,
    ]),
  });
  const more = fires - report.fired.length;
  if (more > 0) out.line(`… and ${more} runs before: --limit lists more.`);
}

function printOwners(out: Output, { owners }: VersionReport): void {
  out.line();
  out.table({
    head: ["CSM", "runs", "accounts", "a week", "most in a week"],
    rows: owners.map(({ owner, fires, accounts, perWeek, mostInAWeek }) => [
      owner ?? "(nobody)",
      fires,
      accounts,
      round(perWeek),
      mostInAWeek,
    ]),
    right: [1, 2, 3, 4],
  });
}

/** Weeks without a run say nothing that the mean does not. */
function printWeeks(out: Output, { weeks, owners }: VersionReport): void {
  out.line();
  const shares = (ofWeek: VersionReport["weeks"][number]["owners"]) =>
    Object.entries(ofWeek).map(([owner, times]) => `${owner === "" ? "(nobody)" : owner} ${times}`);
  const isDivided = owners.length > 1;
  out.table({
    head: ["week of", "runs", ...(isDivided ? ["by CSM"] : [])],
    rows: weeks
      .filter(({ fires }) => fires > 0)
      .map(({ week, fires, owners: ofWeek }) => [week, fires, ...(isDivided ? [shares(ofWeek).join(", ")] : [])]),
    right: [1],
  });
}

function printVerdicts(out: Output, { knownThrough }: Backtest, { verdicts }: VersionReport): void {
  if (knownThrough === null) return;
  out.line();
  out.table({
    head: [
      "churned within",
      "precision",
      "95 %",
      "recall",
      "95 %",
      "lead days",
      "false/CSM-week",
      "too recent",
      "no customer",
      "unknown",
    ],
    rows: verdicts.map((verdict) => {
      const { tooRecent, noCustomer, unknown } = verdict.left;
      return [`${verdict.days} days`, ...outcomeCells(verdict), tooRecent, noCustomer, unknown];
    }),
    right: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  });
  out.line(
    `Contracts are known through ${knownThrough}. Runs that are too recent, or of no customer, are not counted.`,
  );
}

function printOverlap(out: Output, { overlap, fires }: VersionReport): void {
  for (const { playbook, counted, share } of overlap) {
    out.line(`${counted} of ${fires} runs (${percent(share)}) within 7 days of a run of ${playbook}.`);
  }
}

function outcomeCells({ precision, recall, medianLeadDays, falseAlarms, csmWeeks, falseAlarmsPerCsmWeek }: Verdict) {
  const alarms =
    falseAlarmsPerCsmWeek === null ? null : `${falseAlarmsPerCsmWeek.toFixed(2)} (${falseAlarms}/${round(csmWeeks)})`;
  return [...shareCells(precision), ...shareCells(recall), medianLeadDays, alarms];
}

function shareCells({ counted, of, share, low, high }: Verdict["precision"]): [string | null, string | null] {
  if (share === null) return [null, null];
  return [`${percent(share)} (${counted}/${of})`, `${percent(low)}–${percent(high)}`];
}

function verdictWithin({ verdicts }: VersionReport, within: Horizon): Verdict | null {
  return verdicts.find(({ days }) => days === within) ?? null;
}

function percent(share: number | null): string {
  return share === null ? "–" : `${Math.round(share * 100)} %`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
