import type { Explanation } from "../queries/explain/explanation.ts";
import { printArchival } from "./archival.ts";
import { type Output, oneLine } from "./output.ts";
import { paintBand } from "./portfolio.ts";
import { printChange } from "./score-change.ts";

/** Why an account scores what it scores, as a page for people. */
export function printExplanation(out: Output, explanation: Explanation, isStored: boolean): void {
  const { owner } = explanation;
  const { bold, dim } = out.paint;
  const traits = [explanation.segment, explanation.stage, owner === null ? "no owner" : `owner ${owner}`];
  out.line(
    `${bold(explanation.name)}  ${dim([explanation.account, ...traits].filter((trait) => trait !== null).join(" · "))}`,
  );
  printArchival(out, "explain", explanation.archived);
  printScore(out, explanation);
  out.line(explanation.reason);
  printLifecycle(out, explanation);
  const kept = isStored ? "" : ", computed for this question, not stored";
  const why = explanation.modelReason === null ? "" : `: ${explanation.modelReason}`;
  out.line(
    dim(
      `as of ${explanation.asOf} by the health model ${explanation.model}, revision ${explanation.revision}${kept}${why}`,
    ),
  );
  out.line();
  printDrivers(out, explanation);
  out.line();
  printChange(out, explanation.change);
  if (explanation.playbooks.length > 0) {
    out.line();
    out.line(bold("Playbooks"));
    for (const { id, since, reason } of explanation.playbooks) {
      out.line(`  ${bold(id)}  ${reason}${since === null ? "" : dim(` (since ${since.slice(0, 10)})`)}`);
    }
  }
}

function printScore(out: Output, explanation: Explanation): void {
  const { score, band, computed, override, confidence, suggestedBand } = explanation;
  const { bold, dim } = out.paint;
  const known = [`${Math.round(explanation.coverage * 100)} % of the model has data`];
  if (confidence !== null) known.push(`confidence ${confidence.value.toFixed(2)}`);
  if (override !== null) known.push(`computed ${computed === null ? "no score" : computed.toFixed(1)}`);
  const hint = band === null && suggestedBand !== null ? ` (${paintBand(out, suggestedBand)} by what is known)` : "";
  const shown = score === null ? "no score" : `score ${score.toFixed(1)}`;
  out.line(`${bold(shown)}  ${paintBand(out, band ?? "unknown")}${hint}  ${dim(known.join(" · "))}`);
}

function printLifecycle(out: Output, { lifecycle }: Explanation): void {
  if (lifecycle === null || (lifecycle.stage === null && lifecycle.milestones.length === 0)) return;
  const since = lifecycle.since === null ? "" : ` since ${lifecycle.since.slice(0, 10)}`;
  const stage = lifecycle.stage === null ? "no stage" : `stage ${lifecycle.stage}${since}`;
  out.line(`${stage}: ${lifecycle.reason}`);
  if (lifecycle.milestones.length === 0) return;
  const reached = lifecycle.milestones.filter(({ status }) => status === "reached").length;
  const ahead = lifecycle.milestones
    .filter(({ status }) => status !== "reached")
    .map(({ id, status, expectedAt }) => {
      const expected = expectedAt === null ? "" : `, expected ${expectedAt.slice(0, 10)}`;
      return `${id} ${status}${expected}`;
    });
  out.line([`${reached} of ${lifecycle.milestones.length} milestones reached`, ...ahead].join(" · "));
}

function printDrivers(out: Output, explanation: Explanation): void {
  out.table({
    head: ["driver", "value", "data", "points", "weight", "contributes"],
    rows: explanation.drivers.map((driver) => [
      `${driver.group} / ${driver.measure}`,
      driver.value === null ? (driver.reason ?? driver.state) : shownValue(driver.value, driver.unit),
      freshness(driver.state, driver.ageDays),
      driver.points === null ? null : Math.round(driver.points).toString(),
      driver.weight === 0 ? null : `${(driver.weight * 100).toFixed(1)} %`,
      driver.contribution === 0 && driver.points === null ? null : driver.contribution.toFixed(1),
    ]),
    right: [3, 4, 5],
  });
  const { dim } = out.paint;
  for (const { group, measure, value, reason } of explanation.drivers) {
    if (value === null || reason === undefined || group === "children") continue;
    out.line(dim(`  ${oneLine(measure)}: ${oneLine(reason)}`));
  }
}

/** A contribution already says what an old value is worth; its age says whether to believe it. */
function freshness(state: string, ageDays: number | null): string {
  if (state !== "value" && state !== "stale") return state;
  const age = ageDays === null || ageDays === 0 ? "fresh" : `${ageDays} d old`;
  return state === "stale" ? `stale, ${age}` : age;
}

function shownValue(value: number | string, unit: string): string {
  if (typeof value === "string") return value;
  if (unit === "ratio") {
    const percent = Math.round(value * 100);
    return `${percent > 0 ? "+" : ""}${percent === 0 ? 0 : percent} %`;
  }
  const rounded = Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
  // A scale is no unit: 4 on 1-5.
  return unit === "1-5" ? `${rounded} of 5` : `${rounded} ${unit}`;
}
