import { type Command, Option } from "commander";
import { z } from "zod";
import { taskSchema, toTaskJson } from "../queries/by-hand/task-list.ts";
import {
  closeTask,
  giveTask,
  handOverTask,
  openAgain,
  putOffTask,
  type TaskDeed,
  taskDeedSchema,
} from "../queries/by-hand/tasks.ts";
import { assignWish, doneWish, putOffWish, taskWish } from "../queries/by-hand/wishes.ts";
import { readNow } from "../store/db.ts";
import { listTasks, type Task, type TaskState, taskStates } from "../store/tasks.ts";
import { accountOf } from "./account-argument.ts";
import { parseDay, parseWholeNumber } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { doByHand, type HandOptions, offerAuthor, parseNumber, wishOf } from "./hand.ts";
import { offerJson } from "./json-option.ts";

/** What `task list --json` prints. */
const listShape = z.strictObject({ tasks: z.array(taskSchema) });

interface ListOptions {
  readonly assignee?: string;
  readonly state: TaskState | "all";
  readonly account?: string;
  readonly all?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

interface CreateOptions extends HandOptions {
  readonly account: string;
  readonly body?: string;
  readonly assignee?: string;
  readonly due?: string;
  readonly dueInDays?: number;
}

/** `task list|create|assign|done|snooze|reopen`: what people have to do. */
export function registerTask(program: Command, context: CliContext): void {
  const task = program.command("task").description("list, make, hand over, put off and close tasks");
  registerList(task, context);
  registerCreate(task, context);

  const assign = task
    .command("assign")
    .argument("<id>", "as `task list` shows it", parseWholeNumber)
    .argument("<owner>", "an id of owners.json, or owner: whoever owns the account")
    .description("give an open task to somebody else")
    .addHelpText("after", "\nExample:\n  keepwell task assign 7 anna");
  offerTaskDeed(assign, context).action((id: number, assignee: string, options: HandOptions) => {
    const wish = wishOf(assignWish, { assignee });
    const deed: TaskAction = (tx, hand, now) => handOverTask(tx, id, wish, hand, now);
    return changeOne(context, options, deed, `Task ${id} is given to ${assignee}.`);
  });

  const done = task
    .command("done")
    .argument("<id>", "as `task list` shows it", parseWholeNumber)
    .description("close a task")
    .requiredOption("--outcome <text>", "what came of it")
    .addHelpText("after", '\nExample:\n  keepwell task done 7 --outcome "They stay, with two more seats"');
  offerTaskDeed(done, context).action((id: number, options: HandOptions & { readonly outcome: string }) => {
    const wish = wishOf(doneWish, { outcome: options.outcome });
    const deed: TaskAction = (tx, hand, now) => closeTask(tx, id, wish, hand, now);
    return changeOne(context, options, deed, `Task ${id} is done.`);
  });

  const snooze = task
    .command("snooze")
    .argument("<id>", "as `task list` shows it", parseWholeNumber)
    .description("put a task off: the list leaves it out until then")
    .requiredOption("--until <when>", "a day such as 2026-01-31 (where the account is), or a moment")
    .addHelpText("after", "\nExample:\n  keepwell task snooze 7 --until 2026-01-31");
  offerTaskDeed(snooze, context).action((id: number, options: HandOptions & { readonly until: string }) => {
    const wish = wishOf(putOffWish, { until: options.until });
    const deed: TaskAction = (tx, hand, now) => putOffTask(tx, id, wish, hand, now);
    return changeOne(context, options, deed, `Task ${id} is put off until ${options.until}.`);
  });

  const reopen = task
    .command("reopen")
    .argument("<id>", "as `task list --state all` shows it", parseWholeNumber)
    .description("open a task again that was closed by mistake")
    .addHelpText("after", "\nExample:\n  keepwell task reopen 7");
  offerTaskDeed(reopen, context).action((id: number, options: HandOptions) => {
    const deed: TaskAction = (tx, hand, now) => openAgain(tx, id, {}, hand, now);
    return changeOne(context, options, deed, `Task ${id} is open again.`);
  });
}

function registerList(task: Command, context: CliContext): void {
  const list = task
    .command("list")
    .description("list tasks by due day")
    .option("--assignee <id>", "only those of this owner")
    .addOption(
      new Option("--state <state>", "only those in this state").choices([...taskStates, "all"]).default("open"),
    )
    .option("--account <account>", "only those about this account")
    .option("--all", "also those that are put off")
    .option("--limit <count>", "at most so many", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell task list --assignee anna");
  offerJson(list, listShape).action((options: ListOptions) => printTasks(context, options));
}

function registerCreate(task: Command, context: CliContext): void {
  const create = task
    .command("create")
    .argument("<title>", "what is to be done")
    .description("make a task")
    .requiredOption("--account <account>", "the account it is about")
    .option("--body <text>", "more about it")
    .option("--assignee <id>", "who shall do it: an id of owners.json; whoever owns the account unless given")
    .option("--due <day>", "such as 2026-01-31", parseDay)
    .option("--due-in-days <count>", "so many days from today, where the account is", parseNumber)
    .addHelpText(
      "after",
      '\nExample:\n  keepwell task create "Call about the renewal" --account acme --due 2026-01-31',
    );
  offerTaskDeed(create, context).action((title: string, options: CreateOptions) => createOne(context, title, options));
}

function offerTaskDeed(command: Command, context: CliContext): Command {
  return offerJson(offerAuthor(command, context), taskDeedSchema);
}

async function printTasks({ out, withDatabase }: CliContext, options: ListOptions): Promise<void> {
  const state = options.state === "all" ? undefined : options.state;
  const tasks = await withDatabase(async ({ db }) => {
    const account = options.account === undefined ? undefined : (await accountOf(db, options.account)).key;
    const awakeAt = options.all === true ? undefined : await readNow(db);
    return listTasks(db, { ...options, state, account, awakeAt });
  });
  if (options.json === true) return out.json(listShape, { tasks: tasks.map(toTaskJson) });
  if (tasks.length === 0) return out.line("There are no such tasks.");
  const rows = tasks.map((task) => [
    ...[task.id, task.dueOn, task.account, task.title, task.assignee],
    ...[task.playbook ?? task.createdBy, stateText(task)],
  ]);
  out.table({ head: ["id", "due", "account", "task", "assignee", "from", "state"], rows, right: [0] });
}

function stateText(task: Task): string {
  const archived = task.accountArchived === null ? "" : ` (the account is archived: ${task.accountArchived})`;
  return `${ownState(task)}${archived}`;
}

function ownState({ state, outcome, snoozedUntil }: Task): string {
  if (outcome !== null) return `${state}: ${outcome}`;
  return snoozedUntil === null || state !== "open"
    ? state
    : `put off until ${snoozedUntil.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

type TaskAction = Parameters<typeof doByHand<TaskDeed>>[2];

async function createOne(context: CliContext, title: string, options: CreateOptions): Promise<void> {
  const { body, assignee, due: dueOn, dueInDays } = options;
  const wish = wishOf(taskWish, { title, body, assignee, dueOn, dueInDays });
  const deed: TaskAction = async (tx, hand, now) => giveTask(tx, await accountOf(tx, options.account), wish, hand, now);
  const { out } = context;
  const done = await doByHand(context, options, deed);
  if (options.json === true) return out.json(taskDeedSchema, done);
  out.line(`Task ${done.id} is open.`);
}

async function changeOne(context: CliContext, options: HandOptions, deed: TaskAction, sentence: string): Promise<void> {
  const done = await doByHand(context, options, deed);
  if (options.json === true) return context.out.json(taskDeedSchema, done);
  context.out.line(sentence);
}
