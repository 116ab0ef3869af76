import { type Command, Option } from "commander";
import { z } from "zod";
import {
  type ActionChange,
  type ActionDetail,
  type ActionSummary,
  actionKinds,
  actionStates,
  listActions,
  readAction,
  resolveAction,
  retryAction,
} from "../store/action-list.ts";
import { enableChannel } from "../store/actions.ts";
import { readNow } from "../store/db.ts";
import type { ActionState } from "../store/schema.ts";
import { readVerdicts, type Verdict, verdictWords } from "../store/verdicts.ts";
import { parseWholeNumber } from "./arguments.ts";
import { authorOf, type CliContext } from "./context.ts";
import { UsageError } from "./failure.ts";
import { offerJson } from "./json-option.ts";
import { messageText } from "./message-text.ts";
import { type Output, oneLine } from "./output.ts";

const moment = z.iso.datetime();
const stateShape = z.enum(actionStates);
const summaryShape = z.strictObject({
  id: z.int(),
  kind: z.enum(actionKinds),
  channel: z.string().nullable(),
  account: z.string().nullable(),
  accountName: z.string().nullable(),
  playbook: z.string().nullable(),
  step: z.string(),
  recipient: z.string(),
  state: stateShape,
  reason: z.string(),
  attempt: z.int(),
  dueAt: moment,
  createdAt: moment,
  settledAt: moment.nullable(),
});

/** What `actions list --json` prints. */
const listShape = z.strictObject({ actions: z.array(summaryShape) });

/** What `actions show --json` prints. */
const detailShape = summaryShape.extend({
  revision: z.int(),
  message: z.unknown(),
  receipt: z.unknown(),
  log: z.array(
    z.strictObject({ at: moment, attempt: z.int(), state: z.string(), author: z.string(), reason: z.string() }),
  ),
  /** What people think of the run the action belongs to. */
  verdicts: z.array(
    z.strictObject({ author: z.string(), verdict: z.enum(verdictWords), note: z.string().nullable(), at: moment }),
  ),
});

/** What `actions retry --json` and `actions resolve --json` print. */
const changeShape = z.strictObject({ id: z.int(), from: stateShape, to: stateShape });

interface ListOptions {
  readonly state?: ActionState;
  readonly channel?: string;
  readonly account?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** What `actions enable --json` prints. */
const enabledShape = z.strictObject({ channel: z.string(), enabled: z.literal(true) });

interface HandOptions {
  readonly author: string;
  readonly json?: boolean;
}

/** `actions list|show|retry|resolve|enable`: what playbooks sent, or tried to. */
export function registerActions(program: Command, context: CliContext): void {
  const actions = program.command("actions").description("list, read, retry and resolve what playbooks send");

  const list = actions
    .command("list")
    .description("list actions, newest first")
    .addOption(new Option("--state <state>", "only those in this state").choices(actionStates))
    .option("--channel <id>", "only those of this channel")
    .option("--account <key>", "only those about this account")
    .option("--limit <count>", "at most so many", parseWholeNumber, 50)
    .addHelpText("after", "\nExample:\n  keepwell actions list --state unknown");
  offerJson(list, listShape).action((options: ListOptions) => printList(context, options));

  const show = actions
    .command("show")
    .argument("<id>", "as `actions list` shows it", parseWholeNumber)
    .description("read one action: its message, and every attempt")
    .addHelpText("after", "\nExample:\n  keepwell actions show 12");
  offerJson(show, detailShape).action((id: number, options: { json?: boolean }) => printAction(context, id, options));

  const retry = actions
    .command("retry")
    .argument("<id>", "as `actions list` shows it", parseWholeNumber)
    .description("send a failed action again, or a waiting one at once")
    .option("--author <name>", "who does this", authorOf(context))
    .addHelpText("after", "\nExample:\n  keepwell actions retry 12");
  offerJson(retry, changeShape).action((id: number, options: HandOptions) => retryOne(context, id, options));

  const resolve = actions
    .command("resolve")
    .argument("<id>", "as `actions list` shows it", parseWholeNumber)
    .description("settle an action in doubt (state unknown) by what you have found out")
    .addOption(new Option("--as <state>", "did it arrive?").choices(["sent", "failed"]).makeOptionMandatory())
    .option("--author <name>", "who does this", authorOf(context))
    .addHelpText("after", "\nExample:\n  keepwell actions resolve 12 --as sent");
  offerJson(resolve, changeShape).action((id: number, options: HandOptions & { as: "sent" | "failed" }) =>
    resolveOne(context, id, options),
  );

  const enable = actions
    .command("enable")
    .argument("<channel>", "the channel's id, as doctor shows it")
    .description("use a channel again whose receiver had answered that it wants no more (410)")
    .addHelpText("after", "\nExample:\n  keepwell actions enable crm");
  offerJson(enable, enabledShape).action((channel: string, options: { json?: boolean }) =>
    enableOne(context, channel, options),
  );
}

async function enableOne(
  { out, withDatabase }: CliContext,
  channel: string,
  options: { json?: boolean },
): Promise<void> {
  if (!(await withDatabase(({ db }) => enableChannel(db, channel)))) {
    throw new UsageError(`There is no disabled channel ${channel}.`);
  }
  if (options.json === true) return out.json(enabledShape, { channel, enabled: true });
  out.line(`The channel ${channel} is used again. What failed meanwhile: keepwell actions list --state failed.`);
}

async function printList({ out, withDatabase }: CliContext, options: ListOptions): Promise<void> {
  const actions = await withDatabase(({ db }) => listActions(db, options));
  if (options.json === true) return out.json(listShape, { actions: actions.map(toJson) });
  if (actions.length === 0) return out.line("There are no such actions.");
  const rows = actions.map((action) => [
    action.id,
    action.createdAt.toISOString().slice(0, 16).replace("T", " "),
    action.account,
    action.playbook,
    action.kind,
    action.channel,
    action.recipient,
    paintState(out, action.state),
    action.reason,
  ]);
  out.table({
    head: ["id", "made (UTC)", "account", "playbook", "kind", "channel", "to", "state", "reason"],
    rows,
    right: [0],
  });
}

async function printAction({ out, withDatabase }: CliContext, id: number, options: { json?: boolean }): Promise<void> {
  const [action, verdicts] = await withDatabase(async ({ db }) => [
    await readAction(db, id),
    await readVerdicts(db, id),
  ]);
  if (action === null) throw new UsageError(`There is no action ${id}.`);
  if (options.json === true) return out.json(detailShape, detailJson(action, verdicts));
  const { paint } = out;
  out.line(
    paint.bold(`Action ${action.id}: ${action.kind}${action.channel === null ? "" : ` through ${action.channel}`}`),
  );
  out.line(`account   ${action.accountName} (${action.account})`);
  out.line(`playbook  ${action.playbook}, revision ${action.revision}, step ${action.step}`);
  out.line(`to        ${action.recipient}`);
  out.line(`state     ${paintState(out, action.state)}: ${action.reason}`);
  if (action.state === "pending" || action.state === "retry") out.line(`due       ${action.dueAt.toISOString()}`);
  for (const { author, verdict, note } of verdicts) {
    out.line(`verdict   ${verdict}, says ${author}${note === null ? "" : `: ${oneLine(note)}`}`);
  }
  out.line();
  out.line(messageText(action.message));
  if (action.log.length === 0) return;
  out.line();
  const rows = action.log.map((entry) => [
    entry.at.toISOString(),
    entry.attempt,
    entry.state,
    entry.author,
    entry.reason,
  ]);
  out.table({ head: ["when", "attempt", "state", "by", "reason"], rows, right: [1] });
}

async function retryOne(context: CliContext, id: number, options: HandOptions): Promise<void> {
  const change = await context.withDatabase(async ({ db }) => {
    const now = await readNow(db);
    return db.transaction().execute((tx) => retryAction(tx, id, { author: options.author, now }));
  });
  const advice = "Only failed and waiting ones can be retried; one in doubt is resolved first (actions resolve).";
  printChange(context.out, id, change, options, advice);
}

async function resolveOne(
  context: CliContext,
  id: number,
  options: HandOptions & { readonly as: "sent" | "failed" },
): Promise<void> {
  const change = await context.withDatabase(async ({ db }) => {
    const now = await readNow(db);
    return db.transaction().execute((tx) => resolveAction(tx, id, options.as, { author: options.author, now }));
  });
  printChange(context.out, id, change, options, "Only actions in doubt (unknown) are resolved by hand.");
}

function printChange(out: Output, id: number, change: ActionChange, options: HandOptions, advice: string): void {
  if (change.kind === "not-found") throw new UsageError(`There is no action ${id}.`);
  if (change.kind === "refused") throw new UsageError(`The action ${id} is ${change.state}. ${advice}`);
  const { from, to } = change;
  if (options.json === true) out.json(changeShape, { id, from, to });
  else
    out.line(to === "retry" ? `The action ${id} is sent again now.` : `The action ${id} was ${from} and is now ${to}.`);
}

function paintState(out: Output, state: ActionState): string {
  if (state === "sent") return out.paint.green(state);
  if (state === "failed" || state === "unknown") return out.paint.red(state);
  return state === "retry" ? out.paint.yellow(state) : state;
}

function toJson(action: ActionSummary): z.infer<typeof summaryShape> {
  const { id, kind, channel, account, accountName, playbook, step, recipient, state, reason, attempt } = action;
  return {
    ...{ id, kind, channel, account, accountName, playbook, step, recipient, state, reason, attempt },
    dueAt: action.dueAt.toISOString(),
    createdAt: action.createdAt.toISOString(),
    settledAt: action.settledAt?.toISOString() ?? null,
  };
}

function detailJson(action: ActionDetail, thoughts: readonly Verdict[]): z.infer<typeof detailShape> {
  const { revision, message, receipt } = action;
  const log = action.log.map((entry) => ({ ...entry, at: entry.at.toISOString() }));
  const verdicts = thoughts.map((thought) => ({ ...thought, at: thought.at.toISOString() }));
  return { ...toJson(action), revision, message, receipt, log, verdicts };
}
