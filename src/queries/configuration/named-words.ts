import type { DeploymentWords } from "./deployment-words.ts";

type Node = Readonly<Record<string, unknown>>;

/** Writes a company's own names into a JSON Schema: where a name is asked for, those there are; an empty list leaves the place as it was. */
export function nameOwnWords(schema: unknown, words: DeploymentWords): void {
  if (Array.isArray(schema)) {
    for (const part of schema) nameOwnWords(part, words);
    return;
  }
  if (!isNode(schema)) return;
  const properties = schema["properties"];
  if (isNode(properties)) nameProperties(schema, properties, words);
  for (const part of Object.values(schema)) nameOwnWords(part, words);
}

function nameProperties(schema: Node, properties: Node, words: DeploymentWords): void {
  const variant = constOf(properties["do"]) ?? constOf(properties["on"]);
  for (const [key, known] of Object.entries(variant === null ? {} : (variants(words)[variant] ?? {}))) {
    if (!(key in properties) || known.length === 0) continue;
    Reflect.set(properties, key, lists.includes(key) ? oneOrSeveral(known) : { enum: known });
  }
  if (variant === "task") Reflect.set(properties, "assignee", assignee(words));
  for (const key of ["cover", "fallback", "manager"]) {
    if (key in properties && words.owners.length > 0) Reflect.set(properties, key, { enum: words.owners });
  }
  if ("fact" in properties && variant === null) addValues(schema, words);
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
