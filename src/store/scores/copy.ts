import { finished } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { StoredScore } from "../scores.ts";
import { packDrivers, packMetrics } from "./packing.ts";

const columns =
  "account_id, day, at, origin, model_id, model_revision, score, band, coverage, reason, band_memory, drivers, metrics, " +
  "model_reason, computed, suggested_band, confidence, lifecycle";

/** Writes scores of days that have none yet, the fastest way there is. Throws when one of them is there already; then none is written. */
export async function copyScores(pool: pg.Pool, scores: readonly StoredScore[]): Promise<void> {
  const client = await pool.connect();
  try {
    const stream = client.query(copyFrom(`copy scores (${columns}) from stdin`));
    stream.end(scores.map(lineOf).join(""));
    await finished(stream);
  } finally {
    client.release();
  }
}

function lineOf(score: StoredScore): string {
  const fields = [
    score.accountId,
    score.day,
    score.at.toISOString(),
    score.origin,
    score.modelId,
    score.modelRevision,
    score.score,
    score.band,
    score.coverage,
    score.reason,
    JSON.stringify(score.bandMemory),
    packDrivers(score.drivers, score.metrics),
    packMetrics(score.metrics),
    score.modelReason,
    score.computed,
    score.suggestedBand,
    score.confidence === null ? null : JSON.stringify(score.confidence),
    score.lifecycle === null ? null : JSON.stringify(score.lifecycle),
  ];
  return `${fields.map(fieldText).join("\t")}\n`;
}

/** As PostgreSQL's text format wants it: what has a meaning in it is written with a backslash. */
function fieldText(field: string | number | null): string {
  if (field === null) return "\\N";
  if (typeof field === "number") return String(field);
  return /[\\\t\n\r]/.test(field) ? field.replace(/[\\\t\n\r]/g, escaped) : field;
}

function escaped(character: string): string {
  if (character === "\t") return "\\t";
  if (character === "\n") return "\\n";
  return character === "\r" ? "\\r" : "\\\\";
}
