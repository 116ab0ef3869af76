import { readFileSync } from "node:fs";
import { openSampleSource } from "../../src/integrations/sample/source.ts";
import type { Source } from "../../src/integrations/source-port.ts";
import { parseChannels } from "../../src/playbooks/channels.ts";
import { compilePlaybook } from "../../src/playbooks/compile.ts";
import { parseOwners } from "../../src/playbooks/owners.ts";
import type { CompiledPlaybook } from "../../src/playbooks/playbook.ts";
import { type AccountScore, type Scorer, scoreAccount } from "../../src/scoring/account-score.ts";
import { companyFacts, companySchema } from "../../src/scoring/company.ts";
import { metricsAmong } from "../../src/scoring/fact-catalogue.ts";
import { compileHealthModel } from "../../src/scoring/health-model.ts";
import type {
  AccountHistory,
  AccountMemory,
  CoverageStatement,
  RecordChange,
  StreamCoverage,
  UsageSeries,
} from "../../src/scoring/history.ts";
import { compileLifecycle } from "../../src/scoring/lifecycle/compile.ts";
import { compileMetrics } from "../../src/scoring/metrics.ts";
import type { Input, RecordInput } from "../../src/scoring/records.ts";
import { pullContext } from "./pull-context.ts";

const dayMs = 86_400_000;
const historyDays = 365;

/** A document of the sample's configuration. */
export function sampleDocument(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../examples/sample-company/config/${path}`, import.meta.url), "utf8"));
}

/** The sample's playbooks, compiled against its own channels, owners and bands; throws with every fault. */
export function samplePlaybooks(): readonly CompiledPlaybook[] {
  const channels = parseChannels(sampleDocument("channels.json"));
  const owners = parseOwners(sampleDocument("owners.json"));
  if ("faults" in channels || "faults" in owners) throw new Error(JSON.stringify([channels, owners]));
  const context = {
    revision: 1,
    bands: sampleScorer().models.flatMap((model) => model.bands.bands.map((band) => band.id)),
    channels: channels.channels,
    owners: owners.owners.owners,
    sinks: [],
  };
  return ["save-at-risk", "usage-decline", "ticket-storm"].map((id) => {
    const compiled = compilePlaybook(sampleDocument(`playbooks/${id}.json`), context);
    if ("faults" in compiled) throw new Error(`${id}: ${JSON.stringify(compiled.faults)}`);
    return compiled.playbook;
  });
}

/** The sample's health model and company, compiled; `moreMetrics` are computed beside the model's. */
export function sampleScorer(moreMetrics: readonly string[] = []): Scorer {
  const compiled = compileHealthModel(sampleDocument("health-models/default.json"), 1);
  if ("faults" in compiled) throw new Error(JSON.stringify(compiled.faults));
  const company = companyFacts(companySchema.parse(sampleDocument("company.json")), () => null);
  const read = compileLifecycle(sampleDocument("lifecycle.json"), { revision: 1, zone: company.zone });
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  const named = metricsAmong(read.lifecycle.facts);
  const { plan, faults } = compileMetrics([...compiled.model.metricNames, ...named, ...moreMetrics]);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  return { models: [compiled.model], plan, company, lifecycle: read.lifecycle };
}

/** The histories a first start at `now` finds, as the store would keep them, and what the streams state. */
export async function sampleHistories(
  seed: number,
  now: Date,
): Promise<{ readonly histories: readonly AccountHistory[]; readonly coverage: StreamCoverage }> {
  const source = openSampleSource({ seed });
  const firstDay = Math.floor(now.getTime() / dayMs) - historyDays;
  const statement: CoverageStatement = {
    throughDay: firstDay + historyDays - 1,
    recordedAt: now.getTime(),
    backfilled: true,
  };
  const accounts = new Map<string, { changes: RecordChange[]; usage: Map<string, UsageSeries> }>();
  const recordIds = new Map<string, number>();
  for (const stream of source.streams) {
    for (const input of await pullAll(source, stream.name, now)) {
      const key = input.kind === "account" ? input.id : (input.account ?? "");
      const account = accounts.get(key) ?? { changes: [] as RecordChange[], usage: new Map<string, UsageSeries>() };
      accounts.set(key, account);
      if (input.kind === "usage") addUsage(account.usage, input.name, input.day, input.value, firstDay);
      else account.changes.push(changeOf(input, recordIds));
    }
  }
  const histories = [...accounts].map(([key, account], index) => ({
    accountId: index + 1,
    key,
    ...account,
    users: new Map(),
  }));
  const usageNames = new Map(histories.flatMap((one) => [...one.usage.keys()]).map((name) => [name, [statement]]));
  const kinds = new Map(source.streams.flatMap(({ feeds }) => feeds).map((kind) => [kind, [statement]]));
  return { histories, coverage: { kinds, usageNames, kindOutages: new Map(), usageOutages: new Map() } };
}

async function pullAll(source: Source, stream: string, now: Date): Promise<readonly Input[]> {
  const pages: (readonly Input[])[] = [];
  for (let cursor: unknown = null, done = false; !done; ) {
    const page = await source.pull(stream, cursor, pullContext(source, now));
    pages.push(page.raw as readonly Input[]);
    cursor = page.cursor;
    done = page.done;
  }
  return pages.flat();
}

function addUsage(usage: Map<string, UsageSeries>, name: string, day: string, value: number, firstDay: number): void {
  const values = usage.get(name)?.values ?? new Float64Array(historyDays);
  if (values instanceof Float64Array) values[Date.parse(day) / dayMs - firstDay] = value;
  usage.set(name, { firstDay, values });
}

function changeOf(input: RecordInput, recordIds: Map<string, number>): RecordChange {
  const name = `${input.kind} ${input.id}`;
  const recordId = recordIds.get(name) ?? recordIds.size + 1;
  recordIds.set(name, recordId);
  const at = Date.parse(input.at);
  // The kind and its fields stay together, which the type system cannot see through a spread of the union.
  return { kind: input.kind, recordId, occurredAt: at, recordedAt: at, set: input.set } as RecordChange;
}

/** The scores of one account at the same time on each of the last `days` days, the newest last at `now`; the band's memory goes along. */
export function scoresOver(
  scorer: Scorer,
  history: AccountHistory,
  coverage: StreamCoverage,
  days: number,
  now: Date,
): readonly AccountScore[] {
  const scores: AccountScore[] = [];
  let memory: AccountMemory | null = null;
  for (let ago = days; ago >= 0; ago -= 1) {
    const score = scoreAccount(scorer, { history, coverage, memory, children: [] }, now.getTime() - ago * dayMs);
    memory = { band: score.health.bandMemory, lifecycle: score.lifecycle };
    scores.push(score);
  }
  return scores;
}
