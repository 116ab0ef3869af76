import { parseSources, type SourcesDocument } from "../../integrations/sources-schema.ts";
import { type ChannelConfig, parseChannels } from "../../playbooks/channels.ts";
import { type HouseGuards, parseHouseGuards } from "../../playbooks/guards-document.ts";
import { type Owners, parseOwners } from "../../playbooks/owners.ts";
import { type Company, companySchema } from "../../scoring/company.ts";
import { type Fault, faultsOf } from "../../scoring/fault.ts";
import { compileHealthModel, type HealthModel } from "../../scoring/health-model.ts";
import { compileLifecycle, type LifecycleContext } from "../../scoring/lifecycle/compile.ts";
import type { Lifecycle } from "../../scoring/lifecycle.ts";
import { compileMetricSettings } from "../../scoring/metric-settings.ts";
import type { MetricSettings } from "../../scoring/metrics/settings.ts";
import { placeFaults } from "./holidays.ts";

/** What was read from a document, or all that is wrong with it. */
export type Reading<Part> = { readonly part: Part } | { readonly faults: readonly Fault[] };

const companyWords = {
  keys: [...Object.keys(companySchema.shape), "currency", "from", "rate", "country", "region"],
  planned: [],
};

/** `company.json`. */
export function readCompany(body: unknown): Reading<Company> {
  const parsed = companySchema.safeParse(body);
  if (!parsed.success) return { faults: faultsOf(parsed.error, body, companyWords) };
  const { holidays } = parsed.data;
  const faults = holidays === undefined ? [] : placeFaults(holidays, "holidays");
  return faults.length > 0 ? { faults } : { part: parsed.data };
}

/** `owners.json`. */
export function readOwners(body: unknown): Reading<Owners> {
  const parsed = parseOwners(body);
  if ("faults" in parsed) return parsed;
  const faults = parsed.owners.owners.flatMap(({ country, region }, index) =>
    country === undefined ? [] : placeFaults({ country, region }, `owners[${index}]`),
  );
  return faults.length > 0 ? { faults } : { part: parsed.owners };
}

/** `channels.json`. */
export function readChannels(body: unknown): Reading<readonly ChannelConfig[]> {
  const parsed = parseChannels(body);
  return "faults" in parsed ? parsed : { part: parsed.channels };
}

/** `sources.json`. */
export function readSources(body: unknown): Reading<SourcesDocument> {
  const parsed = parseSources(body);
  return "faults" in parsed ? parsed : { part: parsed };
}

/** `guards.json`. */
export function readHouseGuards(body: unknown): Reading<HouseGuards> {
  const parsed = parseHouseGuards(body);
  return "faults" in parsed ? parsed : { part: parsed.guards };
}

/** `lifecycle.json`. */
export function readLifecycle(body: unknown, context: LifecycleContext): Reading<Lifecycle> {
  const compiled = compileLifecycle(body, context);
  return "faults" in compiled ? compiled : { part: compiled.lifecycle };
}

/** `metrics.json`. */
export function readMetricSettings(body: unknown): Reading<MetricSettings> {
  const compiled = compileMetricSettings(body);
  return "faults" in compiled ? compiled : { part: compiled.settings };
}

/** A file of `health-models/`. */
export function readHealthModel(body: unknown, revision: number): Reading<HealthModel> {
  const compiled = compileHealthModel(body, revision);
  return "faults" in compiled ? compiled : { part: compiled.model };
}
