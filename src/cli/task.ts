import { type Command, Option } from "commander";
import { z } from "zod";
import { insertTask } from "../store/actions.ts";
import { readNow } from "../store/db.ts";
import {
  finishTask,
  listTasks,
  reopenTask,
  type Task,
  type TaskChange,
  type TaskState,
  taskStates,
} from "../store/tasks.ts";
import { accountOf } from "./account-argument.ts";
import { parseDay, parseWholeNumber } from "./arguments.ts";
import { type CliContext, osUser } from "./context.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";

const moment = z.iso.datetime();

/** What `task list --json` prints. */
const listShape = z.strictObject({
  tasks: z.array(
    z.strictObject({
      id: z.int(),
      account: z.string(),
      accountName: z.string(),
      title: z.string(),
      body: z.string(),
      assignee: z.string().nullable(),
      dueOn: z.iso.date().nullable(),
      state: z.enum(taskStates),
      outcome: z.string().nullable(),
      playbook: z.string().nullable(),
      createdAt: moment,
      settledAt: moment.nullable(),
      settledBy: z.string().nullable(),
    }),
  ),
});

/** What `task create`, `task done` and `task reopen` print with `--json`. */
const taskShape = z.strictObject({ id: z.int(), state: z.enum(taskStates) });

interface ListOptions {
  readonly assignee?: string;
  readonly state: TaskState | "all";
  readonly account?: string;
  readonly limit: number;
  readonly json?: boolean;
}

interface CreateOptions {
  readonly account: string;
  readonly body?: string;
  readonly assignee?: string;
  readonly due?: string;
  readonly json?: boolean;
}

/** `task list|create|done|reopen`: what people have to do. */
export function registerTask(program: Command, context: CliContext): void {
  const task = program.command("task").description("list, make and close tasks");

  const list = task
    .command("list")
    .description("list tasks by due day")
    .option("--assignee <id>", "only those of this owner")
    .addOption(
      new Option("--state <state>", "only those in this state").choices([...taskStates, "all"]).default("open"),
    )
    .option("--account <key>", "only those about this account")
    .option("--limit <count>", "at most so many", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell task list --assignee anna");
  offerJson(list, listShape).action((options: ListOptions) => printTasks(context, options));

  const create = task
    .command("create")
    .argument("<title>", "what is to be done")
    .description("make a task")
    .requiredOption("--account <key>", "the account it is about")
    .option("--body <text>", "more about it")
    .option("--assignee <id>", "the owner who shall do it; the account's own unless given")
    .option("--due <day>", "such as 2026-01-31", parseDay)
    .addHelpText(
      "after",
      '\nExample:\n  keepwell task create "Call about the renewal" --account acme --due 2026-01-31',
    );
  offerJson(create, taskShape).action((title: string, options: CreateOptions) => createOne(context, title, options));

  const done = task
    .command("done")
    .argument("<id>", "as `task list` shows it", parseWholeNumber)
    .description("close a task")
    .requiredOption("--outcome <text>", "what came of it")
    .option("--author <name>", "who did it", osUser())
    .addHelpText("after", '\nExample:\n  keepwell task done 7 --outcome "They stay, with two more seats"');
  offerJson(done, taskShape).action((id: number, options: { outcome: string; author: string; json?: boolean }) =>
    closeOne(context, id, options),
  );

  const reopen = task
    .command("reopen")
    .argument("<id>", "as `task list --state all` shows it", parseWholeNumber)
    .description("open a task again that was closed by mistake")
    .addHelpText("after", "\nExample:\n  keepwell task reopen 7");
  offerJson(reopen, taskShape).action((id: number, options: { json?: boolean }) => reopenOne(context, id, options));
}

async function printTasks({ out, withDatabase }: CliContext, options: ListOptions): Promise<void> {
  const state = options.state === "all" ? undefined : options.state;
  const tasks = await withDatabase(({ db }) => listTasks(db, { ...options, state }));
  if (options.json === true) return out.json(listShape, { tasks: tasks.map(toJson) });
  if (tasks.length === 0) return out.line("There are no such tasks.");
  const rows = tasks.map(({ id, dueOn, account, title, assignee, state, playbook, outcome }) => [
    ...[id, dueOn, account, title, assignee],
    ...[playbook, outcome === null ? state : `${state}: ${outcome}`],
  ]);
  out.table({ head: ["id", "due", "account", "task", "assignee", "from playbook", "state"], rows, right: [0] });
}

async function createOne(context: CliContext, title: string, options: CreateOptions): Promise<void> {
  const id = await context.withDatabase(async ({ db }) => {
    const now = await readNow(db);
    return db.transaction().execute(async (tx) => {
      const account = await accountOf(tx, options.account);
      const assignee = options.assignee ?? account.owner;
      const task = {
        accountId: account.accountId,
        actionId: null,
        title,
        body: options.body ?? "",
        assignee,
        dueOn: options.due ?? null,
      };
      return insertTask(tx, task, now);
    });
  });
  if (options.json === true) return context.out.json(taskShape, { id, state: "open" });
  context.out.line(`Task ${id} is open.`);
}

async function closeOne(
  { out, withDatabase }: CliContext,
  id: number,
  options: { outcome: string; author: string; json?: boolean },
): Promise<void> {
  const change = await withDatabase(async ({ db }) => {
    const now = await readNow(db);
    return db.transaction().execute((tx) => finishTask(tx, id, options, now));
  });
  refuseUnchanged(id, change);
  if (options.json === true) return out.json(taskShape, { id, state: "done" });
  out.line(`Task ${id} is done.`);
}

async function reopenOne({ out, withDatabase }: CliContext, id: number, options: { json?: boolean }): Promise<void> {
  const change = await withDatabase(({ db }) => db.transaction().execute((tx) => reopenTask(tx, id)));
  refuseUnchanged(id, change);
  if (options.json === true) return out.json(taskShape, { id, state: "open" });
  out.line(`Task ${id} is open again.`);
}

function refuseUnchanged(id: number, change: TaskChange): void {
  if (change.kind === "not-found") throw new UsageError(`There is no task ${id}.`);
  if (change.kind === "refused") throw new UsageError(`The task ${id} is ${change.state}.`);
}

function toJson(task: Task): z.infer<typeof listShape>["tasks"][number] {
  return { ...task, createdAt: task.createdAt.toISOString(), settledAt: task.settledAt?.toISOString() ?? null };
}
