import { type Request, type RequestHandler, Router } from "express";
import { z } from "zod";
import { auditSchema, toAuditJson } from "../queries/by-hand/audit.ts";
import { type Deed, deedSchema, type Hand, type HandOutcome } from "../queries/by-hand/hand.ts";
import { readRemarks, remarksSchema } from "../queries/by-hand/remarks.ts";
import { judgeAlert, verdictCountsSchema, verdictDeedSchema } from "../queries/by-hand/verdicts.ts";
import {
  endWish,
  milestoneWish,
  noteWish,
  overrideWish,
  pulseWish,
  snoozeWish,
  stageWish,
  touchpointWish,
  verdictWish,
} from "../queries/by-hand/wishes.ts";
import {
  addNote,
  addPulse,
  addTouchpoint,
  clearOverride,
  clearSnooze,
  clearStage,
  type Named,
  reachMilestone,
  setOverride,
  setSnooze,
  setStage,
  takeBackMilestone,
} from "../queries/by-hand.ts";
import { findAccountByKey } from "../store/account-list.ts";
import { listAudit } from "../store/audit.ts";
import { type Db, readNow, type Tx } from "../store/db.ts";
import { countVerdicts } from "../store/verdicts.ts";
import { requireScope } from "./bearer.ts";
import { byHand, type HandDeps, idOf, parseQuery } from "./hand.ts";
import { onlyMethods, Problem } from "./problem.ts";

/** Routes through which people and their programs speak for accounts, judge alerts, and read who did what. */
export function byHandRoutes(deps: HandDeps): Router {
  const router = Router();
  const { db } = deps;
  const mayRead = requireScope(db, "accounts:read");
  const of = "/api/v1/accounts/:id";
  for (const [path, handlers] of [
    ["pulses", accountDeed(deps, pulseWish, addPulse, 201)],
    ["touchpoints", accountDeed(deps, touchpointWish, addTouchpoint, 201)],
  ] as const) {
    router
      .route(`${of}/${path}`)
      .post(...handlers)
      .all(onlyMethods("POST"));
  }
  router
    .route(`${of}/notes`)
    .get(mayRead, showRemarks(db))
    .post(...accountDeed(deps, noteWish, addNote, 201))
    .all(onlyMethods("POST, GET, HEAD"));
  for (const [path, set, clear] of [
    ["override", accountDeed(deps, overrideWish, setOverride), accountDeed(deps, endWish, clearOverride)],
    ["stage", accountDeed(deps, stageWish, setStage), accountDeed(deps, endWish, clearStage)],
    ["snooze", accountDeed(deps, snoozeWish, setSnooze), accountDeed(deps, endWish, clearSnooze)],
    ["milestones/:milestone", ...milestoneDeeds(deps)],
  ] as const) {
    router
      .route(`${of}/${path}`)
      .put(...set)
      .delete(...clear)
      .all(onlyMethods("PUT, DELETE"));
  }
  router
    .route("/api/v1/actions/:id/verdict")
    .put(
      ...byHand(deps, {
        scope: "accounts:write",
        wish: verdictWish,
        done: verdictDeedSchema,
        deed: (tx, wish, hand, request, now) => judgeAlert(tx, idOf(request, "action"), wish, hand, now),
      }),
    )
    .all(onlyMethods("PUT"));
  router.route("/api/v1/playbooks/verdicts").get(mayRead, showCounts(db)).all(onlyMethods("GET, HEAD"));
  router.route("/api/v1/audit").get(mayRead, showAudit(db)).all(onlyMethods("GET, HEAD"));
  return router;
}

function accountDeed<Wish extends z.ZodType>(
  deps: HandDeps,
  wish: Wish,
  act: (tx: Tx, named: Named, wish: z.infer<Wish>, hand: Hand, now: Date) => Promise<HandOutcome<Deed>>,
  status = 200,
): RequestHandler[] {
  return byHand(deps, {
    ...{ scope: "accounts:write", wish, done: deedSchema, status },
    deed: async (tx, said, hand, request, now) => act(tx, await accountOf(tx, request), said, hand, now),
  });
}

function milestoneDeeds(deps: HandDeps): readonly [RequestHandler[], RequestHandler[]] {
  return [
    byHand(deps, {
      ...{ scope: "accounts:write", wish: milestoneWish, done: deedSchema },
      deed: async (tx, wish, hand, request, now) =>
        reachMilestone(tx, await accountOf(tx, request), milestoneOf(request), wish, hand, now),
    }),
    byHand(deps, {
      ...{ scope: "accounts:write", wish: endWish, done: deedSchema },
      deed: async (tx, wish, hand, request, now) =>
        takeBackMilestone(tx, await accountOf(tx, request), milestoneOf(request), wish, hand, now),
    }),
  ];
}

async function accountOf(tx: Db | Tx, request: Request) {
  const key = wordSchema.safeParse(request.params["id"]);
  const account = key.success ? await findAccountByKey(tx, key.data) : null;
  if (account === null) throw new Problem(404, "There is no such account.");
  return account;
}

/** No stored text holds a NUL, and PostgreSQL refuses a question that does. */
const wordSchema = z
  .string()
  .min(1)
  .max(300)
  .refine((text) => !/\0|\p{Cs}/u.test(text), { error: "holds a NUL or a broken character" });

function milestoneOf(request: Request): string {
  const milestone = wordSchema.safeParse(request.params["milestone"]);
  if (!milestone.success) throw new Problem(404, "There is no such milestone.");
  return milestone.data;
}

const auditQuerySchema = z.strictObject({
  /** The account's key. */
  account: wordSchema.optional(),
  author: wordSchema.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `next` of the page before. */
  cursor: z.coerce.number().int().min(1).optional(),
});

const remarksQuerySchema = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) });

function showRemarks(db: Db): RequestHandler {
  return async (request, response) => {
    const { limit } = parseQuery(remarksQuerySchema, request);
    const remarks = await readRemarks(db, await accountOf(db, request), limit, await readNow(db));
    response.json(remarksSchema.parse(remarks));
  };
}

function showAudit(db: Db): RequestHandler {
  return async (request, response) => {
    const { limit, cursor, ...filter } = parseQuery(auditQuerySchema, request);
    const rows = await listAudit(db, { ...filter, beforeId: cursor, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    const page = auditSchema.parse({ entries: shown.map(toAuditJson) });
    response.json({ ...page, next: rows.length > limit ? String(shown.at(-1)?.id) : null });
  };
}

function showCounts(db: Db): RequestHandler {
  return async (request, response) => {
    parseQuery(z.strictObject({}), request);
    response.json(verdictCountsSchema.parse({ playbooks: await countVerdicts(db) }));
  };
}
