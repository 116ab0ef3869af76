import type { Request, RequestHandler, Response } from "express";
import { z } from "zod";
import type { Configuration } from "../playbooks/configuration.ts";
import { type Hand, type HandOutcome, handWords, refusalText } from "../queries/by-hand/hand.ts";
import { authorSchema } from "../queries/by-hand/wishes.ts";
import { type Db, readNow, type Tx } from "../store/db.ts";
import type { TokenScope } from "../store/tokens.ts";
import { requireScope, tokenOf } from "./bearer.ts";
import { answerOnce } from "./idempotent.ts";
import { optionalJsonBytes, parseJson } from "./json-body.ts";
import { Problem } from "./problem.ts";

/** What every route of a hand needs. */
export interface HandDeps {
  readonly db: Db;
  readonly configuration: () => Promise<Configuration>;
}

/** One route of a hand: what it takes, what it does, what it answers. */
export interface HandRoute<Wish extends z.ZodType, Done> {
  readonly scope: TokenScope;
  readonly wish: Wish;
  readonly done: z.ZodType<Done>;
  /** 200 unless told. */
  readonly status?: number;
  readonly deed: (tx: Tx, wish: z.infer<Wish>, hand: Hand, request: Request, now: Date) => Promise<HandOutcome<Done>>;
}

/** The longest text is 10,000 characters, each of six bytes at most when it is escaped. */
const mostBytes = 128 * 1024;
const statusOf = { missing: 404, conflict: 409, refused: 422 } as const satisfies Record<
  Exclude<HandOutcome<unknown>["kind"], "done">,
  number
>;

/** The handlers of a write by hand: its scope, its body, the deed with its row of the audit, once per `Idempotency-Key`. */
export function byHand<Wish extends z.ZodType, Done>(
  { db, configuration }: HandDeps,
  route: HandRoute<Wish, Done>,
): RequestHandler[] {
  const act: RequestHandler = async (request, response) => {
    const { author, wish } = parseWish(route.wish, request, response);
    const hand: Hand = { author, via: "api", words: handWords(await configuration()) };
    const now = await readNow(db);
    await answerOnce(db, request, response, {
      shape: route.done,
      status: route.status ?? 200,
      content: `${request.method} ${request.originalUrl}\n${JSON.stringify([author, wish])}`,
      work: async (tx) => {
        const outcome = await route.deed(tx, wish, hand, request, now);
        if (outcome.kind !== "done") throw new Problem(statusOf[outcome.kind], refusalText(outcome));
        return outcome.done;
      },
    });
  };
  return [requireScope(db, route.scope), ...optionalJsonBytes(mostBytes), act];
}

const bodySchema = z.looseObject({ author: authorSchema.optional() });

/** Who does it stands beside the wish; a name that a token vouches for is told from one that only its holder gives. */
function parseWish<Wish extends z.ZodType>(
  schema: Wish,
  request: Request,
  response: Response,
): { author: string; wish: z.infer<Wish> } {
  const content: unknown = request.body;
  const { author, ...rest } = parse(bodySchema, Buffer.isBuffer(content) ? parseJson(content) : {});
  const token = tokenOf(response).name;
  return { author: author === undefined ? token : `${author} (via token ${token})`, wish: parse(schema, rest) };
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Problem(400, z.prettifyError(parsed.error));
  return parsed.data;
}

/** What a query string asks for; a `Problem` with everything that is wrong with it. */
export function parseQuery<T extends z.ZodType>(schema: T, request: Request): z.infer<T> {
  return parse(schema, request.query);
}

/** A number in a path; no row has another id. */
export function idOf(request: Request, what: string): number {
  const text = String(request.params["id"]);
  if (!/^\d{1,15}$/.test(text)) throw new Problem(404, `There is no such ${what}.`);
  return Number(text);
}
