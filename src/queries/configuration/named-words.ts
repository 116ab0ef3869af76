import { fixedFactNames } from "../../scoring/fact-catalogue.ts";
import { fixedMetricNames, metricForms } from "../../scoring/metrics.ts";
import type { DeploymentWords } from "./deployment-words.ts";

type Node = Readonly<Record<string, unknown>>;

/**
 * Writes the names there are into a JSON Schema, where a name is asked for: facts and metrics everywhere, the company's own where they are
 * given. Facts and metrics are texts to the parser, which explains what is wrong with one; an editor wants the list. A list of one's own
 * that is empty leaves the place as it was.
 */
export function nameWords(schema: unknown, words: DeploymentWords | null): void {
  if (Array.isArray(schema)) {
    for (const part of schema) nameWords(part, words);
    return;
  }
  if (!isNode(schema)) return;
  // The parts first: what is written here is not looked into again.
  for (const part of Object.values(schema)) nameWords(part, words);
  const properties = schema["properties"];
  if (!isNode(properties)) return;
  nameFacts(properties, words);
  if (words !== null) nameProperties(schema, properties, words);
}

const milestonePattern = "^milestone\\.[a-z0-9]+(-[a-z0-9]+)*(\\.(status|days))?$";
const ownFieldPattern = "^account\\.fields\\.[A-Za-z][A-Za-z0-9_]*$";

function nameFacts(properties: Node, words: DeploymentWords | null): void {
  const metrics = metricWords(words);
  const facts = [
    { enum: [...fixedFactNames, ...(words?.facts ?? [])] },
    { pattern: ownFieldPattern },
    { pattern: milestonePattern },
    ...metrics,
  ];
  if ("fact" in properties) Reflect.set(properties, "fact", { type: "string", anyOf: facts });
  // Beside a metric, `per` is one as well.
  for (const key of "metric" in properties ? ["metric", "per"] : []) {
    if (key in properties) Reflect.set(properties, key, { type: "string", anyOf: metrics });
  }
  // What arrives is judged by its own fields, not by facts of the account.
  if ("where" in properties) Reflect.set(properties, "where", { type: "object" });
}

/** A list completes, a pattern only checks: usage names are everybody's own. */
function metricWords(words: DeploymentWords | null): readonly Node[] {
  const own = words === null || words.metrics.length === 0 ? [] : [{ enum: words.metrics }];
  return [...own, { enum: fixedMetricNames }, ...metricForms.map(({ pattern }) => ({ pattern }))];
}

function nameProperties(schema: Node, properties: Node, words: DeploymentWords): void {
  const variant = constOf(properties["do"]) ?? constOf(properties["on"]);
  const asked = { ...(variant === null ? ourTeam(words) : variants(words)[variant]) };
  for (const [key, known] of Object.entries(asked)) {
    if (!(key in properties) || known.length === 0) continue;
    Reflect.set(properties, key, lists.includes(key) ? oneOrSeveral(known) : { enum: known });
  }
  if (variant === "task") Reflect.set(properties, "assignee", assignee(words));
  if ("fact" in properties && variant === null) addValues(schema, words);
}

/** Where owners.json names somebody else, and other documents a channel by which our own team is told. */
function ourTeam({ owners, channels }: DeploymentWords): Readonly<Record<string, readonly string[]>> {
  const told = [...channels.slack, ...channels.email];
  return { cover: owners, fallback: owners, manager: owners, ask: told, digest: told, tell: told };
}

/** What stands where in the variants of a step or a trigger. */
function variants(words: DeploymentWords): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  const { channels, taskSources, fieldSources, stages, bands, segments, milestones, playbooks } = words;
  return {
    slack: { to: channels.slack },
    email: { via: channels.email },
    survey: { via: channels.email },
    webhook: { to: channels.webhook },
    task: { sync: taskSources },
    "update-crm": { source: fieldSources },
    "set-stage": { stage: stages },
    "call-playbook": { playbook: playbooks },
    stage: { enters: stages, leaves: stages, stuck: stages, from: stages },
    band: { enters: bands },
    segment: { enters: segments, leaves: segments },
    milestone: { milestone: milestones },
  };
}

/** These take one name or several. */
const lists: readonly string[] = ["enters", "leaves", "stuck", "from"];

function oneOrSeveral(known: readonly string[]): Node {
  return { anyOf: [{ enum: known }, { type: "array", minItems: 1, items: { enum: known } }] };
}

function assignee({ owners }: DeploymentWords): Node {
  const several = { type: "array", minItems: 1, maxItems: 200, items: owners.length > 0 ? { enum: owners } : {} };
  const among = (key: string) => ({
    type: "object",
    properties: { [key]: several },
    required: [key],
    additionalProperties: false,
  });
  return { anyOf: [{ enum: ["owner", "manager", ...owners] }, among("leastLoaded"), among("roundRobin")] };
}

/** A condition that compares the band, the stage, the segment or the owner takes their names. */
function addValues(schema: Node, { bands, stages, segments, owners }: DeploymentWords): void {
  const rules = Object.entries({ band: bands, stage: stages, segment: segments, owner: owners })
    .filter(([, known]) => known.length > 0)
    .map(([fact, known]) => ({
      if: { properties: { fact: { const: fact } }, required: ["fact"] },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema.
      then: {
        properties: {
          is: { enum: known },
          isNot: { enum: known },
          in: { items: { enum: known } },
          notIn: { items: { enum: known } },
        },
      },
    }));
  if (rules.length > 0) Reflect.set(schema, "allOf", [...allOf(schema), ...rules]);
}

function allOf(schema: Node): readonly unknown[] {
  return Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
}

function constOf(schema: unknown): string | null {
  const value = isNode(schema) ? schema["const"] : null;
  return typeof value === "string" ? value : null;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}
