import type { ChangePlan } from "../../queries/plan/change.ts";
import type { ChangedDocument } from "../../queries/plan/changed-documents.ts";
import type { PortfolioPlan } from "../../queries/plan.ts";
import { type Output, oneLine } from "../output.ts";
import { differenceLines } from "./difference-lines.ts";
import { printPlaybooks } from "./playbooks-page.ts";

/** A plan for people: where the documents differ, then what that does. */
export function printPlan(
  out: Output,
  documents: readonly ChangedDocument[],
  plan: ChangePlan,
  token: string | null,
): void {
  if (token === null) {
    out.line("The folder says what is in force: nothing would change.");
    return;
  }
  for (const { kind, id, change, differences } of documents) {
    out.line(`${change.padEnd(8)} ${kind} ${id}`);
    for (const line of differenceLines(differences)) out.line(`           ${line}`);
  }
  printScores(out, plan.portfolio);
  printMoves(out, plan.portfolio);
  printPlaybooks(out, plan);
  for (const warning of plan.portfolio.warnings) out.note(`warning: ${oneLine(warning)}`);
  out.line();
  out.line(
    "Nothing is applied. The accounts are compared as of their newest scores; bands are where they lead to, dwell aside.",
  );
  out.line(`token: ${token}`);
}

function printScores(out: Output, { accounts, compared, scores, bands, stages, models }: PortfolioPlan): void {
  out.line();
  const mean = scores.meanChange === null ? "" : `, ${signed(scores.meanChange)} points on average`;
  out.line(
    `${compared} of ${accounts} accounts have a score: ${scores.up} would rise, ${scores.down} fall, ${scores.same} stay${mean}.`,
  );
  if (scores.gained + scores.lost > 0) out.line(`${scores.gained} would get a score, ${scores.lost} would lose it.`);
  if (models.length > 1) {
    out.line();
    out.table({
      head: ["model", "accounts now", "then"],
      rows: models.map(({ id, before, after }) => [id, before, after]),
      right: [1, 2],
    });
  }
  out.line();
  if (bands.length === 0) out.line("No account changes its band.");
  else {
    out.table({
      head: ["band now", "then", "accounts", "MRR"],
      rows: bands.map((move) => [bandName(move.from), bandName(move.to), move.accounts, Math.round(move.mrr)]),
      right: [2, 3],
    });
  }
  if (stages.length > 0) {
    out.line();
    out.table({
      head: ["stage now", "then", "accounts"],
      rows: stages.map((move) => [move.from, move.to, move.accounts]),
      right: [2],
    });
  }
}

function printMoves(out: Output, { moves }: PortfolioPlan): void {
  if (moves.length === 0) return;
  out.line();
  out.table({
    head: ["account", "owner", "MRR", "score now", "then", "band now", "then"],
    rows: moves.map(({ name, owner, mrr, before, after }) => [
      name,
      owner,
      mrr === null ? null : Math.round(mrr),
      before.score?.toFixed(1) ?? null,
      after.score?.toFixed(1) ?? null,
      bandName(before.band),
      bandName(after.band),
    ]),
    right: [2, 3, 4],
  });
}

function bandName(band: string | null): string {
  return band ?? "unknown";
}

function signed(points: number): string {
  return `${points > 0 ? "+" : ""}${points.toFixed(2)}`;
}
