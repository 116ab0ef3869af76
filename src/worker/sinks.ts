import type { Attempt, Channel } from "../integrations/ports.ts";
import type { Sink, SinkContext } from "../integrations/sink-port.ts";
import type { Source } from "../integrations/source-port.ts";
import type { CrmTaskMessage, Outcome } from "../playbooks/message.ts";
import type { Owners } from "../playbooks/owners.ts";
import { findCrmNames, installationId, noteSynced } from "../store/crm-tasks.ts";
import type { Db } from "../store/db.ts";
import { openSharedCall } from "./calls/shared-call.ts";
import { outcomeOf } from "./sink-outcome.ts";

export interface SinkDeps {
  readonly db: Db;
  readonly owners: Owners;
  /** 0–1: spreads retries. */
  readonly jitter: () => number;
}

/** The sources that take tasks and fields, each as a channel of its own id: an action finds its way out there as anywhere else. */
export function sinkChannels(deps: SinkDeps, sources: readonly Source[]): ReadonlyMap<string, Channel> {
  return new Map(
    sources.flatMap((source) =>
      source.sink === undefined ? [] : [[source.id, sinkChannel(deps, source, source.sink)] as const],
    ),
  );
}

function sinkChannel(deps: SinkDeps, source: Source, sink: Sink): Channel {
  const { db } = deps;
  return {
    id: source.id,
    kind: "crm",
    minIntervalMs: 0,
    send: async ({ actionId, message, signal, now }) => {
      const context = { now, signal, call: openSharedCall(deps, source, signal, now) };
      const outcome = await put(deps, source, sink, { actionId, message }, context).catch((error: unknown) => {
        const known = outcomeOf(error, source);
        if (known === null) throw error;
        return known;
      });
      if (message.kind === "crm-task") await keepWhere(db, actionId, outcome);
      return outcome;
    },
  };
}

async function put(
  { db, owners }: SinkDeps,
  source: Source,
  sink: Sink,
  { actionId, message }: Pick<Attempt, "actionId" | "message">,
  context: SinkContext,
): Promise<Outcome> {
  switch (message.kind) {
    case "crm-task":
      return sink.putTask(await nameTask(db, source.id, actionId, message, owners), context);
    case "crm-field": {
      const { account } = await findCrmNames(db, source.id, actionId, null);
      if (account === null) return { kind: "failed", reason: "the account is not known there" };
      return sink.putField({ account, field: message.field, value: message.value }, context);
    }
    default:
      return { kind: "failed", reason: `a CRM cannot take a ${message.kind} message` };
  }
}

/** The task with the CRM's own ids, under a key no other installation uses. */
async function nameTask(db: Db, source: string, actionId: number, message: CrmTaskMessage, { owners }: Owners) {
  const { title, body, dueOn, assignee, key } = message;
  const email = owners.find(({ id }) => id === assignee)?.email ?? null;
  const names = await findCrmNames(db, source, actionId, email);
  return { key: `${await installationId(db)}-${key}`, title, body, dueOn, ...names };
}

async function keepWhere(db: Db, actionId: number, outcome: Outcome): Promise<void> {
  const externalId = outcome.kind === "sent" ? outcome.receipt?.["externalId"] : undefined;
  if (typeof externalId === "string") await noteSynced(db, actionId, externalId);
}
