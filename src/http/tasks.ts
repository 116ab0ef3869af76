import { type RequestHandler, Router } from "express";
import { z } from "zod";
import type { Hand, HandOutcome } from "../queries/by-hand/hand.ts";
import { toTaskJson } from "../queries/by-hand/task-list.ts";
import {
  closeTask,
  giveTask,
  handOverTask,
  openAgain,
  putOffTask,
  type TaskDeed,
  taskDeedSchema,
} from "../queries/by-hand/tasks.ts";
import { accountTaskWish, assignWish, doneWish, putOffWish, reopenWish } from "../queries/by-hand/wishes.ts";
import { findAccountByKey } from "../store/account-list.ts";
import { type Db, readNow, type Tx } from "../store/db.ts";
import { listTasks, type Task, type TaskPlace, taskStates } from "../store/tasks.ts";
import { requireScope } from "./bearer.ts";
import { byHand, type HandDeps, type HandRoute, idOf, parseQuery } from "./hand.ts";
import { onlyMethods, Problem } from "./problem.ts";

const word = z
  .string()
  .max(300)
  .refine((text) => !/\0|\p{Cs}/u.test(text), { error: "holds a NUL or a broken character" });

/** Where a page ends: `2026-01-31.12`, or `-.12` behind a task without a due day. */
const placeSchema = z
  .string()
  .regex(/^(\d{4}-\d{2}-\d{2}|-)\.\d{1,15}$/, "expected the next of a page before")
  .transform((text): TaskPlace => {
    const [day = "-", id] = text.split(".");
    return { dueOn: day === "-" ? null : day, id: Number(id) };
  })
  .refine(({ dueOn }) => dueOn === null || (z.iso.date().safeParse(dueOn).success && dueOn >= "0001-01-01"), {
    error: "expected the next of a page before",
  });

const listQuerySchema = z.strictObject({
  assignee: word.optional(),
  state: z.enum([...taskStates, "all"]).default("open"),
  /** The account's key. */
  account: word.optional(),
  /** `true`: also those that are put off. */
  all: z.stringbool().default(false),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `next` of the page before. */
  cursor: placeSchema.optional(),
});

/** Routes through which tasks are listed, given, handed over, put off and closed. */
export function taskRoutes(deps: HandDeps): Router {
  const router = Router();
  const { db } = deps;
  router
    .route("/api/v1/tasks")
    .get(requireScope(db, "tasks:read"), showTasks(db))
    .post(...byHand(deps, { ...common, status: 201, wish: accountTaskWish, deed: give }))
    .all(onlyMethods("GET, HEAD, POST"));
  for (const [path, handlers] of [
    ["assign", change(deps, assignWish, handOverTask)],
    ["done", change(deps, doneWish, closeTask)],
    ["snooze", change(deps, putOffWish, putOffTask)],
    ["reopen", change(deps, reopenWish, openAgain)],
  ] as const) {
    router
      .route(`/api/v1/tasks/:id/${path}`)
      .post(...handlers)
      .all(onlyMethods("POST"));
  }
  return router;
}

const common = { scope: "tasks:write", done: taskDeedSchema } as const;

const give: HandRoute<typeof accountTaskWish, TaskDeed>["deed"] = async (tx, task, hand, _request, now) => {
  const named = await findAccountByKey(tx, task.account);
  if (named === null) throw new Problem(404, "There is no such account.");
  return giveTask(tx, named, task, hand, now);
};

function change<Wish extends z.ZodType>(
  deps: HandDeps,
  wish: Wish,
  act: (tx: Tx, id: number, wish: z.infer<Wish>, hand: Hand, now: Date) => Promise<HandOutcome<TaskDeed>>,
): RequestHandler[] {
  return byHand(deps, {
    ...common,
    wish,
    deed: (tx, said, hand, request, now) => act(tx, idOf(request, "task"), said, hand, now),
  });
}

function showTasks(db: Db): RequestHandler {
  return async (request, response) => {
    const { state, all, limit, cursor, ...filter } = parseQuery(listQuerySchema, request);
    const tasks = await listTasks(db, {
      ...filter,
      state: state === "all" ? undefined : state,
      awakeAt: all ? undefined : await readNow(db),
      after: cursor,
      limit: limit + 1,
    });
    const page = tasks.slice(0, limit);
    const last = tasks.length > limit ? page.at(-1) : undefined;
    response.json({ tasks: page.map(toTaskJson), next: last === undefined ? null : placeOf(last) });
  };
}

function placeOf({ dueOn, id }: Task): string {
  return `${dueOn ?? "-"}.${id}`;
}
