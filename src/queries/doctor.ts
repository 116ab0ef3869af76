import { readDisabledChannels } from "../store/actions.ts";
import { countFailedFields, type FailedFields } from "../store/crm-fields.ts";
import type { Db } from "../store/db.ts";
import { readServerFacts } from "../store/doctor.ts";
import { type Overview, readOverview } from "../store/overview.ts";
import { readStreams, type StreamStatus } from "../store/streams.ts";
import { countUnmatched } from "../store/unmatched.ts";
import { readFailingAccounts } from "../store/work.ts";

/** One thing that was looked at. `detail` says how to mend what is wrong. */
export interface Finding {
  readonly subject: string;
  readonly state: "ok" | "warning" | "fault";
  readonly detail: string;
}

/** A receiver that can be asked whether it would take messages. */
export interface CheckedChannel {
  readonly id: string;
  readonly kind: string;
  check?(signal: AbortSignal): Promise<{ readonly ok: boolean; readonly detail: string }>;
}

/** Looks at everything an operator would. */
export async function diagnose(db: Db, channels: readonly CheckedChannel[]): Promise<readonly Finding[]> {
  const overview = await readOverview(db);
  return [
    ...(await checkServer(db)),
    ...(await checkChannels(db, channels)),
    ...(await readStreams(db)).map(checkStream),
    ...[...(await countUnmatched(db))].map(checkUnmatched),
    ...[...(await countFailedFields(db))].map(checkFields),
    ...checkAccounts(overview, await readFailingAccounts(db)),
    ...checkActions(overview),
  ];
}

/** Clocks further apart than this make signatures fail and leases look odd. */
const mostClockSkewMs = 5_000;

async function checkServer(db: Db): Promise<Finding[]> {
  const before = Date.now();
  const { version, now, connections, maxConnections } = await readServerFacts(db);
  const skewMs = Math.round(now.getTime() - (before + Date.now()) / 2);
  const isSkewed = Math.abs(skewMs) > mostClockSkewMs;
  const isCrowded = connections > maxConnections * 0.9;
  return [
    { subject: "database", state: "ok", detail: `PostgreSQL ${version}` },
    {
      subject: "clock",
      state: isSkewed ? "fault" : "ok",
      detail: isSkewed
        ? `this machine and the database differ by ${skewMs} ms: set both by NTP`
        : `within ${Math.abs(skewMs)} ms of the database's`,
    },
    {
      subject: "connections",
      state: isCrowded ? "warning" : "ok",
      detail: `${connections} of ${maxConnections}${isCrowded ? ": run fewer workers, or raise max_connections" : ""}`,
    },
  ];
}

const checkDeadlineMs = 10_000;

async function checkChannels(db: Db, channels: readonly CheckedChannel[]): Promise<Finding[]> {
  const disabled = await readDisabledChannels(db);
  return Promise.all(
    channels.map(async (channel): Promise<Finding> => {
      const subject = `channel ${channel.id} (${channel.kind})`;
      const reason = disabled.get(channel.id);
      if (reason !== undefined)
        return {
          subject,
          state: "fault",
          detail: `disabled: ${reason}; keepwell actions enable ${channel.id} when it is mended`,
        };
      if (channel.check === undefined) return { subject, state: "ok", detail: "cannot be checked without sending" };
      const { ok, detail } = await channel
        .check(AbortSignal.timeout(checkDeadlineMs))
        .catch(() => ({ ok: false, detail: "the check itself failed" }));
      return { subject, state: ok ? "ok" : "fault", detail };
    }),
  );
}

function checkStream(stream: StreamStatus): Finding {
  const subject = `stream ${stream.source} ${stream.kind}`;
  const order = `${stream.source} ${stream.kind}`;
  if (stream.pausedAt !== null) {
    const since = stream.pausedAt.toISOString();
    return { subject, state: "warning", detail: `paused since ${since}: keepwell sources resume ${order}` };
  }
  if (stream.trouble !== null) {
    const what = `${stream.trouble} since ${stream.troubleSince?.toISOString() ?? "?"}: ${stream.troubleReason ?? "?"}`;
    const advice = `its measures are held meanwhile; if it is so, keepwell sources accept ${order}`;
    return { subject, state: "fault", detail: `${what}; ${advice}` };
  }
  if (stream.lastError !== null) return { subject, state: "fault", detail: `last pull failed: ${stream.lastError}` };
  const covered =
    stream.coveredThrough === null
      ? "states no coverage: silence reads as stale, not as zero"
      : `complete through ${stream.coveredThrough}`;
  return { subject, state: "ok", detail: covered };
}

function checkUnmatched([source, accounts]: readonly [string, number]): Finding {
  const detail = `${accounts} that nobody could place: keepwell sources unmatched --source ${source}`;
  return { subject: `accounts of ${source}`, state: "warning", detail };
}

function checkFields([source, { accounts, reason }]: readonly [string, FailedFields]): Finding {
  const detail = `of ${accounts} ${accounts === 1 ? "account" : "accounts"} refused, the last: ${reason}; tried again when they change`;
  return { subject: `fields in ${source}`, state: "warning", detail };
}

function checkAccounts(overview: Overview, failing: Awaited<ReturnType<typeof readFailingAccounts>>): Finding[] {
  const total = overview.bands.reduce((sum, band) => sum + band.accounts, 0);
  const waiting = `${total} accounts, ${overview.waitingForScore} wait to be scored, ${overview.waitingForResponse} to be judged`;
  return [
    { subject: "accounts", state: "ok", detail: waiting },
    ...failing.map(
      ({ key, failures, lastError }): Finding => ({
        subject: `account ${key}`,
        state: "fault",
        detail: `put aside after ${failures} ${failures === 1 ? "failure" : "failures"}: ${lastError ?? "no reason kept"}`,
      }),
    ),
  ];
}

function checkActions({ actions }: Overview): Finding[] {
  const count = (state: string) =>
    actions.filter((row) => row.state === state).reduce((sum, row) => sum + row.actions, 0);
  const unknown = count("unknown");
  const failed = count("failed");
  return [
    {
      subject: "actions",
      state: unknown > 0 ? "warning" : "ok",
      detail:
        unknown > 0
          ? `${unknown} perhaps delivered: keepwell actions list --state unknown, then actions resolve`
          : `${count("sent")} sent, ${count("pending") + count("retry")} to be sent`,
    },
    ...(failed > 0
      ? [
          {
            subject: "failed actions",
            state: "warning" as const,
            detail: `${failed}: keepwell actions list --state failed, then actions retry`,
          },
        ]
      : []),
  ];
}
