import { basename, dirname, resolve } from "node:path";
import type { CompiledPlaybook } from "../../playbooks/playbook.ts";
import { faultAt } from "../../scoring/fault.ts";
import type { Db } from "../../store/db.ts";
import { readLiveDocuments } from "../../store/documents.ts";
import { type ConfigFault, inReadingOrder, locateFault } from "../configuration/config-fault.ts";
import { type FolderDocument, readDocument } from "../configuration/folder.ts";
import { compileConfiguration, type LoadedConfiguration, type SourceDocument } from "../configuration.ts";
import { type Sweep, sweptBodies } from "./sweep.ts";

/** The versions of a playbook that are tried, as documents; one, unless a number is swept. */
export interface CandidateBodies {
  readonly id: string;
  readonly bodies: readonly unknown[];
}

/** The versions, ready to be judged, among the documents in force. */
export interface Candidates {
  /** Of the documents in force with the first version among them. */
  readonly configuration: LoadedConfiguration;
  readonly candidates: readonly CompiledPlaybook[];
}

type Faulty = { readonly faults: readonly ConfigFault[] };

/** Reads a playbook from a file, and checks each version of it against the documents in force. */
export async function readCandidates(
  db: Db,
  path: string,
  sweep: Sweep | null,
): Promise<(Candidates & { readonly tried: CandidateBodies }) | Faulty> {
  const file = resolve(path);
  const { documents, faults } = await readDocument(dirname(file), basename(file), "playbook");
  const [document] = documents;
  if (document === undefined || faults.length > 0) return { faults };
  const swept = sweep === null ? { bodies: [document.body] } : sweptBodies(document.body, sweep);
  if ("refusal" in swept) return { faults: [locateFault(faultAt("", undefined, swept.refusal), document)] };
  const tried = { id: document.id, bodies: swept.bodies };
  const compiled = await compileCandidates(db, tried, document);
  return "faults" in compiled ? compiled : { ...compiled, tried };
}

/** Compiles each version as if it were in force. */
export async function compileCandidates(
  db: Db,
  { id, bodies }: CandidateBodies,
  place: Pick<FolderDocument, "file" | "positionOf"> = { file: null },
): Promise<Candidates | Faulty> {
  const live = (await readLiveDocuments(db)).map((one) => ({ ...one, file: `${one.kind} ${one.id}` }));
  const others: readonly SourceDocument[] = live.filter((one) => one.kind !== "playbook" || one.id !== id);
  const versions = bodies.map((body) =>
    compileConfiguration([...others, { kind: "playbook", id, body, revision: 0, ...place }]),
  );
  const faults = versions.flatMap((version) => ("faults" in version ? version.faults : []));
  const sound = versions.flatMap((version) => ("faults" in version ? [] : [version.configuration]));
  const candidates = sound.flatMap(({ playbooks }) => playbooks.filter((one) => one.id === id));
  const [configuration] = sound;
  if (configuration === undefined || faults.length > 0) return { faults: inReadingOrder(distinct(faults)) };
  return { configuration: withMetricsOf(configuration, sound), candidates };
}

/** Each version may name other metrics. */
function withMetricsOf(first: LoadedConfiguration, versions: readonly LoadedConfiguration[]): LoadedConfiguration {
  const named = versions.flatMap(({ scorer }) => scorer.plan.metrics).map((metric) => [metric.name, metric] as const);
  const plan = { ...first.scorer.plan, metrics: [...new Map(named).values()] };
  return { ...first, scorer: { ...first.scorer, plan } };
}

/** What is wrong with all versions alike is said once. */
function distinct(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify([fault.path, fault.message, fault.met]), fault])).values()];
}
