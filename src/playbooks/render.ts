import { Liquid, type Template as Parsed } from "liquidjs";
import { escapeSlack, plainText, singleLine } from "./escape.ts";
import { longestTemplate } from "./schema/words.ts";
import type { Subject } from "./subject.ts";
import {
  metricOf,
  type RunWords,
  refusalOf,
  refusalOfLocal,
  type TemplatePath,
  templateData,
} from "./template-context.ts";

/** Where a template's text goes: one line (subjects, titles), plain text, or Slack's markup. */
export type TemplateTarget = "line" | "text" | "slack";

/** A template that was read and whose every variable is known. */
export interface Template {
  /** The metrics it names. */
  readonly facts: readonly string[];
  /** The text for one account; a refusal in words when it breaks a limit or a filter cannot bear its value. */
  render(subject: Subject, words: RunWords): Rendered;
}

export type Rendered = { readonly text: string } | { readonly refusal: string };

/** The whole language: what is not listed is refused. Nothing here reads a file, a clock or chance, or lifts the escaping. */
const tags = ["assign", "for", "break", "continue", "if", "unless", "case", "comment", "raw", "#"];
const filters = [
  ...["abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times"],
  ...[
    "append",
    "capitalize",
    "downcase",
    "prepend",
    "remove",
    "replace",
    "slice",
    "split",
    "strip",
    "truncate",
    "upcase",
  ],
  ...["compact", "concat", "first", "join", "last", "map", "reverse", "size", "sort", "uniq", "where"],
  ...["default", "url_encode"],
];

/** Characters and list items a rendering may make: counted, so that a busy machine renders what an idle one does. */
const mostMemory = 100_000;
/** The last resort, for loops within loops: far above what a template takes that anybody meant. */
const longestRenderMs = 5_000;

const escapes = { line: singleLine, text: plainText, slack: escapeSlack } as const satisfies Record<
  TemplateTarget,
  (text: string) => string
>;
const engines = { line: openEngine("line"), text: openEngine("text"), slack: openEngine("slack") } as const;

/** Reads a template, or says everything that is wrong with it. */
export function compileTemplate(
  source: string,
  target: TemplateTarget,
): { readonly template: Template } | { readonly refusals: readonly string[] } {
  if (source.length > longestTemplate) return { refusals: [`longer than ${longestTemplate} characters`] };
  const engine = engines[target];
  const reading = read(engine, source);
  if ("refusals" in reading) return reading;
  const metricPaths = reading.paths.filter((path) => metricOf(path) !== null);
  const facts = [...new Set(metricPaths.flatMap((path) => metricOf(path) ?? []))];
  const render = (subject: Subject, words: RunWords): Rendered => {
    try {
      const limits = { memoryLimit: mostMemory, renderLimit: longestRenderMs };
      const text = String(engine.renderSync(reading.parsed, templateData(subject, words, metricPaths), limits));
      return { text: target === "line" ? singleLine(text) : text.trim() };
    } catch (error) {
      return { refusal: `the template could not be rendered: ${firstLine(error)}` };
    }
  };
  return { template: { facts, render } };
}

function openEngine(target: TemplateTarget): Liquid {
  const escapeText = escapes[target];
  const engine = new Liquid({
    ownPropertyOnly: true,
    strictFilters: true,
    // Nothing is ever read from a file, even by a tag that slipped through.
    templates: {},
    parseLimit: longestTemplate,
    outputEscape: (value: unknown) => escapeText(show(value)),
  });
  for (const name of Object.keys(engine.tags)) if (!tags.includes(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) if (!filters.includes(name)) delete engine.filters[name];
  return engine;
}

type Reading = { readonly parsed: Parsed[]; readonly paths: readonly TemplatePath[] };

function read(engine: Liquid, source: string): Reading | { readonly refusals: readonly string[] } {
  try {
    const parsed = engine.parse(source);
    const paths: readonly TemplatePath[] = engine.globalVariableSegmentsSync(parsed, { partials: false });
    const globals = new Set(paths.map((path) => JSON.stringify(path)));
    const locals = engine
      .variableSegmentsSync(parsed, { partials: false })
      .filter((path) => !globals.has(JSON.stringify(path)));
    const refusals = [...paths.map(refusalOf), ...locals.map(refusalOfLocal)].filter((refusal) => refusal !== null);
    return refusals.length > 0 ? { refusals: [...new Set(refusals)] } : { parsed, paths };
  } catch (error) {
    return { refusals: [`cannot be read as a template: ${firstLine(error)}`] };
  }
}

/** A value as people read it; a list or an object is not a text. */
function show(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toFixed(2)));
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  return "";
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
