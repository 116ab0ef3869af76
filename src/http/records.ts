import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { daySchema, type Input, inputSchema, streamKinds } from "../scoring/records.ts";
import { handSource } from "../store/by-hand.ts";
import { type Db, readNow, type Tx } from "../store/db.ts";
import { ensureUsagePartitions } from "../store/intake/usage-partitions.ts";
import { applyInputs, stateCoverage } from "../store/intake.ts";
import { notify } from "../store/notify.ts";
import { requireScope } from "./bearer.ts";
import { answerOnce } from "./idempotent.ts";
import { jsonBytes, parseJson } from "./json-body.ts";
import { onlyMethods, Problem } from "./problem.ts";

const mostBytes = 10 * 1024 * 1024;
const mostRecords = 5000;

/** The body of `POST /api/v1/records`. Records are checked one by one: a bad one is rejected, the rest is kept. */
const recordsBodySchema = z.strictObject({
  /** Whose ids these are: a name of the sender's choice. */
  source: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,49}$/, "small letters, digits, - and _, at most 50")
    .refine((source) => source !== handSource, { error: `"${handSource}" is what people do with Keepwell itself` })
    .default("api"),
  records: z.array(z.unknown()).max(mostRecords).default([]),
  /** "All days up to `through` are delivered", per kind: without it, silence reads as stale, not as zero. */
  coverage: z
    .array(z.strictObject({ kind: z.enum(streamKinds), through: daySchema }))
    .max(streamKinds.length)
    .default([]),
  unknownAccounts: z.enum(["reject", "hold"]).default("reject"),
});
type RecordsBody = z.infer<typeof recordsBodySchema>;

/** What became of the records of one request. */
const recordsAnswerSchema = z.strictObject({
  /** Inputs that were held before and could be applied now count as well. */
  written: z.number(),
  unchanged: z.number(),
  held: z.number(),
  /** `index` is the place in `records`; -1 for one that was held before. */
  rejected: z.array(z.strictObject({ index: z.number(), reason: z.string() })),
});
type RecordsAnswer = z.infer<typeof recordsAnswerSchema>;
type Rejected = RecordsAnswer["rejected"][number];

/** Routes through which others send records. */
export function recordRoutes(db: Db): Router {
  const router = Router();
  router
    .route("/api/v1/records")
    .post(requireScope(db, "records:write"), ...jsonBytes(mostBytes), takeRecords(db))
    .all(onlyMethods("POST"));
  return router;
}

/** All in one transaction: the records, the coverage and the answer kept for the `Idempotency-Key`. */
function takeRecords(db: Db): RequestHandler {
  return async (request, response) => {
    const content: unknown = request.body;
    if (!Buffer.isBuffer(content)) throw new Problem(400, "A JSON body was expected.");
    const now = await readNow(db);
    const body = parseBody(content, now);
    const sifted = sift(body.records);
    await ensureUsagePartitions(
      db,
      sifted.inputs.map(({ input }) => input),
      now,
    );
    const work = (tx: Tx) => store(tx, body, sifted, now);
    await answerOnce(db, request, response, { shape: recordsAnswerSchema, status: 200, content, work });
  };
}

function parseBody(bytes: Buffer, now: Date): RecordsBody {
  const parsed = recordsBodySchema.safeParse(parseJson(bytes));
  if (!parsed.success) throw new Problem(400, z.prettifyError(parsed.error));
  const newest = newestDay(now);
  // Coverage never goes back: a year typed wrongly would make silence of everything to come.
  const wrong = parsed.data.coverage.find(({ through }) => through < earliestCoverage || through > newest);
  if (wrong !== undefined) {
    const days = `expected a day from ${earliestCoverage} to ${newest}`;
    throw new Problem(400, `The coverage of ${wrong.kind} cannot be through ${wrong.through}: ${days}.`);
  }
  return parsed.data;
}

/** Windows end where coverage does: every score would have to read from there. */
const earliestCoverage = "1970-01-01";

/** Today where on earth the day begins first (UTC+14). */
function newestDay(now: Date): string {
  return new Date(now.getTime() + 14 * 3_600_000).toISOString().slice(0, 10);
}

interface Sifted {
  readonly inputs: readonly { readonly index: number; readonly input: Input }[];
  readonly rejected: readonly Rejected[];
}

function sift(records: readonly unknown[]): Sifted {
  const inputs: { index: number; input: Input }[] = [];
  const rejected: Rejected[] = [];
  for (const [index, record] of records.entries()) {
    const parsed = inputSchema.safeParse(record);
    if (parsed.success) inputs.push({ index, input: parsed.data });
    else rejected.push({ index, reason: reasonOf(parsed.error) });
  }
  return { inputs, rejected };
}

async function store(tx: Tx, body: RecordsBody, sifted: Sifted, now: Date): Promise<RecordsAnswer> {
  const { source, unknownAccounts } = body;
  for (const { kind, through } of body.coverage) {
    await stateCoverage(tx, { source, kind, throughDay: through, recordedAt: now, backfilled: false });
  }
  const inputs = sifted.inputs.map(({ input }) => input);
  const applied = await applyInputs(tx, { source, inputs, now, recordedAt: "now", unknownAccounts });
  await notify(tx, "score");
  const refused = applied.rejected.map(({ index, reason }) => ({
    index: sifted.inputs[index]?.index ?? index,
    reason: storable(reason),
  }));
  return {
    written: applied.written,
    unchanged: applied.unchanged,
    held: applied.held,
    rejected: [...sifted.rejected, ...refused].sort((one, other) => one.index - other.index),
  };
}

function reasonOf(error: z.ZodError): string {
  const reasons = error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`,
  );
  return storable(reasons.join("; "));
}

const longestReason = 500;

/** A reason may quote what was sent, and is kept with the answer: short, and without what PostgreSQL cannot hold. */
function storable(reason: string): string {
  const clean = reason.slice(0, longestReason).replace(/[\p{Cc}\p{Cs}]/gu, "\uFFFD");
  return reason.length > longestReason ? `${clean}…` : clean;
}
