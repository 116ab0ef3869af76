import { existsSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
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

/** Reads an OpenAPI 3.0 document in JSON; null where there is no such file. */
export function readOpenApi(file: string): OpenApi | null {
  if (!existsSync(file)) return null;
  const raw: unknown = JSON.parse(readFileSync(file, "utf8"));
  const { paths } = document.parse(raw);
  // The documents hold keywords and formats of OpenAPI's own.
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  formats.default(ajv);
  ajv.addSchema({ $id: "vendor", ...z.record(z.string(), z.unknown()).parse(raw) });
  return {
    faultsOf(method, path, status, body) {
      const template = templateOf(Object.keys(paths), path);
      const found = operation.safeParse(paths[template ?? ""]?.[method.toLowerCase()]);
      const schema = found.data?.responses?.[String(status)]?.content?.["application/json"]?.schema;
      if (template === undefined || schema === undefined) return [];
      const place = [
        template,
        method.toLowerCase(),
        "responses",
        String(status),
        "content",
        "application/json",
        "schema",
      ];
      const pointer = place
        .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
        .join("/");
      const validate = ajv.compile({ $ref: `vendor#/paths/${pointer}` });
      if (validate(body)) return [];
      return (validate.errors ?? []).map(({ instancePath, message = "" }) => `${path} ${instancePath} ${message}`);
    },
  };
}

/** A path that the document names goes before one with a hole. */
function templateOf(templates: readonly string[], path: string): string | undefined {
  if (templates.includes(path)) return path;
  return templates.find((each) => new RegExp(`^${each.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path));
}
