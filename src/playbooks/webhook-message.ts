import type { Driver, Instant } from "../scoring/history.ts";
import { clip } from "./escape.ts";
import type { WebhookMessage } from "./message.ts";
import type { CompiledPlaybook } from "./playbook.ts";
import { lossOf, type Subject, worstDrivers } from "./subject.ts";

/** What receivers of Standard Webhooks are advised to accept at least. */
const mostBytes = 20_000;

/** A webhook: the exact text that is signed and sent on every attempt, under one id. */
export function webhookMessage(
  parts: {
    readonly stepId: string;
    readonly playbook: CompiledPlaybook;
    readonly run: { readonly runId: number; readonly episode: number; readonly visit: number; readonly reason: string };
    readonly subject: Subject;
    readonly payload: Readonly<Record<string, unknown>> | null;
    readonly event: "playbook.fired" | "playbook.recovered";
  },
  now: Instant,
): WebhookMessage {
  const { stepId, run, payload, event } = parts;
  const id = `kw_${run.runId}_${stepId}_${run.visit}`;
  const data = dataOf(parts);
  const whole = envelope(event, payload === null ? data : { ...data, payload }, now);
  const fits = new TextEncoder().encode(whole).length <= mostBytes;
  const body = fits ? whole : envelope(event, { ...data, payloadOmitted: "longer than 20 kB" }, now);
  return { kind: "webhook", id, body };
}

function envelope(type: string, data: Readonly<Record<string, unknown>>, now: Instant): string {
  return JSON.stringify({ type, timestamp: new Date(now).toISOString(), data });
}

function dataOf({ stepId, playbook, run, subject }: Parameters<typeof webhookMessage>[0]) {
  const { facts, drivers } = subject;
  const fact = (name: string) => shortened(facts.get(name) ?? null);
  return {
    account: {
      key: fact("account.key"),
      name: fact("account.name"),
      segment: fact("segment"),
      stage: fact("stage"),
      owner: fact("owner"),
    },
    playbook: { id: playbook.id, name: playbook.name, revision: playbook.revision, priority: playbook.priority },
    run: { id: run.runId, episode: run.episode },
    step: stepId,
    score: fact("score"),
    band: fact("band"),
    drivers: worstDrivers(drivers).slice(0, 3).map(driverData),
    reason: clip(run.reason, 1000),
  };
}

function driverData(driver: Driver) {
  const { group, measure, metric, value, unit, state, points, contribution } = driver;
  const loss = Number(lossOf(driver).toFixed(1));
  return { group, measure, metric, value: shortened(value), unit, state, points, contribution, loss };
}

function shortened(value: string | number | boolean | null): string | number | boolean | null {
  return typeof value === "string" ? clip(value, 300) : value;
}
