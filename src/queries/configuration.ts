import type { SourceSettings } from "../integrations/sources-schema.ts";
import { playbooksCalledBy } from "../playbooks/calls.ts";
import { compilePlaybook, type PlaybookContext } from "../playbooks/compile.ts";
import type { Configuration } from "../playbooks/configuration.ts";
import { lossFacts } from "../playbooks/expected-loss.ts";
import { type HouseGuards, plainGuards } from "../playbooks/guards-document.ts";
import type { CompiledPlaybook, CompiledStep } from "../playbooks/playbook.ts";
import { judgeConditions } from "../playbooks/truths.ts";
import { companyFacts } from "../scoring/company.ts";
import { metricsAmong } from "../scoring/fact-catalogue.ts";
import { type Fault, faultAt } from "../scoring/fault.ts";
import type { HealthModel } from "../scoring/health-model.ts";
import type { Lifecycle } from "../scoring/lifecycle.ts";
import { type MetricSettings, plainSettings } from "../scoring/metrics/settings.ts";
import { compileMetrics, type MetricPlan } from "../scoring/metrics.ts";
import type { Db, Tx } from "../store/db.ts";
import { type DocumentInput, readLiveDocuments, revisionKeyOf } from "../store/documents.ts";
import { type ConfigFault, inReadingOrder, type Located, locateFault } from "./configuration/config-fault.ts";
import { readFolder } from "./configuration/folder.ts";
import { publicHolidays } from "./configuration/holidays.ts";
import { ownMetricFaults } from "./configuration/own-metrics.ts";
import {
  bandIds,
  channelReferences,
  fieldSinkReferences,
  milestoneIds,
  ownerReferences,
  sinkReferences,
  stageIds,
} from "./configuration/references.ts";
import { isDocumentKind } from "./configuration/schemas.ts";
import {
  type Reading,
  readChannels,
  readCompany,
  readHealthModel,
  readHouseGuards,
  readLifecycle,
  readMetricSettings,
  readOwners,
  readSources,
} from "./configuration/singles.ts";

/** A document from wherever it comes. One that is not in force yet has revision 0. */
export interface SourceDocument extends DocumentInput, Located {
  readonly revision: number;
}

/** All documents together, compiled: what decides, and what is connected. */
export interface LoadedConfiguration extends Configuration {
  readonly sources: readonly SourceSettings[];
  /** The channel by which the operator is told of streams in trouble; null: the log alone tells. */
  readonly tell: string | null;
}

export type Compiled = { readonly configuration: LoadedConfiguration } | { readonly faults: readonly ConfigFault[] };

/** Kinds of document of which at least one could not be read at all: what is said about them elsewhere cannot be judged. */
export type Unread = ReadonlySet<string>;

/** Compiles documents that belong together, or lists everything that is wrong with any of them. */
export function compileConfiguration(documents: readonly SourceDocument[], unread: Unread = none): Compiled {
  const faults: ConfigFault[] = strayFaults(documents);
  /** One faulty part never hides the faults of another. */
  const taken = <Part>(read: Reading<Part>, at: Located): Part | null => {
    if (!("faults" in read)) return read.part;
    faults.push(...read.faults.map((fault) => locateFault(fault, at)));
    return null;
  };
  const only = <Part>(
    kind: string,
    read: (body: unknown, revision: number) => Reading<Part>,
    without: Part | string,
  ): Part | null => {
    const document = documents.find((one) => one.kind === kind);
    if (document !== undefined) return taken(read(document.body, document.revision), document);
    if (unread.has(kind)) return null;
    if (typeof without !== "string") return without;
    return taken({ faults: [faultAt("", undefined, without)] }, nowhere);
  };
  const company = only(
    "company",
    readCompany,
    "there is no company.json: expected one with name, zone and reportingCurrency",
  );
  const owners = only("owners", readOwners, { owners: [], onOwnerChange: "move" });
  const channels = only("channels", readChannels, []);
  const guards = only("guards", readHouseGuards, plainGuards);
  const connected = only("sources", readSources, { sources: [], tell: null });
  if (!unread.has("channels")) {
    checkTeam(documents, { kind: "sources", at: "tell", channel: connected?.tell }, taken);
    checkTeam(documents, { kind: "guards", at: "ask", channel: guards?.ask }, taken);
    checkTeam(documents, { kind: "guards", at: "alertBudget.digest", channel: guards?.alertBudget?.digest }, taken);
  }
  // Without a sound company.json nothing comes of it anyhow.
  const zone = company?.zone ?? "UTC";
  const lifecycle = only<Lifecycle | null>(
    "lifecycle",
    (body, revision) => readLifecycle(body, { revision, zone }),
    null,
  );
  const settings = only("metrics", readMetricSettings, plainSettings);
  const models = compileModels(documents, unread, taken);
  const playbooks = compilePlaybooks(documents, unread, taken);
  if (settings !== null) checkOwnMetrics(documents, settings, taken);
  if (faults.length > 0 || !company || !owners || !channels || !connected || !models || !settings || !guards)
    return { faults };
  return {
    configuration: {
      revisionKey: revisionKeyOf(documents),
      companyName: company.name,
      scorer: {
        models,
        plan: planMetrics(settings, models, lifecycle, namedBesides(playbooks, guards)),
        company: companyFacts(company, publicHolidays),
        lifecycle,
      },
      owners,
      channels,
      guards,
      playbooks,
      judgeConditions: judgeConditions(playbooks),
      ...connected,
    },
  };
}

/** A folder's documents, and what they come to. */
export interface CheckedFolder {
  readonly documents: readonly SourceDocument[];
  /** In reading order. */
  readonly faults: readonly ConfigFault[];
  /** Null where there are faults. */
  readonly configuration: LoadedConfiguration | null;
}

/** Reads and compiles a folder: for those who store its documents, and for those who only check them. */
export async function compileFolder(folder: string): Promise<CheckedFolder> {
  const { documents, faults, unread } = await readFolder(folder);
  const sources = documents.map((document) => ({ ...document, revision: 0 }));
  const compiled = compileConfiguration(sources, unread);
  const all = [...faults, ...("faults" in compiled ? compiled.faults : [])];
  const configuration = "configuration" in compiled && all.length === 0 ? compiled.configuration : null;
  return { documents: sources, faults: inReadingOrder(all), configuration };
}

/** The documents in force, compiled. Faults here mean that they were applied by a version of the program that read them differently. */
export async function loadConfiguration(db: Db | Tx): Promise<Compiled> {
  return compileConfiguration((await readLiveDocuments(db)).map(storedDocument));
}

/** A document of the database: faults of it name its revision. */
export function storedDocument({
  kind,
  id,
  body,
  revision,
}: DocumentInput & { readonly revision: number }): SourceDocument {
  return { kind, id, body, revision, file: `${kind} ${id} (revision ${revision})` };
}

type Taken = <Part>(read: Reading<Part>, at: Located) => Part | null;

const nowhere: Located = { file: null };
const none: Unread = new Set();

/** Documents that nobody would read: of no known kind, or the second of their name. */
function strayFaults(documents: readonly SourceDocument[]): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const first = new Map<string, SourceDocument>();
  for (const document of documents) {
    const { kind, id } = document;
    if (!isDocumentKind(kind)) {
      faults.push(locateFault(faultAt("", kind, "this kind of document is not supported yet"), document));
    }
    const before = first.get(`${kind} ${id}`);
    if (before === undefined) first.set(`${kind} ${id}`, document);
    else
      faults.push(locateFault(faultAt("id", id, `this id is taken by ${before.file ?? "another document"}`), document));
  }
  return faults;
}

/** In order of choice: by priority, then by id, the one default last. Null where any of them has a fault. */
function compileModels(
  documents: readonly SourceDocument[],
  unread: Unread,
  taken: Taken,
): readonly HealthModel[] | null {
  const written = documents.filter((document) => document.kind === "health-model");
  const read = written.map((document) => ({
    document,
    model: taken(readHealthModel(document.body, document.revision), document),
  }));
  const models = read.flatMap(({ model }) => (model === null ? [] : [model]));
  const defaults = read.filter(({ model }) => model?.appliesTo === null);
  for (const { document } of defaults.slice(1)) {
    const first = defaults[0]?.model?.id ?? "";
    const message = `a second default: "${first}" has no appliesTo either, expected exactly one model without`;
    taken({ faults: [faultAt("", undefined, message)] }, document);
  }
  // What could not be read may have been the default.
  const isComplete = models.length === written.length && !unread.has("health-model");
  if (isComplete && defaults.length === 0) {
    const message =
      written.length === 0
        ? "there is no health model: expected one in health-models/"
        : "no health model is the default: expected exactly one without appliesTo";
    taken({ faults: [faultAt("", undefined, message)] }, nowhere);
  }
  if (!isComplete || defaults.length !== 1) return null;
  const rank = (model: HealthModel) => (model.appliesTo === null ? -1 : model.priority);
  return models.sort((one, other) => rank(other) - rank(one) || (one.id < other.id ? -1 : 1));
}

/** In order of id: no playbook's turn depends on the order of files. */
function compilePlaybooks(
  documents: readonly SourceDocument[],
  unread: Unread,
  taken: Taken,
): readonly CompiledPlaybook[] {
  const context = playbookContext(documents);
  const playbooks = documents
    .filter((document) => document.kind === "playbook")
    .map((document) => {
      const compiled = compilePlaybook(document.body, { ...context, revision: document.revision });
      if (!("faults" in compiled)) return compiled.playbook;
      return taken<CompiledPlaybook>(
        { faults: compiled.faults.filter((fault) => !unread.has(referredBy(fault) ?? "")) },
        document,
      );
    });
  return playbooks.filter((playbook) => playbook !== null).sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** The kind of document whose content a playbook's fault is about, beside the playbook itself. */
function referredBy({ path, message }: Fault): string | null {
  // In a branch, steps stand within steps.
  const key = /^(?:steps|onRecover)\[\d+\]\..*?(\w+)(?:\.\w+\[\d+\])?$/.exec(path)?.[1] ?? "";
  const kind = { to: "channels", via: "channels", assignee: "owners", sync: "sources", source: "sources" }[key];
  if (kind !== undefined) return kind;
  if (/^there is no (stage|milestone) /.test(message)) return "lifecycle";
  return message.startsWith("there is no band") ? "health-model" : null;
}

/** Read loosely from the documents as they came: a fault in channels.json is no fault of every playbook that names a channel. */
function playbookContext(documents: readonly SourceDocument[]): Omit<PlaybookContext, "revision"> {
  const bodies = (kind: string) => documents.filter((one) => one.kind === kind).map((one) => one.body);
  const playbooks = documents.filter(({ kind }) => kind === "playbook");
  return {
    bands: bodies("health-model").flatMap(bandIds),
    channels: bodies("channels").flatMap(channelReferences),
    owners: bodies("owners").flatMap(ownerReferences),
    sinks: bodies("sources").flatMap(sinkReferences),
    fieldSinks: bodies("sources").flatMap(fieldSinkReferences),
    playbooks: playbooks.map(({ id }) => id),
    calls: new Map(playbooks.map(({ id, body }) => [id, playbooksCalledBy(body)])),
    // Without lifecycle.json the CRM's words are the stages, and there are no milestones.
    stages: bodies("lifecycle").length === 0 ? undefined : bodies("lifecycle").flatMap(stageIds),
    milestones: bodies("lifecycle").flatMap(milestoneIds),
  };
}

/** What our own team is told by must be there, and must be able to. */
function checkTeam(
  documents: readonly SourceDocument[],
  named: { readonly kind: string; readonly at: string; readonly channel: string | null | undefined },
  taken: Taken,
): void {
  if (named.channel == null) return;
  const bodies = documents.filter(({ kind }) => kind === "channels").map(({ body }) => body);
  const channel = bodies.flatMap(channelReferences).find(({ id }) => id === named.channel);
  if (channel?.kind === "slack" || channel?.kind === "email") return;
  const message = 'expected the id of a channel of channels.json, of kind "slack" or "email"';
  const at = documents.find(({ kind }) => kind === named.kind) ?? nowhere;
  taken({ faults: [faultAt(named.at, named.channel, message)] }, at);
}

/** Only metrics.json knows which metrics of one's own there are; it checks its own formulas itself. */
function checkOwnMetrics(documents: readonly SourceDocument[], settings: MetricSettings, taken: Taken): void {
  for (const document of documents) {
    if (document.kind === "metrics") continue;
    const faults = ownMetricFaults(document.body, settings);
    if (faults.length > 0) taken({ faults }, document);
  }
}

/** What conditions and templates of playbooks name, and what expected losses are reckoned from where any are. */
function namedBesides(playbooks: readonly CompiledPlaybook[], guards: HouseGuards): readonly string[] {
  const ranks = guards.alertBudget !== undefined || playbooks.some(({ steps }) => steps.some(hasDigest));
  return [...playbooks.flatMap(({ facts }) => facts), ...(ranks ? lossFacts : [])];
}

function hasDigest(step: CompiledStep): boolean {
  return (step.kind === "email" || step.kind === "slack") && step.digest !== null;
}

/** What the health models measure, and what is named beside it. */
function planMetrics(
  settings: MetricSettings,
  models: readonly HealthModel[],
  lifecycle: Lifecycle | null,
  besides: readonly string[],
): MetricPlan {
  const named = [...(lifecycle?.facts ?? []), ...besides];
  const measured = models.flatMap(({ metricNames }) => metricNames);
  const { plan } = compileMetrics([...measured, ...metricsAmong(named)], settings);
  return { ...plan, kinds: lifecycle?.kinds ?? [] };
}
