import { factCatalogue, metricsAmong } from "../scoring/fact-catalogue.ts";
import { suggestion } from "../scoring/fault.ts";
import type { Driver } from "../scoring/history.ts";
import { lossOf, type Subject, worstDrivers } from "./subject.ts";

/** What a template is rendered for, beside the account. */
export interface RunWords {
  readonly playbookId: string;
  readonly playbookName: string;
  readonly runId: number;
  /** Why the run was started. */
  readonly reason: string;
}

/** One path as the template writes it; a nested list is a variable used as a key. */
export type TemplatePath = readonly (string | number | readonly unknown[])[];

/** Names below `account`, and the fact each one shows. */
const accountFacts = {
  key: "account.key",
  name: "account.name",
  segment: "segment",
  stage: "stage",
  owner: "owner",
  industry: "account.industry",
  country: "account.country",
  domain: "account.domain",
  began_on: "account.began_on",
} as const;

const driverNames = [
  "group",
  "measure",
  "metric",
  "value",
  "unit",
  "age_days",
  "state",
  "points",
  "weight",
  "contribution",
  "loss",
  "reason",
] as const;

const loopNames = ["index", "index0", "rindex", "rindex0", "first", "last", "length"] as const;

/** What may follow each root; an empty list: nothing. */
const roots: Readonly<Record<string, readonly string[]>> = {
  account: [...Object.keys(accountFacts), "fields"],
  owner: ["name", "email"],
  contact: ["name", "email"],
  playbook: ["id", "name"],
  run: ["id", "reason"],
  score: [],
  band: [],
};

/** Why a path may not stand in a template, or null when it may. */
export function refusalOf(path: TemplatePath): string | null {
  const dynamic = path.find((part) => typeof part === "object");
  if (dynamic !== undefined) return `${shown(path)}: a key must be written out, not computed`;
  const [root, second, ...rest] = path.map(String);
  if (root === "drivers") return refusalOfDriver(path);
  if (root === "metrics") return refusalOfMetric(path);
  const names = root === undefined || !Object.hasOwn(roots, root) ? undefined : roots[root];
  if (root === undefined || names === undefined) {
    return `unknown variable "${shown(path)}"${suggestion(String(root), [...Object.keys(roots), "drivers", "metrics"])}`;
  }
  if (root === "account" && second === "fields") return refusalOfField(path, rest);
  if (second === undefined)
    return names.length === 0 ? null : `"${root}" is not a value: ${names.map((name) => `${root}.${name}`).join(", ")}`;
  if (rest.length > 0 || !names.includes(second)) {
    return `unknown variable "${shown(path)}"${suggestion(second, names)}`;
  }
  return null;
}

/** Why a path that begins with a name of the template's own (a loop's, an assignment's) may not stand there, or null. */
export function refusalOfLocal(path: TemplatePath): string | null {
  const [root, second, ...rest] = path;
  if (typeof second !== "string") return null;
  const known =
    root === "forloop" ? loopNames : [...driverNames, ...Object.values(roots).flat(), "size", "first", "last"];
  const isKnown = rest.length === 0 && known.some((name) => name === second);
  return isKnown ? null : `unknown variable "${shown(path)}"${suggestion(second, known)}`;
}

/** The metric a path names, or null when it names none. */
export function metricOf(path: TemplatePath): string | null {
  return path[0] === "metrics" && path.length > 1 ? path.slice(1).join(".") : null;
}

/** Plain data with no prototype anywhere: what templates can see. `metricPaths` are those the template names. */
export function templateData(
  subject: Subject,
  words: RunWords,
  metricPaths: readonly TemplatePath[],
): Readonly<Record<string, unknown>> {
  const { facts, owner, contact } = subject;
  const account = Object.entries(accountFacts).map(([name, fact]) => [name, facts.get(fact) ?? null] as const);
  return bare([
    ["account", bare([...account, ["fields", ownFields(subject)]])],
    [
      "owner",
      bare([
        ["name", owner?.name ?? null],
        ["email", owner?.email ?? null],
      ]),
    ],
    [
      "contact",
      bare([
        ["name", contact?.name ?? null],
        ["email", contact?.email ?? null],
      ]),
    ],
    [
      "playbook",
      bare([
        ["id", words.playbookId],
        ["name", words.playbookName],
      ]),
    ],
    [
      "run",
      bare([
        ["id", words.runId],
        ["reason", words.reason],
      ]),
    ],
    ["score", facts.get("score") ?? null],
    ["band", facts.get("band") ?? null],
    ["drivers", worstDrivers(subject.drivers).map(driverData)],
    ["metrics", metricsData(subject, metricPaths)],
  ]);
}

function refusalOfDriver(path: TemplatePath): string | null {
  const [, position, name, ...rest] = path;
  if (position === undefined || position === "size") return null;
  if (typeof position !== "number" && position !== "first" && position !== "last") {
    return `unknown variable "${shown(path)}": drivers is a list, loop over it or take drivers[0]`;
  }
  const isKnown = rest.length === 0 && driverNames.some((known) => known === name);
  return isKnown ? null : `unknown variable "${shown(path)}"${suggestion(String(name), driverNames)}`;
}

function refusalOfMetric(path: TemplatePath): string | null {
  const name = metricOf(path);
  if (name === null) return '"metrics" is not a value: name one, such as metrics["nps.latest"]';
  if (metricsAmong([name]).length > 0) return null;
  if (factCatalogue.typeOf(name) !== null) return `"${name}" is not a metric`;
  return factCatalogue.refusal(name);
}

function refusalOfField(path: TemplatePath, rest: readonly string[]): string | null {
  const [name] = rest;
  if (rest.length === 1 && factCatalogue.typeOf(`account.fields.${name}`) !== null) return null;
  return `unknown variable "${shown(path)}": a field is account.fields.<name>`;
}

function ownFields(subject: Subject): Readonly<Record<string, unknown>> {
  const prefix = "account.fields.";
  const entries = [...subject.facts].filter(([name]) => name.startsWith(prefix));
  return bare(entries.map(([name, value]) => [name.slice(prefix.length), value] as const));
}

function driverData(driver: Driver): Readonly<Record<string, unknown>> {
  return bare([
    ["group", driver.group],
    ["measure", driver.measure],
    ["metric", driver.metric],
    ["value", driver.value],
    ["unit", driver.unit],
    ["age_days", driver.ageDays],
    ["state", driver.state],
    ["points", driver.points],
    ["weight", driver.weight],
    ["contribution", driver.contribution],
    ["loss", lossOf(driver)],
    ["reason", driver.reason ?? null],
  ]);
}

/** `metrics["a.b"]` and `metrics.a.b` are the same metric: each one is laid down where its template looks for it. */
function metricsData(subject: Subject, paths: readonly TemplatePath[]): Readonly<Record<string, unknown>> {
  const data: Record<string, unknown> = Object.create(null);
  for (const path of paths) {
    let level = data;
    const keys = path.slice(1).map(String);
    for (const key of keys.slice(0, -1)) {
      const below = level[key];
      const next = isLevel(below) ? below : Object.create(null);
      level[key] = next;
      level = next;
    }
    level[keys.at(-1) ?? ""] = subject.facts.get(keys.join(".")) ?? null;
  }
  return data;
}

function isLevel(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function bare(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  const data: Record<string, unknown> = Object.create(null);
  for (const [name, value] of entries) data[name] = value;
  return data;
}

function shown(path: TemplatePath): string {
  return path.map((part) => (typeof part === "object" ? "[…]" : String(part))).join(".");
}
