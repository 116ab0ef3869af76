import { createHash } from "node:crypto";
import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { daySchema, type Input, inputSchema, streamKinds } from "../scoring/records.ts";
import { type Db, readNow, type Tx } from "../store/db.ts";
import { readIdempotentAnswer, storeIdempotentAnswer } from "../store/idempotency.ts";
import { applyInputs, stateCoverage } from "../store/intake.ts";
import { notify } from "../store/notify.ts";
import { requireScope, tokenOf } from "./bearer.ts";
import { jsonBody } from "./json-body.ts";
import { Problem } from "./problem.ts";

const mostRecords = 5000;

/** The body of `POST /api/v1/records`. Records are checked one by one: a bad one is rejected, the rest is kept. */
const recordsBodySchema = z.strictObject({
  /** Whose ids these are: a name of the sender's choice. */
  source: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,49}$/, "small letters, digits, - and _, at most 50")
    .default("api"),
  records: z.array(z.unknown()).max(mostRecords).default([]),
  /** "All days up to `through` are delivered", per kind: without it, silence reads as stale, not as zero. */
  coverage: z.array(z.strictObject({ kind: z.enum(streamKinds), through: daySchema })).default([]),
  unknownAccounts: z.enum(["reject", "hold"]).default("reject"),
});

export interface RecordsAnswer {
  readonly written: number;
  readonly unchanged: number;
  readonly held: number;
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

/** Routes through which others send records. */
export function recordRoutes(db: Db): Router {
  const router = Router();
  router.post("/records", requireScope(db, "records:write"), ...jsonBody("10mb"), takeRecords(db));
  return router;
}

/** All in one transaction: the records, the coverage and the answer kept for the `Idempotency-Key`. */
function takeRecords(db: Db): RequestHandler {
  return async (request, response) => {
    const body = recordsBodySchema.safeParse(request.body);
    if (!body.success) throw new Problem(400, "Bad request", z.prettifyError(body.error));
    const key = request.get("idempotency-key") ?? null;
    if (key !== null && (key.length === 0 || key.length > 255)) {
      throw new Problem(400, "Bad request", "An Idempotency-Key has 1 to 255 characters.");
    }
    const token = tokenOf(response);
    const now = await readNow(db);
    const answer = await db.transaction().execute(async (tx) => {
      if (key === null) return store(tx, body.data, now);
      const hash = createHash("sha256").update(JSON.stringify(request.body)).digest("hex");
      const earlier = await readIdempotentAnswer(tx, token.id, key);
      if (earlier === null) {
        const fresh = await store(tx, body.data, now);
        await storeIdempotentAnswer(tx, { tokenId: token.id, key, requestHash: hash, status: 200, response: fresh });
        return fresh;
      }
      if (earlier.requestHash !== hash) {
        throw new Problem(422, "Idempotency key reused", "This Idempotency-Key was used with another body.");
      }
      response.setHeader("idempotency-replayed", "true");
      return earlier.response;
    });
    response.status(200).json(answer);
  };
}

async function store(tx: Tx, body: z.infer<typeof recordsBodySchema>, now: Date): Promise<RecordsAnswer> {
  const rejected: { index: number; reason: string }[] = [];
  const inputs: { index: number; input: Input }[] = [];
  for (const [index, record] of body.records.entries()) {
    const parsed = inputSchema.safeParse(record);
    if (parsed.success) inputs.push({ index, input: parsed.data });
    else rejected.push({ index, reason: reasonOf(parsed.error) });
  }
  for (const { kind, through } of body.coverage) {
    await stateCoverage(tx, { source: body.source, kind, throughDay: through, recordedAt: now, backfilled: false });
  }
  const applied = await applyInputs(tx, {
    source: body.source,
    inputs: inputs.map(({ input }) => input),
    now,
    recordedAt: "now",
    unknownAccounts: body.unknownAccounts,
  });
  for (const { index, reason } of applied.rejected) {
    rejected.push({ index: inputs[index]?.index ?? index, reason });
  }
  await notify(tx, "score");
  const sorted = rejected.sort((one, other) => one.index - other.index);
  return { written: applied.written, unchanged: applied.unchanged, held: applied.held, rejected: sorted };
}

function reasonOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => (issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`))
    .join("; ");
}
