import { type Fault, faultAt, joinPath } from "../../scoring/fault.ts";
import type { MetricSettings } from "../../scoring/metrics/settings.ts";
import { compileMetrics, customAmong } from "../../scoring/metrics.ts";

/** Keys whose text is a metric's name or a fact's. */
const namingKeys: ReadonlySet<string> = new Set(["fact", "metric", "per"]);
/** As a template names a metric. */
const inTemplate = /\bmetrics\.(custom\.[a-z0-9]+(?:-[a-z0-9]+)*)/g;

/** The metrics of one's own that a document names and metrics.json does not have, each where it stands. */
export function ownMetricFaults(document: unknown, settings: MetricSettings): readonly Fault[] {
  return namesIn(document).flatMap(({ path, met, name }) => {
    const [fault] = compileMetrics([name], settings).faults;
    return fault === undefined ? [] : [faultAt(path, met, fault.message)];
  });
}

interface Named {
  readonly path: string;
  /** What stands there: the name itself, or a template with it. */
  readonly met: string;
  readonly name: string;
}

/** Documents are nested as deep as `json-text` lets them be, no deeper. */
function namesIn(value: unknown, path = "", key: string | null = null): readonly Named[] {
  if (typeof value === "string") return namesInText(value, key).map((name) => ({ path, met: value, name }));
  if (Array.isArray(value)) return value.flatMap((item, index) => namesIn(item, joinPath(path, index), key));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => namesIn(inner, joinPath(path, name), name));
}

function namesInText(text: string, key: string | null): readonly string[] {
  if (key !== null && namingKeys.has(key)) return customAmong([text]);
  if (!text.includes("{{") && !text.includes("{%")) return [];
  return customAmong([...text.matchAll(inTemplate)].map((match) => match[1] ?? ""));
}
