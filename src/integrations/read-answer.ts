import type { z } from "zod";
import { type Answer, SourceHalt } from "./call-port.ts";

/**
 * The body of a vendor's 2xx answer, as JSON of the shape that is needed of it. Throws `SourceHalt` for anything else: a proxy's page or half
 * an answer is worth another try, and says nothing about the records.
 */
export function readAnswer<T>(answer: Answer, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(jsonOf(answer.text));
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const where = first === undefined || first.path.length === 0 ? "its body" : first.path.join(".");
  const reason = `the vendor answered ${answer.status} with something else than expected (${where})`;
  throw new SourceHalt({ kind: "retry", scope: "call", afterMs: null, reason });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
