import { existsSync, readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { z } from "zod";

const response = z.looseObject({
  content: z.record(z.string(), z.looseObject({ schema: z.unknown().optional() })).optional(),
});
const operation = z.looseObject({ responses: z.record(z.string(), response).optional() });
const document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Judges bodies by what a vendor publishes of them. */
export interface OpenApi {
  /** What is wrong with an answer; empty where nothing is, or where the document says nothing of it. */
  faultsOf(method: string, path: string, status: number, body: unknown): string[];
}

const known = new Map<string, OpenApi>();

/** Reads an OpenAPI 3.0 document in JSON, once; null where there is no such file. */
export function readOpenApi(file: string): OpenApi | null {
  if (!existsSync(file)) return null;
  const read = known.get(file) ?? openApiOf(file);
  known.set(file, read);
  return read;
}

function openApiOf(file: string): OpenApi {
  const raw: unknown = JSON.parse(readFileSync(file, "utf8"), withNulls);
  const { paths } = document.parse(raw);
  // The documents hold keywords and formats of OpenAPI's own.
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  formats.default(ajv);
  ajv.addSchema({ $id: "vendor", ...z.record(z.string(), z.unknown()).parse(raw) });
  const judges = new Map<string, ValidateFunction | null>();

  const judgeOf = (method: string, path: string, status: number): ValidateFunction | null => {
    const template = templateOf(Object.keys(paths), path);
    const found = operation.safeParse(paths[template ?? ""]?.[method]);
    const schema = found.data?.responses?.[String(status)]?.content?.["application/json"]?.schema;
    if (template === undefined || schema === undefined) return null;
    const place = [template, method, "responses", String(status), "content", "application/json", "schema"];
    const parts = place.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    return ajv.compile({ $ref: `vendor#/paths/${parts.join("/")}` });
  };

  return {
    faultsOf(method, path, status, body) {
      const name = `${method.toLowerCase()} ${path} ${status}`;
      const judge = judges.get(name) ?? judgeOf(method.toLowerCase(), path, status);
      judges.set(name, judge);
      if (judge === null || judge(body)) return [];
      return (judge.errors ?? []).map(({ instancePath, message = "" }) => `${path} ${instancePath} ${message}`);
    },
  };
}

/** `nullable` beside a reference says nothing to a validator of JSON Schema. */
function withNulls(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value) || "type" in value) return value;
  const { nullable: _, ...rest } = value;
  return { anyOf: [rest, { type: "null" }] };
}

/** A path that the document names goes before one with a hole. */
function templateOf(templates: readonly string[], path: string): string | undefined {
  if (templates.includes(path)) return path;
  return templates.find((each) => new RegExp(`^${each.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path));
}
