import type { Sink, SinkContext } from "../integrations/sink-port.ts";
import type { Source } from "../integrations/source-port.ts";
import type { Log } from "../log.ts";
import type { Outcome } from "../playbooks/message.ts";
import { type ClaimedFields, claimDueFields, type FieldsSettlement, settleFields } from "../store/crm-fields.ts";
import type { Db } from "../store/db.ts";
import { openSharedCall } from "./calls/shared-call.ts";
import { outcomeOf } from "./sink-outcome.ts";

export interface FieldsDeps {
  readonly db: Db;
  readonly sources: readonly Source[];
  readonly log: Log;
  /** 0–1: spreads retries. */
  readonly jitter: () => number;
}

const leaseSeconds = 120;
const deadlineMs = 60_000;
const firstRetryMs = 60_000;
const longestRetryMs = 6 * 3_600_000;
/** A field that could not be written for days is a fault somebody must see. */
const mostAttempts = 20;

/** Writes the fields that are due into every CRM that has some; answers how many were written. Nothing is written that stands there already. */
export async function writeDueFields(deps: FieldsDeps, now: Date): Promise<number> {
  let written = 0;
  for (const source of deps.sources) {
    const { sink } = source;
    if (sink?.putFields === undefined) continue;
    for (;;) {
      const claimed = await claimDueFields(deps.db, source.id, sink.fieldsAtOnce, leaseSeconds);
      const settled = await writeBatch(deps, source, sink, claimed, now);
      written += settled.filter(({ state }) => state === "written").length;
      if (claimed.length < sink.fieldsAtOnce || settled.some(({ state }) => state === "retry")) break;
    }
  }
  return written;
}

async function writeBatch(
  deps: FieldsDeps,
  source: Source,
  sink: Sink,
  claimed: readonly ClaimedFields[],
  now: Date,
): Promise<readonly FieldsSettlement[]> {
  const known = claimed.flatMap((each) => (each.externalId === null ? [] : [{ ...each, account: each.externalId }]));
  const signal = AbortSignal.timeout(deadlineMs);
  const context = { now, signal, call: openSharedCall(deps, source, signal, now) };
  const outcomes = known.length === 0 ? [] : await putAll(deps, source, sink, known, context);
  const settled = [
    ...known.map((each, index) =>
      settle(each, outcomes[index] ?? { kind: "retry", reason: "the CRM said nothing of it" }, deps.jitter()),
    ),
    ...claimed
      .filter(({ externalId }) => externalId === null)
      .map((each) => settle(each, { kind: "failed", reason: "the account is not known there" }, 0)),
  ];
  await settleFields(deps.db, source.id, settled);
  return settled;
}

async function putAll(
  deps: FieldsDeps,
  source: Source,
  sink: Sink,
  known: readonly (ClaimedFields & { readonly account: string })[],
  context: SinkContext,
): Promise<readonly Outcome[]> {
  const writes = known.map(({ account, wanted }) => ({ account, values: wanted }));
  try {
    return (await sink.putFields?.(writes, context)) ?? [];
  } catch (error) {
    const outcome = outcomeOf(error, source);
    if (outcome === null) deps.log.error({ source: source.id, err: error }, "fields could not be written");
    return known.map(() => outcome ?? { kind: "retry", reason: "the adapter failed" });
  }
}

/** A write that may have arrived is made again: the fields say the same afterwards. */
function settle(claimed: ClaimedFields, outcome: Outcome, jitter: number): FieldsSettlement {
  const { reason } = outcome;
  if (outcome.kind === "sent") return { claimed, state: "written", reason, delayMs: 0 };
  if (outcome.kind === "failed" || claimed.attempt >= mostAttempts) {
    return { claimed, state: "failed", reason, delayMs: 0 };
  }
  const ownMs = Math.min(firstRetryMs * 2 ** (claimed.attempt - 1), longestRetryMs) * (1 + jitter / 2);
  const askedMs = outcome.kind === "retry" ? (outcome.afterMs ?? 0) : 0;
  return { claimed, state: "retry", reason, delayMs: Math.max(ownMs, askedMs) };
}
