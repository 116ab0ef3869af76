import type { ScoreChange } from "../queries/explain/change.ts";
import { type Output, oneLine } from "./output.ts";

/** Shares beyond these say little; `--json` has them all. */
const mostShares = 5;

/** Why a score moved: one line per cause, and beneath it what moved most. */
export function printChange(out: Output, { from, to, points, reason, parts }: ScoreChange): void {
  const { bold, dim } = out.paint;
  const since = `since ${from.asOf.slice(0, 10)}${from.isStored ? "" : ", computed for this question"}`;
  out.line(`${bold("Why it moved")}  ${shownScore(from)} → ${shownScore(to)}  ${dim(since)}`);
  const moved = parts.filter((part) => part.points !== 0 || part.shares.length > 0);
  if (points === null) out.line(`  not to be taken apart: ${reason ?? "unknown"}`);
  else if (moved.length === 0) out.line("  it did not move");
  for (const part of moved) printPart(out, part);
}

function printPart(out: Output, { words, shares }: ScoreChange["parts"][number]): void {
  out.line(`  ${words}`);
  for (const share of shares.slice(0, mostShares)) {
    const isNamedAlone = share.group === "cap" || share.group === "override";
    const name = isNamedAlone ? share.measure : `${share.group} / ${share.measure}`;
    out.line(`    ${signed(share.points).padStart(6)}  ${oneLine(name)}  ${out.paint.dim(oneLine(share.words))}`);
  }
  const rest = shares.length - mostShares;
  if (rest > 0) out.line(out.paint.dim(`            ${rest} more`));
}

function shownScore({ score, band }: ScoreChange["from"]): string {
  return score === null ? "no score" : `${score.toFixed(1)} ${band ?? ""}`.trim();
}

function signed(points: number): string {
  return `${points > 0 ? "+" : ""}${points.toFixed(1)}`;
}
