import type { Request } from "express";
import { z } from "zod";
import { type Located, locateFault } from "../queries/configuration/config-fault.ts";
import { toFaultJson } from "../queries/configuration/fault-json.ts";
import { parseJson as parseJsonText } from "../queries/configuration/json-text.ts";
import type { DocumentEdit, Saving, SeenRevision } from "../queries/configuration/saving.ts";
import { faultAt } from "../scoring/fault.ts";
import type { ApplyResult, DocumentName } from "../store/documents.ts";
import { decode, parseJson } from "./json-body.ts";
import { Problem } from "./problem.ts";

/** Far more than the largest document has. */
export const mostConfigBytes = 1024 * 1024;

/** A document that is its own text: what is wrong with it is told by line and column. */
export function readDocumentText(name: DocumentName, bytes: unknown): DocumentEdit {
  const text = Buffer.isBuffer(bytes) ? decode(bytes) : "";
  const file = `${name.kind} ${name.id}`;
  const parsed = parseJsonText(text);
  if (parsed.faults.length > 0 || parsed.kind === "faults") {
    const faults = parsed.faults.map(({ path, message, position }) =>
      locateFault(faultAt(path, undefined, message), { file, positionOf: () => position }),
    );
    throw faultsProblem(400, faults);
  }
  return { ...name, body: parsed.value, file, positionOf: parsed.positionOf };
}

/** The body of a request whose form is ours; nothing is an empty object. */
export function readWish<Wish extends z.ZodType>(shape: Wish, request: Request): z.infer<Wish> {
  const content: unknown = request.body;
  const parsed = shape.safeParse(Buffer.isBuffer(content) && content.length > 0 ? parseJson(content) : {});
  if (!parsed.success) throw new Problem(400, z.prettifyError(parsed.error));
  return parsed.data;
}

/** Which revision a writer has seen, by `If-Match` and `If-None-Match`. */
export function seenRevision(request: Request): SeenRevision {
  if (request.get("if-none-match") !== undefined) {
    if (request.get("if-none-match")?.trim() === "*") return "none";
    throw new Problem(400, "If-None-Match takes * only: the document must not be there yet.");
  }
  const seen = request.get("if-match")?.trim();
  if (seen === undefined) return null;
  if (seen === "*") return "any";
  const revision = /^"(\d{1,9})"$/.exec(seen)?.[1];
  if (revision === undefined) throw new Problem(400, 'If-Match takes a revision in quotes, such as "3", or *.');
  return Number(revision);
}

const statusOf = { stale: 412, missing: 404, unconditional: 428 } as const;

/** What was done; a `Problem` for what was not. */
export function savedOrProblem(saving: Saving): ApplyResult {
  if (saving.kind === "saved") return saving.result;
  if (saving.kind === "faults") throw faultsProblem(422, saving.faults);
  throw new Problem(statusOf[saving.kind], saving.reason);
}

type Faults = Extract<Saving, { kind: "faults" }>["faults"];

function faultsProblem(status: number, faults: Faults): Problem {
  const [first, ...others] = faults;
  const more = others.length === 0 ? "" : ` And ${others.length} more.`;
  const detail = `The documents would not be in order: ${placeOf(first)}${first?.message ?? ""}.${more}`;
  return new Problem(status, detail, {}, { faults: faults.slice(0, mostFaults).map(toFaultJson) });
}

/** Who made a thousand faults has one cause for most of them. */
const mostFaults = 100;

function placeOf(fault: (Located & { readonly path: string }) | undefined): string {
  return [fault?.file ?? "", fault?.path ?? ""]
    .filter((part) => part !== "")
    .map((part) => `${part} `)
    .join("");
}
