import { setTimeout as sleep } from "node:timers/promises";
import type { Channel } from "../integrations/ports.ts";
import type { Source } from "../integrations/source-port.ts";
import type { Log } from "../log.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import { customerLinks, type ServerAddress } from "../playbooks/customer-links.ts";
import { type Db, readNow, type Tx } from "../store/db.ts";
import { readRevisionKey } from "../store/documents.ts";
import { openLinkSigner } from "../store/link-signer.ts";
import { listen, type WakeTopic } from "../store/notify.ts";
import { ensureScorePartitions } from "../store/partitions.ts";
import { recordAsked } from "../store/survey-answers.ts";
import { writeDueAccounts } from "./account-writes.ts";
import type { CollectDeps } from "./collect/deps.ts";
import { type CollectSummary, collectDue } from "./collect.ts";
import { writeDueFields } from "./crm-fields.ts";
import { dailyJobs } from "./daily-jobs.ts";
import { type DeliverSummary, deliverDue } from "./deliver.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { applyInbox, type InboxSummary } from "./inbox.ts";
import { startLoop } from "./loop.ts";
import { type RespondSummary, respondDue } from "./respond.ts";
import { type ScoreSummary, scoreDue } from "./score.ts";
import { sinkChannels } from "./sinks.ts";
import { tellOutages } from "./tell.ts";

/** What the stages need; `live` is read anew for every pass, as documents may have been applied meanwhile. */
export interface WorkerDeps {
  readonly db: Db;
  readonly log: Log;
  readonly author: string;
  readonly jitter: () => number;
  readonly live: () => Promise<LiveConfiguration>;
  /** Where customers reach the HTTP server, for the links in their mail; none unless given. */
  readonly server?: ServerAddress;
  /** Told after every pass that did something. */
  readonly onPass?: (stage: WakeTopic, summary: PassSummary, milliseconds: number) => void;
}

/** The live documents, compiled, and the receivers and sources that they name. */
export interface LiveConfiguration {
  readonly configuration: Configuration;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly sources: readonly Source[];
  /** The channel by which the operator is told of streams in trouble; null: the log alone tells. */
  readonly tell: string | null;
}

export type PassSummary = CollectSummary | InboxSummary | ScoreSummary | RespondSummary | DeliverSummary;

export const stages = ["collect", "score", "respond", "deliver"] as const satisfies readonly WakeTopic[];

const never = new AbortController().signal;
const sleepUntil = (milliseconds: number, signal: AbortSignal) => sleep(milliseconds, undefined, { signal });

/** One pass of one stage, now. Pulls under way are given up when the process is `stopping`. */
export async function runStage(deps: WorkerDeps, stage: WakeTopic, stopping = never): Promise<PassSummary> {
  const now = await readNow(deps.db);
  const live = await deps.live();
  switch (stage) {
    case "collect":
      return collectAll({ ...deps, ...collectParts(live), sleep: sleepUntil, stopping }, now);
    case "score":
      await ensureScorePartitions(deps.db, now);
      return scoreDue({ ...deps, configuration: live.configuration, isInForce: isInForce(live) }, now);
    case "respond":
      return respondAll(deps, live, now);
    case "deliver":
      return deliverAll(deps, live, now);
  }
}

function isInForce({ configuration }: LiveConfiguration) {
  return async (tx: Tx) => (await readRevisionKey(tx)) === configuration.revisionKey;
}

/** What others have brought first: it is here already. */
async function collectAll(deps: CollectDeps, now: Date): Promise<CollectSummary & InboxSummary> {
  const inbox = await applyInbox(deps, now);
  return { ...inbox, ...(await collectDue(deps, now)) };
}

/** What came by webhooks waits for no vendor: beside the collect stage it has a loop of its own. */
async function applyInboxNow(deps: WorkerDeps, stopping: AbortSignal): Promise<InboxSummary> {
  const now = await readNow(deps.db);
  return applyInbox({ ...deps, ...collectParts(await deps.live()), sleep: sleepUntil, stopping }, now);
}

async function respondAll(deps: WorkerDeps, live: LiveConfiguration, now: Date): Promise<RespondSummary> {
  const { configuration } = live;
  const signer = await openLinkSigner(deps.db);
  const links = deps.server === undefined ? null : customerLinks(deps.server, signer.sign);
  return respondDue({ ...deps, configuration, links, fieldSources: fieldSources(live) }, now);
}

/** Actions first: somebody waits for them. */
async function deliverAll(deps: WorkerDeps, live: LiveConfiguration, now: Date): Promise<DeliverSummary> {
  const sinks = sinkChannels({ ...deps, owners: live.configuration.owners }, live.sources);
  const written = await writeDueAccounts(deps, now);
  const summary = await deliverDue({ ...deps, channels: new Map([...live.channels, ...sinks]) }, now);
  await recordAsked(deps.db, now);
  const fields = await writeDueFields({ ...deps, sources: live.sources }, now);
  await tellOutages({ ...deps, ...live, owners: live.configuration.owners }, now);
  return { ...summary, sent: summary.sent + written + fields };
}

function fieldSources({ sources }: LiveConfiguration): readonly string[] {
  return sources.filter(({ sink }) => sink?.putFields !== undefined).map(({ id }) => id);
}

function collectParts({ sources, configuration }: LiveConfiguration) {
  return { sources, zone: configuration.scorer.company.zone, owners: configuration.owners };
}

/** The poll beneath the notifications. */
const pollMs = 2000;

/** Runs the four stages, each in its own loop, so that a slow one starves no other, until stopped. */
export function startWorker(deps: WorkerDeps, databaseUrl: string): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loopOf = (name: string, topic: WakeTopic, work: () => Promise<PassSummary>) => ({
    topic: topic as string,
    ...startLoop({ name, pollMs, log: deps.log, pass: () => passOf(deps, topic, work) }),
  });
  const loops = [
    ...stages.map((stage) => loopOf(stage, stage, () => runStage(deps, stage, stopping.signal))),
    loopOf("inbox", "collect", () => applyInboxNow(deps, stopping.signal)),
  ];
  const listener = listen(
    databaseUrl,
    (topic) => {
      for (const loop of loops) if (loop.topic === topic) loop.wake();
    },
    (error) => deps.log.warn({ err: error }, "the connection for notifications was lost; it is made again"),
  );
  const heartbeat = startHeartbeat(deps.db, dailyJobs(deps.db), deps.log);
  return {
    async stop() {
      stopping.abort();
      await heartbeat.stop();
      await Promise.all(loops.map((loop) => loop.stop()));
      await listener.stop();
    },
  };
}

async function passOf(deps: WorkerDeps, stage: WakeTopic, work: () => Promise<PassSummary>): Promise<boolean> {
  const startedAt = performance.now();
  const summary = await work();
  const hasWorked = Object.values(summary).some((count) => typeof count === "number" && count > 0);
  if (hasWorked) {
    const milliseconds = Math.round(performance.now() - startedAt);
    deps.log.info({ stage, ...summary, milliseconds }, "pass");
    deps.onPass?.(stage, summary, milliseconds);
  }
  return hasWorked;
}
